package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/line"
	"hvdeck/ui/pager"
	"hvdeck/ui/spark"
)

// openNode shows the node monitor of the host under the cursor, or of the VM's host.
func (m *Model) openNode() {
	host := m.nodeOf(m.cursor())
	if host == nil {
		m.say(theme.StateWarn, "no host is under the cursor")
		return
	}
	m.push(&nodeScreen{host: host})
}

func (m *Model) nodeOf(o backend.Object) backend.Object {
	switch o := o.(type) {
	case *backend.Host:
		return o
	case *backend.VM:
		if h := m.store.Object(o.Host); h != nil {
			return h
		}
	}
	return m.slots[slotHosts].pane().Cursor()
}

// nodeScreen is CPU and memory of a host, for every CPU and NUMA cell, with history.
type nodeScreen struct {
	host   backend.Object
	scroll scroll
}

func (s *nodeScreen) title(m *Model) string {
	title := "Node monitor " + m.env.Theme.Glyphs.Dot + " " + s.host.Title()
	if c := m.env.Conn(s.host.Ref().Conn); !c.Live() {
		title += " " + m.env.Theme.Glyphs.Dot + " STALE, " + c.Phase.String() + m.phaseAge(c)
	}
	return title
}
func (s *nodeScreen) scopes() []keymap.Scope             { return []keymap.Scope{keymap.Pager, keymap.Global} }
func (s *nodeScreen) object() backend.Object             { return s.host }
func (s *nodeScreen) searchable() searchable             { return nil }
func (s *nodeScreen) refresh(*Model, store.Revs) tea.Cmd { return nil }
func (s *nodeScreen) interest(_ *Model, in *poll.Interest) {
	in.Node = s.host.Ref()
	in.Details = append(in.Details, s.host.Ref())
}

func (s *nodeScreen) do(_ *Model, id string) bool {
	const page = 20 // CPUs and cells come in blocks; their heads should stay in sight
	return s.scroll.do(id, page)
}

func (s *nodeScreen) draw(m *Model, w, h int) []string {
	v, ok := m.store.Node(s.host.Ref())
	if !ok {
		return pager.New(pager.Plain(s.waiting(m))).Draw(w, h, m.env.Theme)
	}
	return s.scroll.window(s.lines(m, v, w, h), w, h)
}

func (s *nodeScreen) waiting(m *Model) string {
	if c := m.env.Conn(s.host.Ref().Conn); !c.Live() {
		return "No figures: " + string(c.ID) + " is " + c.Phase.String() + ". " + c.Err
	}
	return "Asking…"
}

func (s *nodeScreen) lines(m *Model, v store.NodeView, w, h int) []string {
	th := m.env.Theme
	rows := max(min(h/5, 7), 3) | 1 // odd: the axis has a middle
	var out []string
	t := v.Last.Total
	out = append(out, gaugeHead(th, w, "CPU", fmt.Sprintf("%s busy   user %s  system %s  iowait %s  idle %s",
		kind.Percent(t.Busy()), kind.Percent(t.User), kind.Percent(t.System), kind.Percent(t.IOWait), kind.Percent(t.Idle))))
	busy := make([]float64, len(v.User))
	for i := range busy {
		busy[i] = sumKnown(v.User[i], v.System[i], v.IOWait[i])
	}
	out = append(out, spark.Plot(th, busy, w, rows, spark.PlotOpts{Top: 100, Label: kind.Percent})...)
	mem := v.Last.Mem
	out = append(out, theme.Blank(w), gaugeHead(th, w, "Memory", fmt.Sprintf("%s used of %s   free %s  buffers %s  cached %s",
		kind.Bytes(mem.Used()), kind.Bytes(mem.Total), kind.Bytes(mem.Free), kind.Bytes(mem.Buffers), kind.Bytes(mem.Cached))))
	out = append(out, spark.Plot(th, v.Mem, w, rows, spark.PlotOpts{Top: 100, Label: kind.Percent})...)
	out = append(out, s.cpuLines(th, v, w)...)
	return append(out, s.cellLines(th, v, w)...)
}

func sumKnown(vs ...float64) float64 {
	sum, some := 0.0, false
	for _, v := range vs {
		if backend.Known(v) {
			sum, some = sum+v, true
		}
	}
	if !some {
		return backend.Unknown()
	}
	return sum
}

func gaugeHead(th *theme.Theme, w int, name, words string) string {
	b := line.New(th, theme.Plain, w)
	b.Gap(1).AddFit(theme.Head, name, 8).Add(theme.Text, words)
	return b.Gap(b.Left()).String()
}

// cpuLines are all CPUs in as many columns as fit.
func (s *nodeScreen) cpuLines(th *theme.Theme, v store.NodeView, w int) []string {
	if len(v.CPUs) == 0 {
		return []string{theme.Blank(w), gaugeHead(th, w, "CPUs", "this server gives the total only")}
	}
	out := []string{theme.Blank(w), gaugeHead(th, w, "CPUs", "busy, user, system, iowait")}
	const cellWidth = 48
	columns := max(w/cellWidth, 1)
	perColumn := (len(v.CPUs) + columns - 1) / columns
	b := line.New(th, theme.Plain, w)
	for row := range perColumn {
		b.Reset(th, theme.Plain, w)
		for col := range columns {
			if i := col*perColumn + row; i < len(v.CPUs) {
				cpuCell(b, th, v, i, min(cellWidth, w))
			}
		}
		out = append(out, b.Gap(b.Left()).String())
	}
	return out
}

func cpuCell(b *line.Builder, th *theme.Theme, v store.NodeView, i, width int) {
	c := v.Last.CPUs[i]
	start := b.Used()
	b.Gap(1).AddRight(theme.Muted, fmt.Sprint(c.ID), 4).Gap(1)
	b.AddFit(theme.Spark, spark.Sparkline(&th.Glyphs, v.CPUs[i], 16, 100), 16).Gap(1)
	b.AddRight(theme.Text, kind.Percent(c.Busy()), 5)
	b.AddRight(theme.Muted, kind.Percent(c.User), 5).AddRight(theme.Muted, kind.Percent(c.System), 5).AddRight(theme.Muted, kind.Percent(c.IOWait), 5)
	b.Gap(width - (b.Used() - start))
}

func (s *nodeScreen) cellLines(th *theme.Theme, v store.NodeView, w int) []string {
	if len(v.Cells) == 0 {
		return nil
	}
	out := []string{theme.Blank(w), gaugeHead(th, w, "NUMA", "memory of each cell")}
	for i, c := range v.Last.Cells {
		b := line.New(th, theme.Plain, w)
		b.Gap(1).AddRight(theme.Muted, fmt.Sprint(c.ID), 4).Gap(1)
		b.AddFit(theme.Spark, spark.Sparkline(&th.Glyphs, v.Cells[i], 16, 100), 16).Gap(1)
		b.Add(theme.Spark, spark.Bar(&th.Glyphs, c.Used()/c.Total, 16)).Gap(1)
		b.Add(theme.Text, fmt.Sprintf("%s used of %s, free %s", kind.Bytes(c.Used()), kind.Bytes(c.Total), kind.Bytes(c.Free)))
		out = append(out, b.Gap(b.Left()).String())
	}
	return out
}
