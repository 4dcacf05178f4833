package libvirt

import (
	"cmp"
	"fmt"
	"strings"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// factGroup is a part of a definition whose facts can be compared: the VM itself, or
// one of its devices. Key is the same in two definitions of one VM.
type factGroup struct {
	key, title string
	device     bool
	fields     []backend.Field
}

// domainSections lays a definition out for reading; XML of a kind that we do not know
// has none, and is shown as it is.
func domainSections(text string) []backend.DocumentSection {
	var x libvirtxml.Domain
	if x.Unmarshal(text) != nil {
		return nil
	}
	var sections []backend.DocumentSection
	for _, g := range domainFacts(&x) {
		sections = append(sections, backend.DocumentSection{Title: g.title, Fields: g.fields})
	}
	return sections
}

// domainFacts are the facts of a definition, by what they belong to.
func domainFacts(x *libvirtxml.Domain) []factGroup {
	groups := []factGroup{systemFacts(x), cpuFacts(x), memoryFacts(x)}
	for _, d := range disksOf(x) {
		groups = append(groups, diskFacts(&d))
	}
	for i, nic := range nicsOf(x) {
		groups = append(groups, nicFacts(i, &nic))
	}
	if x.Devices != nil {
		groups = append(groups, otherDevices(x.Devices)...)
	}
	return groups
}

// filled leaves out fields without a value.
func filled(fields ...backend.Field) []backend.Field {
	var kept []backend.Field
	for _, f := range fields {
		if f.Value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

func systemFacts(x *libvirtxml.Domain) factGroup {
	g := factGroup{key: "system", title: "System"}
	g.fields = filled(
		backend.Field{Name: "Name", Value: x.Name}, backend.Field{Name: "UUID", Value: x.UUID},
		backend.Field{Name: "Title", Value: x.Title}, backend.Field{Name: "Description", Value: x.Description},
		backend.Field{Name: "Type", Value: x.Type},
	)
	if x.OS == nil {
		return g
	}
	g.fields = append(g.fields, filled(backend.Field{Name: "Firmware", Value: firmware(x.OS)}, backend.Field{Name: "Kernel", Value: x.OS.Kernel},
		backend.Field{Name: "Initrd", Value: x.OS.Initrd}, backend.Field{Name: "Command line", Value: x.OS.Cmdline})...)
	if t := x.OS.Type; t != nil {
		g.fields = append(g.fields, filled(backend.Field{Name: "Architecture", Value: t.Arch}, backend.Field{Name: "Machine", Value: t.Machine})...)
	}
	var boot []string
	for _, b := range x.OS.BootDevices {
		boot = append(boot, b.Dev)
	}
	g.fields = append(g.fields, filled(backend.Field{Name: "Boot", Value: strings.Join(boot, ", ")},
		backend.Field{Name: "On power off", Value: x.OnPoweroff}, backend.Field{Name: "On reboot", Value: x.OnReboot},
		backend.Field{Name: "On crash", Value: x.OnCrash})...)
	return g
}

func cpuFacts(x *libvirtxml.Domain) factGroup {
	g := factGroup{key: "cpu", title: "CPU"}
	if x.VCPU != nil {
		now := cmp.Or(x.VCPU.Current, x.VCPU.Value)
		g.fields = append(g.fields, filled(backend.Field{Name: "vCPUs", Value: fmt.Sprint(now)},
			backend.Field{Name: "Maximum", Value: fmt.Sprint(x.VCPU.Value)}, backend.Field{Name: "Host CPUs", Value: x.VCPU.CPUSet})...)
	}
	if x.CPU == nil {
		return g
	}
	model := ""
	if x.CPU.Model != nil {
		model = x.CPU.Model.Value
	}
	topology := ""
	if t := x.CPU.Topology; t != nil {
		topology = fmt.Sprintf("%d sockets, %d cores, %d threads", t.Sockets, t.Cores, t.Threads)
	}
	g.fields = append(g.fields, filled(backend.Field{Name: "Mode", Value: x.CPU.Mode}, backend.Field{Name: "Model", Value: model},
		backend.Field{Name: "Topology", Value: topology})...)
	return g
}

func memoryFacts(x *libvirtxml.Domain) factGroup {
	g := factGroup{key: "memory", title: "Memory"}
	if x.CurrentMemory != nil {
		g.fields = append(g.fields, backend.Field{Name: "Memory", Value: kib(sized(uint64(x.CurrentMemory.Value), unitBytes(x.CurrentMemory.Unit)))})
	}
	if x.Memory != nil {
		g.fields = append(g.fields, backend.Field{Name: "Maximum", Value: kib(sized(uint64(x.Memory.Value), unitBytes(x.Memory.Unit)))})
	}
	return g
}

// kib is a size without rounding: two sizes that differ read differently.
func kib(bytes uint64) string {
	switch {
	case bytes > 0 && bytes%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", bytes>>30)
	case bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	default:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
}

func diskFacts(d *libvirtxml.DomainDisk) factGroup {
	disk := diskOf(d)
	g := factGroup{key: "disk " + disk.Label, title: strings.TrimSpace("Disk " + disk.Label), device: true}
	cache, yes := "", ""
	if d.Driver != nil {
		cache = d.Driver.Cache
	}
	if disk.ReadOnly {
		yes = "yes"
	}
	if disk.Path == "" {
		disk.Format, cache = "", "" // of a medium that is not there
	}
	g.fields = filled(backend.Field{Name: "Device", Value: disk.Device}, backend.Field{Name: "Bus", Value: disk.Bus},
		backend.Field{Name: "Path", Value: cmp.Or(disk.Path, "empty")}, backend.Field{Name: "Format", Value: disk.Format},
		backend.Field{Name: "Cache", Value: cache}, backend.Field{Name: "Read-only", Value: yes})
	if d.Boot != nil {
		g.fields = append(g.fields, backend.Field{Name: "Boot order", Value: fmt.Sprint(d.Boot.Order)})
	}
	return g
}

func nicFacts(i int, x *libvirtxml.DomainInterface) factGroup {
	nic := nicOf(x)
	g := factGroup{key: "nic " + cmp.Or(strings.ToLower(nic.MAC), fmt.Sprint(i)), title: "NIC " + cmp.Or(nic.MAC, fmt.Sprint(i)), device: true}
	link := "up"
	if !nic.Connected {
		link = "down"
	}
	g.fields = filled(backend.Field{Name: "Network", Value: nic.Network}, backend.Field{Name: "Model", Value: nic.Model},
		backend.Field{Name: "Link", Value: link})
	return g
}

// otherDevices are the devices that are told by what they are and how many.
func otherDevices(d *libvirtxml.DomainDeviceList) []factGroup {
	var groups []factGroup
	count := make(map[string]int)
	add := func(kind string, fields ...backend.Field) {
		n := count[kind]
		count[kind]++
		g := factGroup{key: fmt.Sprintf("%s %d", kind, n), title: kind, device: true, fields: filled(fields...)}
		if n > 0 {
			g.title = fmt.Sprintf("%s %d", kind, n+1)
		}
		groups = append(groups, g)
	}
	for _, x := range d.Controllers {
		add("Controller "+strings.TrimSpace(x.Type+" "+x.Model), backend.Field{Name: "Model", Value: x.Model})
	}
	for range d.Serials {
		add("Serial port")
	}
	for _, x := range d.Channels {
		if x.Target != nil && x.Target.VirtIO != nil {
			add("Channel", backend.Field{Name: "Name", Value: x.Target.VirtIO.Name})
		}
	}
	for _, g := range consolesOf(&libvirtxml.DomainDeviceList{Graphics: d.Graphics}) {
		add("Display " + g.Name)
	}
	for _, x := range d.Videos {
		add("Video", backend.Field{Name: "Model", Value: x.Model.Type})
	}
	for _, x := range d.Inputs {
		add("Input "+x.Type, backend.Field{Name: "Bus", Value: x.Bus})
	}
	for _, x := range d.Sounds {
		add("Sound", backend.Field{Name: "Model", Value: x.Model})
	}
	for range d.Hostdevs {
		add("Host device")
	}
	for _, x := range d.Filesystems {
		if x.Target != nil {
			add("File system", backend.Field{Name: "Target", Value: x.Target.Dir})
		}
	}
	for _, x := range d.TPMs {
		add("TPM", backend.Field{Name: "Model", Value: x.Model})
	}
	for _, x := range d.RNGs {
		add("Random numbers", backend.Field{Name: "Model", Value: x.Model})
	}
	for _, x := range d.Watchdogs {
		add("Watchdog", backend.Field{Name: "Model", Value: x.Model}, backend.Field{Name: "Action", Value: x.Action})
	}
	if x := d.MemBalloon; x != nil {
		add("Balloon", backend.Field{Name: "Model", Value: x.Model})
	}
	return groups
}
