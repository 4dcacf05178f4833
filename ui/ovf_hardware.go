package ui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"hvdeck/backend/ovf"
	"hvdeck/theme"
	"hvdeck/ui/wizard"
)

func (t *textLines) options(d *ovf.Descriptor) {
	if len(d.Options) > 0 {
		t.head("Deployment options")
	}
	for _, o := range d.Options {
		words := o.Label
		if o.Default {
			words += " (default)"
		}
		if o.ID == d.Option {
			words += " (shown here)"
		}
		t.item(o.ID, words)
	}
}

func (t *textLines) system(s ovf.System) {
	title := "Virtual machine " + s.Name
	if s.Name != s.ID {
		title += " (" + s.ID + ")"
	}
	if s.Within != "" {
		title += ", in " + s.Within
	}
	t.head(title)
	t.fact("Guest", s.OS)
	t.fact("Hardware", cmp.Or(s.Hardware, "no version")+", "+countOf(s.CPUs, "CPU")+", "+ovf.Bytes(s.Memory)+" memory")
	t.fact("Disks", strings.Join(s.Disks, ", "))
	t.fact("Networks", strings.Join(s.Networks, ", "))
	t.fact("Devices", devicesWords(s.Devices))
	t.fact("Properties", strings.Join(s.Transports, ", "))
	t.note("Notes", s.Annotation)
}

// devicesWords are the kinds with their numbers; CPU and memory are told before.
func devicesWords(all []ovf.Device) string {
	count := map[string]int{}
	var order []string
	for _, d := range all {
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

func (t *textLines) disks(d *ovf.Descriptor) {
	if len(d.Disks) > 0 {
		t.head("Disks")
	}
	hrefs := map[string]string{}
	for _, f := range d.Files {
		hrefs[f.ID] = f.Href
	}
	for _, disk := range d.Disks {
		t.item(disk.ID, diskWords(disk, hrefs))
	}
	if len(d.Files) > 0 {
		t.head("Files")
	}
	for _, f := range d.Files {
		t.item(f.Href, fileWords(f))
	}
}

func diskWords(d ovf.Disk, hrefs map[string]string) string {
	words := []string{"of a size that is not known"}
	if d.Capacity > 0 {
		words[0] = ovf.Bytes(d.Capacity)
	}
	if d.CapacityFrom != "" {
		words[0] += " by the property " + d.CapacityFrom
	}
	if d.Populated > 0 {
		words = append(words, ovf.Bytes(d.Populated)+" written")
	}
	if d.File == "" {
		words = append(words, "empty")
	} else {
		words = append(words, "in "+cmp.Or(hrefs[d.File], d.File))
	}
	if d.Parent != "" {
		words = append(words, "on top of "+d.Parent)
	}
	if d.Format != "" {
		words = append(words, d.Format)
	}
	return strings.Join(words, ", ")
}

func fileWords(f ovf.File) string {
	words := []string{"of a size that is not given"}
	if f.Size >= 0 {
		words[0] = ovf.Bytes(uint64(f.Size))
	}
	if f.Compression != "" {
		words = append(words, "compressed with "+f.Compression)
	}
	if f.ChunkSize > 0 {
		words = append(words, "in chunks of "+ovf.Bytes(uint64(f.ChunkSize)))
	}
	return strings.Join(words, ", ")
}

func (t *textLines) properties(all []ovf.Property) {
	if len(all) > 0 {
		t.head("Properties")
	}
	for _, p := range all {
		t.item(p.Key, propertyWords(p))
		if about := strings.TrimSpace(p.Label + " " + p.About); about != "" {
			t.out = append(t.out, wizard.Line{Tok: theme.Muted, Indent: 4, Text: short(about)})
		}
	}
}

// propertyWords are the type, limits and default of a property; never the default of a
// password.
func propertyWords(p ovf.Property) string {
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
