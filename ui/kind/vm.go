package kind

import (
	"math"
	"strconv"
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/table"
)

type vmColumns struct{ *Env }

func vmSpec(e *Env) *Spec {
	v := vmColumns{e}
	return &Spec{
		Kind: backend.KindVM, Title: "VMs", Names: []string{"vms", "vm"},
		Columns:  v.columns(),
		Field:    vmField,
		Haystack: vmHaystack,
		Sections: v.overview,
		Tabs: []Tab{
			{"Performance", v.performance},
			{"Disks", v.disks},
			{"Network", v.nics},
		},
	}
}

func vmField(o backend.Object, name string) string {
	vm := o.(*backend.VM)
	switch name {
	case "state":
		return vmWord(vm)
	case "host":
		return vm.HostName
	case "ip":
		return vm.IP
	case "dc":
		return vm.Datacenter
	case "cluster":
		return vm.Cluster
	case "pool": // with those above it: a pool holds what is in the pools below
		return orWord(vm.PoolPath, vm.Pool)
	case "folder":
		return vm.Folder
	case "guest":
		return vm.Guest
	case "uuid":
		return vm.UUID
	case "id":
		return Count(vm.DomainID)
	case "path":
		return vm.Path
	case "tag":
		return strings.Join(vm.Tags, "\n")
	}
	return ""
}

