package kind

import (
	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/table"
)

// What networks, host interfaces and devices share: they are active or not.

func activity(active bool) string {
	if active {
		return "active"
	}
	return "inactive"
}

func activeTok(active bool) theme.Token {
	if active {
		return theme.StateOK
	}
	return theme.StateOff
}

// activeGlyph is the first column: on or off.
func (e *Env) activeGlyph(active func(backend.Object) bool) Column {
	return Column{Column: table.Column[backend.Object]{Key: "glyph", Min: 1, Max: 1, Cell: func(o backend.Object) table.Cell {
		if active(o) {
			return e.sign(o, e.Theme.Glyphs.On, theme.StateOK)
		}
		return e.sign(o, e.Theme.Glyphs.Off, theme.StateOff)
	}}}
}

// nameColumn is the name, as wide as there is room.
func (e *Env) nameColumn() Column {
	return e.textColumn(table.Column[backend.Object]{Key: "name", Title: "NAME", Sort: 'N', Min: 7, Max: 40, Flex: 2}, theme.Text, backend.Object.Title)
}
