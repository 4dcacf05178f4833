package kind

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/spark"
	"hvdeck/ui/table"
)

type hostColumns struct{ *Env }

func hostSpec(e *Env) *Spec {
	h := hostColumns{e}
	return &Spec{
		Kind: backend.KindHost, Title: "Hosts", Names: []string{"hosts", "host"},
		Columns: h.columns(),
		Field: func(o backend.Object, name string) string {
			host := o.(*backend.Host)
			switch name {
			case "state":
				return hostWord(host)
			case "dc":
				return host.Datacenter
			case "cluster":
				return host.Cluster
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			host := o.(*backend.Host)
			return strings.Join([]string{host.Name, hostWord(host), host.Cluster, host.Datacenter, string(host.ID.Conn)}, "\n")
		},
		Sections: h.overview,
		Tabs:     []Tab{{"Hardware", h.hardware}},
	}
}

func hostWord(h *backend.Host) string {
	switch {
	case h.Link == backend.LinkDisconnected || h.Link == backend.LinkNotResponding:
		return h.Link.String()
	case h.Maintenance:
		return "maintenance"
	case h.Standby:
		return "standby"
	default:
		return h.Link.String()
	}
}

func (h hostColumns) look(host *backend.Host) (string, theme.Token) {
	g := h.Theme.Glyphs
	switch {
	case host.Link == backend.LinkDisconnected || host.Link == backend.LinkNotResponding:
		return g.Failed, theme.StateBad
	case host.Maintenance:
		return g.Half, theme.StateWarn
	case host.Standby:
		return g.Off, theme.StateOff
	case host.Alarm == backend.HealthRed:
		return g.Warn, theme.StateBad
	case host.Alarm == backend.HealthYellow:
		return g.Warn, theme.StateWarn
	default:
		return g.On, theme.StateOK
	}
}

func (h hostColumns) columns() []Column {
	host := func(f func(*backend.Host) string) func(backend.Object) string {
		return func(o backend.Object) string { return f(o.(*backend.Host)) }
	}
	glyph := Column{Column: table.Column[backend.Object]{Key: "glyph", Min: 1, Max: 1, Cell: func(o backend.Object) table.Cell {
		g, tok := h.look(o.(*backend.Host))
		return h.sign(o, g, tok)
	}}}
	state := Column{Column: columnOf("state", "STATE", 'S', 5, 14, 6, true), SortKey: func(o backend.Object) Key { return Key{Text: hostWord(o.(*backend.Host))} }}
	state.Cell = func(o backend.Object) table.Cell {
		_, tok := h.look(o.(*backend.Host))
		return cell(hostWord(o.(*backend.Host)), tok)
	}
	name := table.Column[backend.Object]{Key: "name", Title: "NAME", Sort: 'N', Min: 12, Max: 40, Flex: 2}
	return []Column{
		glyph, h.textColumn(name, theme.Text, backend.Object.Title), state, h.sparkColumn(columnOf("history", "", 0, 6, 6, 4, false)),
		h.numColumn(columnOf("cpu", "CPU", 'C', 4, 4, 1, false), h.cpu, Percent),
		h.numColumn(columnOf("mem", "MEM", 'M', 4, 4, 2, false), h.mem, Percent),
		h.numColumn(columnOf("vms", "VMS", 'V', 3, 6, 3, false),
			func(o backend.Object) float64 { return float64(h.vms(o.(*backend.Host))) }, func(f float64) string { return Count(int(f)) }),
		h.numColumn(columnOf("cpus", "CPUS", 'P', 4, 4, 7, true),
			func(o backend.Object) float64 { return known(o.(*backend.Host).CPUs) }, func(f float64) string { return Count(int(f)) }),
		h.numColumn(columnOf("memory", "MEMORY", 'Z', 6, 8, 7, true), func(o backend.Object) float64 { return known(o.(*backend.Host).Memory) }, Short),
		h.textColumn(columnOf("version", "VERSION", 'E', 7, 30, 8, true), theme.Muted, host(func(x *backend.Host) string { return x.Version })),
		h.textColumn(columnOf("cluster", "CLUSTER", 'L', 7, 20, 8, true), theme.Muted, host(func(x *backend.Host) string { return x.Cluster })),
		h.upColumn(columnOf("up", "UP", 'U', 3, 8, 8, true)),
		h.connColumn(),
	}
}

func (h hostColumns) upColumn(c table.Column[backend.Object]) Column {
	out := h.textColumn(c, theme.Text, func(o backend.Object) string {
		b := o.(*backend.Host).Booted
		if b.IsZero() {
			return "-"
		}
		return AgeShort(h.Now.Sub(b))
	})
	out.Falling = true
	out.SortKey = bootKey(func(o backend.Object) time.Time { return o.(*backend.Host).Booted })
	return out
}

func (h hostColumns) sparkColumn(c table.Column[backend.Object]) Column {
	c.Cell = func(o backend.Object) table.Cell {
		cpu, _ := h.Store.History(o.Ref())
		return cell(spark.Sparkline(&h.Theme.Glyphs, cpu, 6, 100), theme.Spark)
	}
	return Column{Column: c}
}

func (h hostColumns) cpu(o backend.Object) float64 {
	if s, ok := h.Store.Sample(o.Ref()); ok {
		return s.CPU
	}
	return backend.Unknown()
}

func (h hostColumns) mem(o backend.Object) float64 {
	if s, ok := h.Store.Sample(o.Ref()); ok {
		return s.MemUsed / s.MemTotal * 100
	}
	return backend.Unknown()
}

// vms is how many run, where the host says so, else how many there are.
func (h hostColumns) vms(x *backend.Host) int {
	if x.Active >= 0 {
		return x.Active
	}
	return x.VMs
}

func (h hostColumns) overview(o backend.Object) []Section {
	x := o.(*backend.Host)
	_, tok := h.look(x)
	up := ""
	if !x.Booted.IsZero() {
		up = Age(h.Now.Sub(x.Booted))
	}
	running := ""
	if x.Active >= 0 {
		running = fmt.Sprintf("%d running of %s", x.Active, Count(x.VMs))
	} else if x.VMs >= 0 {
		running = Count(x.VMs)
	}
	facts := compact([]Fact{
		{"State", hostWord(x), tok},
		{"Connection", string(x.ID.Conn), theme.Text},
		{"Where", joined("/", x.Datacenter, x.Cluster), theme.Text},
		{"VMs", running, theme.Text},
		{"Version", x.Version, theme.Text},
		{"Model", x.Model, theme.Text},
		{"CPU", cpuWords(x), theme.Text},
		{"Memory", Bytes(known(x.Memory)), theme.Text},
		{"Up", up, theme.Text},
	})
	facts = plus(facts, x.Extra)
	return []Section{{Facts: facts}, h.loadSection(x), h.connSection(x)}
}

func cpuWords(x *backend.Host) string {
	if x.CPUs == 0 {
		return x.CPUModel
	}
	out := fmt.Sprintf("%d × %s", x.CPUs, orWord(x.CPUModel, "CPU"))
	if x.MHz > 0 {
		out += fmt.Sprintf(", %d MHz", x.MHz)
	}
	return out
}

func (h hostColumns) loadSection(x *backend.Host) Section {
	s, ok := h.Store.Sample(x.ID)
	if !ok {
		return Section{}
	}
	cpu, mem := h.Store.History(x.ID)
	return Section{Title: "Load", Graphs: []Graph{
		{"CPU", cpu, Percent(s.CPU)},
		{"Memory", mem, Bytes(s.MemUsed) + " of " + Bytes(s.MemTotal)},
	}, Lines: []string{"enter opens the node monitor"}}
}

// connSection is what is known of the connection (C5).
func (h hostColumns) connSection(x *backend.Host) Section {
	c := h.Conn(x.ID.Conn)
	a := c.About
	facts := compact([]Fact{
		{"URI", c.URI, theme.Text},
		{"Server", joined(" ", a.Product, a.Version), theme.Text},
		{"Type", a.Type, theme.Text},
		{"API", a.API, theme.Text},
		{"Answers as", a.HostName, theme.Text},
		{"Read-only", readOnlyWord(c.ReadOnly), theme.StateWarn},
	})
	facts = plus(facts, a.Fields)
	if !c.Live() && !c.LastGood.IsZero() {
		facts = append(facts, Fact{"Data from", Age(h.Now.Sub(c.LastGood)) + " ago", theme.StateWarn})
	}
	return Section{Title: "Connection", Facts: facts}
}

func (h hostColumns) hardware(o backend.Object) []Section {
	d := h.Store.Detail(o.Ref())
	if d == nil || d.Host == nil {
		return waiting()
	}
	n := d.Host
	facts := compact([]Fact{
		{"Sockets", positive(n.Sockets), theme.Text},
		{"Cores a socket", positive(n.Cores), theme.Text},
		{"Threads a core", positive(n.Threads), theme.Text},
		{"NUMA cells", positive(n.Cells), theme.Text},
		{"CPU map", n.CPUMap, theme.Text},
		{"Hypervisor", n.Hypervisor, theme.Text},
		{"Library", n.Library, theme.Text},
	})
	for i, free := range n.CellFree {
		facts = append(facts, Fact{fmt.Sprintf("Free in cell %d", i), Bytes(float64(free)), theme.Text})
	}
	facts = plus(facts, otherThan(d.Fields, "Hypervisor", "Library", "CPU model"))
	return append([]Section{{Facts: facts}}, sharingSections(n.Sharing)...)
}

// sharingSections are the figures of KSM (N4); none where the host gives none.
func sharingSections(k *backend.MemorySharing) []Section {
	if k == nil {
		return nil
	}
	n := func(v uint64) string { return strconv.FormatUint(v, 10) }
	return []Section{{Title: "Memory sharing (KSM)", Facts: []Fact{
		{"Pages to scan", n(k.PagesToScan), theme.Text},
		{"Sleep", n(k.SleepMillis) + " ms", theme.Text},
		{"Across NUMA cells", YesNo(k.MergeAcross), theme.Text},
		{"Shared pages", n(k.Shared), theme.Text},
		{"Sharing them", n(k.Sharing), theme.Text},
		{"Unshared", n(k.Unshared), theme.Text},
		{"Volatile", n(k.Volatile), theme.Text},
		{"Full scans", n(k.FullScans), theme.Text},
	}, Lines: []string{"v t sets them"}}}
}
