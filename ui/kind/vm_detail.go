package kind

import (
	"fmt"
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/theme"
)

func (v vmColumns) overview(o backend.Object) []Section {
	vm := o.(*backend.VM)
	_, tok := v.vmLook(vm)
	out := []Section{{Facts: compact([]Fact{
		{"State", v.stateWords(vm), tok},
		{"Connection", string(vm.ID.Conn), theme.Text},
		{"Host", vm.HostName, theme.Text},
		{"Where", joined("/", vm.Datacenter, vm.Cluster, orWord(vm.PoolPath, vm.Pool)), theme.Text},
		{"Folder", vm.Folder, theme.Text},
		{"Tags", strings.Join(vm.Tags, ", "), theme.Text},
		{"IP", vm.IP, theme.Text},
		{"Guest", vm.Guest, theme.Text},
		{"Tools", vm.Tools, theme.Text},
		{"Up", v.upWords(vm), theme.Text},
	})}}
	if vm.Question != nil {
		out = append(out, questionSection(vm.Question))
	}
	out = append(out, v.loadSection(vm), v.identity(vm))
	if d := v.Store.Detail(vm.ID); d != nil && d.VM != nil {
		out = append(out, v.detailSections(d)...)
	}
	return out
}

func (v vmColumns) stateWords(vm *backend.VM) string {
	word := vmWord(vm)
	if vm.Activity != backend.ActivityNone || vm.Question != nil {
		word += " (" + vm.State.String() + ")"
	}
	if vm.Reason != "" {
		word += ": " + vm.Reason
	}
	return word
}

func (v vmColumns) upWords(vm *backend.VM) string {
	if vm.Booted.IsZero() || !vm.State.Running() {
		return ""
	}
	return Age(v.Now.Sub(vm.Booted)) + ", since " + When(vm.Booted)
}

func questionSection(q *backend.Question) Section {
	s := Section{Title: "Question", Lines: strings.Split(q.Text, "\n")}
	for i, c := range q.Choices {
		mark := ""
		if i == q.Default {
			mark = " (default)"
		}
		s.Lines = append(s.Lines, fmt.Sprintf("  %d  %s%s", i+1, c.Label, mark))
	}
	s.Lines = append(s.Lines, "answer a question, in the palette, answers it")
	return s
}

func (v vmColumns) loadSection(vm *backend.VM) Section {
	s, ok := v.Store.Sample(vm.ID)
	if !ok || !vm.State.Running() {
		return Section{}
	}
	cpu, mem := v.Store.History(vm.ID)
	memory := Bytes(s.MemUsed)
	if backend.Known(s.MemTotal) {
		memory += " of " + Bytes(s.MemTotal)
	}
	return Section{Title: "Load, " + v.readWords(s.At), Graphs: []Graph{
		{"CPU", cpu, Percent(s.CPU)},
		{"Memory", mem, memory},
	}, Facts: []Fact{
		{"Disk", Rate(s.DiskRead) + " read   " + Rate(s.DiskWrite) + " written", theme.Text},
		{"Network", Rate(s.NetIn) + " in   " + Rate(s.NetOut) + " out", theme.Text},
	}}
}

func (v vmColumns) identity(vm *backend.VM) Section {
	facts := []Fact{
		{"vCPUs", positive(vm.VCPUs), theme.Text},
		{"Memory", Bytes(known(vm.Memory)), theme.Text},
		{"UUID", vm.UUID, theme.Text},
		{"Path", vm.Path, theme.Text},
		{"Snapshots", v.snapshotWords(vm), theme.Text},
	}
	if vm.DomainID >= 0 {
		facts = append(facts, Fact{"Domain id", Count(vm.DomainID), theme.Text})
	}
	if !v.Conn(vm.ID.Conn).Caps.Places {
		facts = append(facts, Fact{"Autostart", YesNo(vm.Autostart), theme.Text}, Fact{"Persistent", YesNo(vm.Persistent), theme.Text})
	}
	return Section{Title: "Machine", Facts: compact(plus(facts, vm.Extra))}
}

