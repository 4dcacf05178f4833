package kind

import (
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/table"
)

func volumeSpec(e *Env) *Spec {
	vol := func(o backend.Object) *backend.Volume { return o.(*backend.Volume) }
	name := table.Column[backend.Object]{Key: "name", Title: "NAME", Sort: 'N', Min: 8, Max: 60, Flex: 2}
	path := columnOf("path", "PATH", 'H', 8, 60, 5, false)
	path.Wide = true // it repeats the name, and would take its room
	return &Spec{
		Kind: backend.KindVolume, Title: "Volumes", Names: []string{"volumes", "volume", "files"},
		Columns: []Column{
			e.textColumn(name, theme.Text, backend.Object.Title),
			e.textColumn(columnOf("format", "FORMAT", 'F', 4, 8, 2, false), theme.Muted, func(o backend.Object) string { return orWord(vol(o).Format, vol(o).Type) }),
			e.numColumn(columnOf("capacity", "SIZE", 'Z', 4, 6, 1, false), func(o backend.Object) float64 { return known(vol(o).Capacity) }, Short),
			e.numColumn(columnOf("allocation", "USED", 'U', 4, 6, 3, false), func(o backend.Object) float64 { return known(vol(o).Allocation) }, Short),
			e.usedByColumn(),
			e.modifiedColumn(),
			e.textColumn(path, theme.Muted, func(o backend.Object) string { return vol(o).Path }),
		},
		Field: func(o backend.Object, field string) string {
			switch field {
			case "type":
				return vol(o).Format + " " + vol(o).Type
			case "path":
				return vol(o).Path
			case "state":
				return useWord(vol(o))
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			return strings.Join([]string{o.Title(), vol(o).Format, vol(o).Path, useWord(vol(o))}, "\n")
		},
		Sections: func(o backend.Object) []Section { return volumeSections(vol(o)) },
	}
}

func volumeSections(v *backend.Volume) []Section {
	facts := compact([]Fact{
		{"Connection", string(v.ID.Conn), theme.Text},
		{"Path", v.Path, theme.Text},
		{"Type", v.Type, theme.Text},
		{"Format", v.Format, theme.Text},
		{"Capacity", Bytes(known(v.Capacity)), theme.Text},
		{"Allocation", Bytes(known(v.Allocation)), theme.Text},
		{"Modified", When(v.Modified), theme.Text},
		{"On top of", v.Backing, theme.Text},
		{"Used by", useWord(v), useTok(v)},
		{"Below", strings.Join(v.Under, ", "), theme.Text},
	})
	facts = plus(facts, v.Extra)
	return []Section{{Facts: facts}}
}

// modifiedColumn says how long ago a file was written to, where that is known.
func (e *Env) modifiedColumn() Column {
	c := Column{Column: columnOf("modified", "AGE", 'E', 3, 4, 4, true), SortKey: bootKey(func(o backend.Object) time.Time { return o.(*backend.Volume).Modified })}
	c.Cell = func(o backend.Object) table.Cell {
		at := o.(*backend.Volume).Modified
		if at.IsZero() {
			return cell("-", theme.Muted)
		}
		return cell(AgeShort(e.Now.Sub(at)), theme.Muted)
	}
	return c
}

// usedByColumn names the VMs that use a volume; what nobody uses is an orphan.
func (e *Env) usedByColumn() Column {
	c := Column{Column: columnOf("usedby", "USED BY", 'B', 7, 30, 4, false)}
	c.Cell = func(o backend.Object) table.Cell {
		v := o.(*backend.Volume)
		return cell(useWord(v), useTok(v))
	}
	c.SortKey = func(o backend.Object) Key { return Key{Text: useWord(o.(*backend.Volume))} }
	return c
}

// orphan reports a disk image that no VM and no other volume needs. Media and folders
// lie about unused by nature.
func orphan(v *backend.Volume) bool {
	return v.UsedKnown && len(v.UsedBy) == 0 && len(v.Under) == 0 && v.Format != "iso" && v.Type != "dir"
}

func useWord(v *backend.Volume) string {
	switch {
	case len(v.UsedBy) > 0:
		return strings.Join(v.UsedBy, ", ")
	case len(v.Under) > 0:
		return "below " + strings.Join(v.Under, ", ")
	case orphan(v):
		return "orphan"
	default:
		return ""
	}
}

func useTok(v *backend.Volume) theme.Token {
	if orphan(v) {
		return theme.StateWarn
	}
	return theme.Text
}