func fieldNamed(fields []backend.Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

func vmHaystack(o backend.Object) string {
	vm := o.(*backend.VM)
	return strings.Join([]string{vm.Name, vmWord(vm), vm.HostName, vm.IP, string(vm.ID.Conn)}, "\n")
}

// vmWord is the state in one word, as filters and columns know it.
func vmWord(vm *backend.VM) string {
	switch {
	case vm.Question != nil:
		return "question"
	case vm.Activity != backend.ActivityNone:
		return string(vm.Activity)
	case vm.Template:
		return "template"
	default:
		return vm.State.String()
	}
}

// vmLook is the glyph and token of a state; the word goes with it.
func (v vmColumns) vmLook(vm *backend.VM) (string, theme.Token) {
	g := v.Theme.Glyphs
	switch {
	case vm.Question != nil:
		return g.Unknown, theme.StateWarn
	case vm.Activity != backend.ActivityNone || v.Busy(vm.ID) != "":
		return g.Half, theme.StateBusy
	}
	switch vm.State {
	case backend.PowerOn, backend.PowerIdle:
		return g.On, theme.StateOK
	case backend.PowerPaused, backend.PowerSuspended, backend.PowerSaved:
		return g.Half, theme.StateWarn
	case backend.PowerShuttingDown:
		return g.Half, theme.StateBusy
	case backend.PowerCrashed:
		return g.Failed, theme.StateBad
	case backend.PowerOff:
		return g.Off, theme.StateOff
	default:
		return g.Waiting, theme.Muted
	}
}

// wordLook leaves the words of everyday states uncoloured: each colour costs bytes on
// every line, and what is unusual stands out the more.
func (v vmColumns) wordLook(vm *backend.VM) theme.Token {
	_, tok := v.vmLook(vm)
	if tok == theme.StateOK || tok == theme.StateOff {
		return theme.Text
	}
	return tok
}

var shortStates = map[backend.PowerState]string{
	backend.PowerOn: "run", backend.PowerIdle: "idle", backend.PowerPaused: "paused", backend.PowerShuttingDown: "stopping",
	backend.PowerOff: "off", backend.PowerCrashed: "crashed", backend.PowerSuspended: "suspend", backend.PowerSaved: "saved",
	backend.PowerUnknown: "?",
}

func (v vmColumns) short(vm *backend.VM) string {
	if busy := v.Busy(vm.ID); busy != "" {
		return busy
	}
	if vm.Question == nil && vm.Activity == backend.ActivityNone && !vm.Template {
		return shortStates[vm.State]
	}
	return vmWord(vm)
}

func (v vmColumns) columns() []Column {
	glyph := Column{Column: table.Column[backend.Object]{Key: "glyph", Min: 1, Max: 1, Cell: func(o backend.Object) table.Cell {
		g, tok := v.vmLook(o.(*backend.VM))
		return v.sign(o, g, tok)
	}}}
	name := v.textColumn(table.Column[backend.Object]{Key: "name", Title: "NAME", Sort: 'N', Min: 16, Max: 60, Flex: 3}, theme.Text, backend.Object.Title)
	state := Column{
		Column: table.Column[backend.Object]{Key: "state", Title: "STATE", Sort: 'S', Min: 4, Max: 20, Priority: 1, Cell: func(o backend.Object) table.Cell {
			return cell(v.short(o.(*backend.VM)), v.wordLook(o.(*backend.VM)))
		}},
		SortKey: func(o backend.Object) Key { return Key{Num: float64(o.(*backend.VM).State), Text: o.Title()} },
	}
	return append([]Column{glyph, name, state}, v.figures()...)
}

func (v vmColumns) figures() []Column {
	load := func(get func(backend.Sample) float64) func(backend.Object) float64 {
		return func(o backend.Object) float64 { return v.load(o, get) }
	}
	vm := func(f func(*backend.VM) string) func(backend.Object) string {
		return func(o backend.Object) string { return f(o.(*backend.VM)) }
	}
	return []Column{
		v.numColumn(columnOf("cpu", "CPU", 'C', 4, 5, 2, false), load(func(s backend.Sample) float64 { return s.CPU }), Percent),
		v.numColumn(columnOf("mem", "MEM", 'M', 4, 6, 3, false), load(func(s backend.Sample) float64 { return s.MemUsed }), Short),
		v.textColumn(columnOf("ip", "IP", 'I', 7, 39, 4, false), theme.Text, vm(func(m *backend.VM) string { return m.IP })),
		v.textColumn(columnOf("host", "HOST", 'H', 6, 24, 5, false), theme.Text, vm(func(m *backend.VM) string { return m.HostName })),
		v.uptimeColumn(columnOf("uptime", "UP", 'U', 3, 8, 8, true)),
		v.snapshotsColumn(columnOf("snapshots", "SNAP", 'P', 4, 4, 6, false)),
		v.numColumn(columnOf("read", "READ", 'D', 5, 8, 7, true), load(func(s backend.Sample) float64 { return s.DiskRead }), Rate),
		v.numColumn(columnOf("write", "WRITE", 'W', 5, 8, 7, true), load(func(s backend.Sample) float64 { return s.DiskWrite }), Rate),
		v.numColumn(columnOf("in", "NET IN", 'T', 6, 8, 7, true), load(func(s backend.Sample) float64 { return s.NetIn }), Rate),
		v.numColumn(columnOf("out", "NET OUT", 'X', 7, 8, 7, true), load(func(s backend.Sample) float64 { return s.NetOut }), Rate),
		v.numColumn(columnOf("vcpus", "VCPU", 'V', 4, 4, 8, true), func(o backend.Object) float64 { return known(o.(*backend.VM).VCPUs) },
			func(f float64) string { return strconv.Itoa(int(f)) }),
		v.numColumn(columnOf("size", "SIZE", 'Z', 4, 6, 8, true), func(o backend.Object) float64 { return known(o.(*backend.VM).Memory) }, Short),
		v.textColumn(columnOf("guest", "GUEST", 'B', 5, 28, 9, true), theme.Muted, vm(func(m *backend.VM) string { return m.Guest })),
		v.textColumn(columnOf("cluster", "CLUSTER", 'L', 7, 20, 9, true), theme.Muted, vm(func(m *backend.VM) string { return m.Cluster })),
		v.textColumn(columnOf("pool", "POOL", 'R', 4, 24, 10, true), theme.Muted, vm(func(m *backend.VM) string { return orWord(m.PoolPath, m.Pool) })),
		v.textColumn(columnOf("folder", "FOLDER", 'F', 6, 30, 10, true), theme.Muted, vm(func(m *backend.VM) string { return m.Folder })),
		v.textColumn(columnOf("tags", "TAGS", 'K', 4, 30, 10, true), theme.Muted, vm(func(m *backend.VM) string { return strings.Join(m.Tags, ", ") })),
		v.connColumn(),
	}
}

// known turns a count or size into a figure; zero and less are unknown.
func known[T int | uint64](n T) float64 {
	if n <= 0 {
		return backend.Unknown()
	}
	return float64(n)
}

// load is a figure of the last sample; unknown unless the VM runs.
func (v vmColumns) load(o backend.Object, get func(backend.Sample) float64) float64 {
	if vm := o.(*backend.VM); !vm.State.Running() {
		return backend.Unknown()
	}
	s, ok := v.Store.Sample(o.Ref())
	if !ok {
		return backend.Unknown()
	}
	return get(s)
}

func (v vmColumns) uptimeColumn(c table.Column[backend.Object]) Column {
	up := func(o backend.Object) float64 {
		vm := o.(*backend.VM)
		if vm.Booted.IsZero() || !vm.State.Running() {
			return backend.Unknown()
		}
		return v.Now.Sub(vm.Booted).Seconds()
	}
	out := v.numColumn(c, up, nil)
	out.SortKey = bootKey(func(o backend.Object) time.Time { return o.(*backend.VM).Booted })
	out.Cell = func(o backend.Object) table.Cell {
		if !backend.Known(up(o)) {
			return cell("-", theme.Text)
		}
		return cell(AgeShort(v.Now.Sub(o.(*backend.VM).Booted)), theme.Text)
	}
	return out
}

// bootKey sorts by the time of start: the longest up is the greatest.
func bootKey(booted func(backend.Object) time.Time) func(backend.Object) Key {
	return func(o backend.Object) Key {
		at := booted(o)
		if at.IsZero() {
			return Key{Num: math.Inf(-1), Text: o.Title()}
		}
		return Key{Num: -float64(at.Unix()), Text: o.Title()}
	}
}

func (v vmColumns) snapshotsColumn(c table.Column[backend.Object]) Column {
	c.Right = true
	c.Cell = func(o backend.Object) table.Cell {
		switch n := v.snapshots(o.(*backend.VM)); n {
		case 0:
			return cell("", theme.Muted)
		case -1:
			return cell("yes", theme.Text)
		default:
			return cell(strconv.Itoa(n), theme.Text)
		}
	}
	return Column{Column: c, Falling: true, SortKey: func(o backend.Object) Key {
		return Key{Num: math.Abs(float64(o.(*backend.VM).Snapshots)), Text: o.Title()}
	}}
}

// snapshots counts them; a tree that was listed knows better than the VM's flag.
func (v vmColumns) snapshots(vm *backend.VM) int {
	if vm.Snapshots >= 0 {
		return vm.Snapshots
	}
	if tree, at := v.Store.Children(backend.KindSnapshot, vm.ID); !at.IsZero() && len(tree) > 0 {
		return len(tree)
	}
	return vm.Snapshots
}
