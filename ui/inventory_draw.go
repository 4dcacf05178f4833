package ui

import (
	"fmt"
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/table"
)

// inventoryLabel is the sign of the state and the name.
func (m *Model) inventoryLabel(r *invRow) table.Cell {
	if r.obj == nil {
		sign, tok := m.phaseLook(m.env.Conn(r.ref.Conn).Phase)
		return table.Cell{Segs: []table.Seg{{Text: sign + " ", Tok: tok}, {Text: r.title(), Tok: theme.Head}}}
	}
	sign, _, tok := m.env.Look(r.obj)
	name := theme.Text
	if !r.isVM() {
		name = theme.Head
	}
	var segs []table.Seg
	if sign != "" {
		segs = append(segs, table.Seg{Text: sign + " ", Tok: tok})
	}
	segs = append(segs, table.Seg{Text: r.title(), Tok: name})
	if r.up.IsZero() && r.title() != string(r.ref.Conn) {
		segs = append(segs, table.Seg{Text: "  " + string(r.ref.Conn), Tok: theme.Muted})
	}
	return table.Cell{Segs: segs}
}

func (m *Model) inventoryColumns() []table.Column[*invRow] {
	load := func(get func(backend.Sample) string) func(r *invRow) table.Cell {
		return func(r *invRow) table.Cell {
			if s, ok := m.store.Sample(r.ref); ok && loaded(r.obj) {
				return table.Cell{Text: get(s), Tok: theme.Text}
			}
			return table.Cell{}
		}
	}
	return []table.Column[*invRow]{
		{Key: "state", Title: "STATE", Min: 5, Max: 18, Priority: 1, Cell: m.inventoryState},
		{Key: "health", Title: "HEALTH", Min: 8, Max: 8, Priority: 3, Cell: func(r *invRow) table.Cell {
			if r.obj == nil {
				return table.Cell{}
			}
			words, tok := m.env.HealthLook(kind.HealthOf(r.obj))
			return table.Cell{Text: words, Tok: tok}
		}},
		{Key: "vms", Title: "RUNNING", Min: 7, Max: 11, Right: true, Priority: 2, Cell: func(r *invRow) table.Cell {
			if r.isVM() {
				return table.Cell{}
			}
			return table.Cell{Text: fmt.Sprintf("%d/%d", r.on, r.vms), Tok: theme.Text}
		}},
		{Key: "cpu", Title: "CPU", Min: 4, Max: 4, Right: true, Priority: 4, Cell: load(func(s backend.Sample) string { return kind.Percent(s.CPU) })},
		{Key: "mem", Title: "MEM", Min: 5, Max: 6, Right: true, Priority: 5, Cell: load(func(s backend.Sample) string { return kind.Short(s.MemUsed) })},
		{Key: "host", Title: "HOST", Min: 8, Max: 28, Priority: 8, Wide: true, Cell: func(r *invRow) table.Cell {
			if vm, ok := r.obj.(*backend.VM); ok {
				return table.Cell{Text: vm.HostName, Tok: theme.Muted}
			}
			return table.Cell{}
		}},
	}
}

// loaded says that a load is of now: a host's, or of a VM that runs.
func loaded(o backend.Object) bool {
	switch o := o.(type) {
	case *backend.VM:
		return o.State.Running()
	case *backend.Host:
		return true
	}
	return false
}

// inventoryState is the state in a word.
func (m *Model) inventoryState(r *invRow) table.Cell {
	if r.obj == nil {
		c := m.env.Conn(r.ref.Conn)
		_, tok := m.phaseLook(c.Phase)
		if c.Live() {
			return table.Cell{Text: strings.TrimSpace(shortProduct(c.About.Product) + " " + c.About.Version), Tok: theme.Muted}
		}
		return table.Cell{Text: c.Phase.String() + m.phaseAge(c), Tok: tok}
	}
	_, word, tok := m.env.Look(r.obj)
	if tok == theme.StateOK || tok == theme.StateOff || !r.isVM() && tok != theme.StateBad && tok != theme.StateWarn {
		tok = theme.Text
	}
	return table.Cell{Text: word, Tok: tok}
}
