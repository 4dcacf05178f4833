package ovf

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The words for what a descriptor has, for whoever lays them out. Texts of the file are in
// them as they are: clean them before they are shown.

// DeviceWords are the kinds of devices with their numbers, without CPU and memory:
// "2 × disk, network adapter VmxNet3".
func (s System) DeviceWords() string {
	count := map[string]int{}
	var order []string
	for _, d := range s.Devices {
		if d.Kind == "cpu" || d.Kind == "memory" {
			continue
		}
		words := d.Kind
		if d.SubType != "" && d.SubType != "vmware."+d.Kind {
			words += " " + d.SubType
		}
		if count[words]++; count[words] == 1 {
			order = append(order, words)
		}
	}
	for n, words := range order {
		if many := count[words]; many > 1 {
			order[n] = strconv.Itoa(many) + " × " + words
		}
	}
	return strings.Join(order, ", ")
}

// DiskWords are the sizes of a disk, its file and its format.
func (d *Descriptor) DiskWords(disk Disk) string {
	words := []string{"of a size that is not known"}
	if disk.Capacity > 0 {
		words[0] = Bytes(disk.Capacity)
	}
	if disk.CapacityFrom != "" {
		words[0] += " by the property " + disk.CapacityFrom
	}
	if disk.Populated > 0 {
		words = append(words, Bytes(disk.Populated)+" written")
	}
	if disk.File == "" {
		words = append(words, "empty")
	} else {
		words = append(words, "in "+cmp.Or(d.href(disk.File), disk.File))
	}
	if disk.Parent != "" {
		words = append(words, "on top of "+disk.Parent)
	}
	if disk.Format != "" {
		words = append(words, disk.Format)
	}
	return strings.Join(words, ", ")
}

// href of the file with an id, the last one where several have it; "" for none.
func (d *Descriptor) href(id string) string {
	href := ""
	for _, f := range d.Files {
		if f.ID == id {
			href = f.Href
		}
	}
	return href
}

// Words are the size of a file and the form that it comes in.
func (f File) Words() string {
	words := []string{"of a size that is not given"}
	if f.Size >= 0 {
		words[0] = Bytes(uint64(f.Size))
	}
	if f.Compression != "" {
		words = append(words, "compressed with "+f.Compression)
	}
	if f.ChunkSize > 0 {
		words = append(words, "in chunks of "+Bytes(uint64(f.ChunkSize)))
	}
	return strings.Join(words, ", ")
}

// Words are the type, limits and default of a property; never the default of a password.
func (p Property) Words() string {
	words := []string{p.Type}
	if p.Password {
		words[0] += ", a password"
	}
	if p.Limits != "" {
		words = append(words, p.Limits)
	}
	if len(p.Choices) > 0 {
		quoted := slices.Clone(p.Choices)
		for n := range quoted {
			quoted[n] = strconv.Quote(quoted[n])
		}
		words = append(words, "one of "+strings.Join(quoted, " "))
	}
	if p.Role != "" {
		words = append(words, strings.TrimSpace(p.Role+" of the network "+p.Network))
	}
	switch {
	case p.Default != "" && p.Password:
		words = append(words, "default set")
	case p.Default != "":
		words = append(words, "default "+strconv.Quote(p.Default))
	}
	if !p.Settable {
		words = append(words, "fixed")
	}
	return strings.Join(words, ", ")
}
