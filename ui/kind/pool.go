package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/spark"
	"hvdeck/ui/table"
)

type poolColumns struct{ *Env }

func poolSpec(e *Env) *Spec {
	p := poolColumns{e}
	return &Spec{
		Kind: backend.KindPool, Title: "Storage", Names: []string{"pools", "storage", "datastores"},
		Columns: p.columns(),
		Field: func(o backend.Object, name string) string {
			switch name {
			case "state":
				return o.(*backend.Pool).State.String()
			case "type":
				return o.(*backend.Pool).Type
			case "uuid":
				return o.(*backend.Pool).UUID
			case "path":
				return o.(*backend.Pool).Path
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			x := o.(*backend.Pool)
			return strings.Join([]string{x.Name, x.Type, x.State.String(), string(x.ID.Conn)}, "\n")
		},
		Sections: p.overview,
	}
}

func (p poolColumns) tok(x *backend.Pool) theme.Token {
	switch x.State {
	case backend.PoolRunning:
		return theme.StateOK
	case backend.PoolDegraded, backend.PoolBuilding:
		return theme.StateWarn
	case backend.PoolInaccessible:
		return theme.StateBad
	default:
		return theme.StateOff
	}
}

func (p poolColumns) glyph(x *backend.Pool) string {
	g := p.Theme.Glyphs
	switch x.State {
	case backend.PoolRunning:
		return g.On
	case backend.PoolBuilding:
		return g.Half
	case backend.PoolDegraded:
		return g.Warn
	case backend.PoolInaccessible:
		return g.Failed
	default:
		return g.Off
	}
}

func (p poolColumns) columns() []Column {
	pool := func(o backend.Object) *backend.Pool { return o.(*backend.Pool) }
	glyph := Column{Column: table.Column[backend.Object]{Key: "glyph", Min: 1, Max: 1, Cell: func(o backend.Object) table.Cell {
		return p.sign(o, p.glyph(pool(o)), p.tok(pool(o)))
	}}}
	bar := Column{Column: columnOf("bar", "", 0, 8, 8, 4, false)}
	bar.Cell = func(o backend.Object) table.Cell {
		x := pool(o)
		if x.Capacity == 0 {
			return cell("", theme.Muted)
		}
		return cell(spark.Bar(&p.Theme.Glyphs, float64(x.Allocation)/float64(x.Capacity), 8), theme.Spark)
	}
	state := Column{Column: columnOf("state", "STATE", 'S', 5, 12, 6, true), SortKey: func(o backend.Object) Key { return Key{Num: float64(pool(o).State)} }}
	state.Cell = func(o backend.Object) table.Cell { return cell(pool(o).State.String(), p.tok(pool(o))) }
	name := table.Column[backend.Object]{Key: "name", Title: "NAME", Sort: 'N', Min: 7, Max: 40, Flex: 2}
	return []Column{
		glyph, p.textColumn(name, theme.Text, backend.Object.Title), state, bar,
		p.numColumn(columnOf("used", "USED", 'U', 4, 4, 1, false), func(o backend.Object) float64 { return share(pool(o).Allocation, pool(o).Capacity) }, Percent),
		p.numColumn(columnOf("free", "FREE", 'F', 4, 6, 3, false), func(o backend.Object) float64 { return known(pool(o).Available) }, Short),
		p.textColumn(columnOf("type", "TYPE", 'T', 4, 9, 2, false), theme.Muted, func(o backend.Object) string { return pool(o).Type }),
		p.numColumn(columnOf("capacity", "SIZE", 'Z', 4, 6, 5, true), func(o backend.Object) float64 { return known(pool(o).Capacity) }, Short),
		p.textColumn(columnOf("autostart", "AUTO", 'A', 4, 4, 7, true), theme.Muted, func(o backend.Object) string { return autostartWord(pool(o)) }),
		p.numColumn(columnOf("vms", "VMS", 'V', 3, 5, 7, true), func(o backend.Object) float64 { return known(pool(o).VMs) }, Short),
		p.textColumn(columnOf("path", "PATH", 'H', 8, 50, 8, true), theme.Muted, func(o backend.Object) string { return pool(o).Path }),
		p.connColumn(),
	}
}

// autostartWord is "" for a datastore, which is not started.
func autostartWord(x *backend.Pool) string {
	if x.Hosts >= 0 {
		return ""
	}
	return YesNo(x.Autostart)
}

func (p poolColumns) overview(o backend.Object) []Section {
	x := o.(*backend.Pool)
	facts := compact([]Fact{
		{"State", x.State.String(), p.tok(x)},
		{"Connection", string(x.ID.Conn), theme.Text},
		{"Type", x.Type, theme.Text},
		{"Capacity", Bytes(known(x.Capacity)), theme.Text},
		{"Allocation", Bytes(known(x.Allocation)), theme.Text},
		{"Available", Bytes(known(x.Available)), theme.Text},
		{"Source", x.Source, theme.Text},
		{"Path", x.Path, theme.Text},
		{"UUID", x.UUID, theme.Text},
	})
	if x.Hosts < 0 {
		facts = append(facts, Fact{"Autostart", YesNo(x.Autostart), theme.Text}, Fact{"Persistent", YesNo(x.Persistent), theme.Text})
	} else {
		facts = append(facts, Fact{"Hosts", Count(x.Hosts), theme.Text}, Fact{"VMs", Count(x.VMs), theme.Text})
	}
	facts = plus(facts, x.Extra)
	return []Section{{Facts: facts, Lines: []string{"", "enter shows what is in it"}}}
}
