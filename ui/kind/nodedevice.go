package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
)

func nodeDeviceSpec(e *Env) *Spec {
	dev := func(o backend.Object) *backend.NodeDevice { return o.(*backend.NodeDevice) }
	return &Spec{
		Kind: backend.KindNodeDevice, Title: "Devices", Names: []string{"devices", "device"},
		Columns: []Column{
			e.nameColumn(),
			e.textColumn(columnOf("type", "TYPE", 'T', 4, 14, 1, false), theme.Muted, func(o backend.Object) string { return strings.Join(dev(o).Types, " ") }),
			e.textColumn(columnOf("about", "ABOUT", 'B', 8, 50, 2, false), theme.Text, func(o backend.Object) string { return dev(o).About }),
			e.textColumn(columnOf("driver", "DRIVER", 'V', 6, 16, 3, true), theme.Muted, func(o backend.Object) string { return dev(o).Driver }),
			e.textColumn(columnOf("up", "UNDER", 'U', 5, 24, 5, true), theme.Muted, func(o backend.Object) string { return dev(o).Up }),
			e.connColumn(),
		},
		Field: func(o backend.Object, field string) string {
			switch field {
			case "type":
				return strings.Join(dev(o).Types, " ")
			case "path":
				return dev(o).Path
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			d := dev(o)
			return strings.Join([]string{d.Name, d.About, d.Driver, strings.Join(d.Types, " "), string(d.ID.Conn)}, "\n")
		},
		Sections: func(o backend.Object) []Section {
			d := dev(o)
			return []Section{{Facts: plus(compact([]Fact{
				{"Type", strings.Join(d.Types, ", "), theme.Text},
				{"About", d.About, theme.Text},
				{"Connection", string(d.ID.Conn), theme.Text},
				{"Driver", d.Driver, theme.Text},
				{"Hangs on", d.Up, theme.Text},
				{"Path", d.Path, theme.Text},
			}), d.Extra)}}
		},
	}
}