func (v vmColumns) snapshotWords(vm *backend.VM) string {
	if n := v.snapshots(vm); n >= 0 {
		return Count(n)
	}
	return "yes"
}

func (v vmColumns) detailSections(d *backend.Detail) []Section {
	m := d.VM
	// What a guest or a load says grows old; what the machine is made of does not.
	volatile := compact([]Fact{
		{"Guest name", m.GuestName, theme.Text},
		{"Host name", m.HostName, theme.Text},
		{"Addresses", strings.Join(m.IPs, ", "), theme.Text},
		{"Tools", m.Tools, theme.Text},
		{"CPU time", durationWords(m.CPUTime), theme.Text},
		{"Memory now, most", ofMost(m.Memory, m.MaxMemory), theme.Text},
		{"vCPUs now, most", ofMostCount(m.VCPUs, m.MaxVCPUs), theme.Text},
	})
	hardware := compact([]Fact{
		{"Guest id", m.GuestID, theme.Text},
		{"Firmware", m.Firmware, theme.Text},
		{"Machine type", m.Machine, theme.Text},
		{"Resource pool", m.ResourcePool, theme.Text},
	})
	hardware = plus(plus(hardware, m.Console), otherThan(d.Fields, "Path", "UUID"))
	out := []Section{{Title: "Guest, " + v.readWords(d.At), Facts: volatile}, {Title: "Hardware, " + v.readWords(d.At), Facts: hardware}}
	if m.Notes != "" {
		out = append(out, Section{Title: "Notes", Lines: strings.Split(m.Notes, "\n")})
	}
	return out
}

// readWords says how old what was read then is; r reads it again.
func (v vmColumns) readWords(at time.Time) string { return "read " + AgeRough(v.Now.Sub(at)) }

func (v vmColumns) performance(o backend.Object) []Section {
	vm := o.(*backend.VM)
	if !vm.State.Running() {
		return []Section{{Lines: []string{"The VM does not run: no load to show."}}}
	}
	return []Section{v.loadSection(vm)}
}

func (v vmColumns) disks(o backend.Object) []Section {
	d := v.Store.Detail(o.Ref())
	if d == nil || d.VM == nil {
		return waiting()
	}
	if len(d.VM.Disks) == 0 {
		return []Section{{Lines: []string{"No disks."}}}
	}
	tree, _ := v.Store.Children(backend.KindSnapshot, o.Ref())
	var out []Section
	for _, k := range d.VM.Disks {
		lines := chainLines(k, tree)
		if len(k.Backing) == 0 && len(tree) == 0 {
			lines = nil // the file stands above
		}
		out = append(out, Section{Title: joined(" ", k.Label, k.Device, k.Bus), Facts: compact([]Fact{
			{"File", orWord(k.Path, "no medium"), theme.Text},
			{"Format", k.Format, theme.Text},
			{"Capacity", Bytes(known(k.Capacity)), theme.Text},
			{"Allocation", Bytes(known(k.Allocation)), theme.Text},
			{"Read-only", readOnlyWord(k.ReadOnly), theme.Text},
		}), Lines: lines})
	}
	return out
}

func (v vmColumns) nics(o backend.Object) []Section {
	d := v.Store.Detail(o.Ref())
	if d == nil || d.VM == nil {
		return waiting()
	}
	if len(d.VM.NICs) == 0 {
		return []Section{{Lines: []string{"No network interfaces."}}}
	}
	s := Section{Head: []string{"NIC", "MAC", "NETWORK", "MODEL", "LINK", "ADDRESSES"}}
	for _, n := range d.VM.NICs {
		link := "up"
		if !n.Connected {
			link = "down"
		}
		s.Rows = append(s.Rows, []string{n.Label, n.MAC, n.Network, n.Model, link, strings.Join(n.IPs, " ")})
	}
	return []Section{s}
}
