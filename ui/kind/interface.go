package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
)

func interfaceSpec(e *Env) *Spec {
	nic := func(o backend.Object) *backend.Interface { return o.(*backend.Interface) }
	return &Spec{
		Kind: backend.KindInterface, Title: "Interfaces", Names: []string{"interfaces", "interface"},
		Columns: []Column{
			e.activeGlyph(func(o backend.Object) bool { return nic(o).Active }), e.nameColumn(),
			e.textColumn(columnOf("state", "STATE", 'S', 4, 8, 3, false), theme.Text, func(o backend.Object) string { return activity(nic(o).Active) }),
			e.textColumn(columnOf("type", "TYPE", 'T', 4, 9, 1, false), theme.Muted, func(o backend.Object) string { return nic(o).Type }),
			e.textColumn(columnOf("mac", "MAC", 'M', 17, 17, 2, false), theme.Muted, func(o backend.Object) string { return nic(o).MAC }),
			e.textColumn(columnOf("addresses", "ADDRESSES", 'I', 9, 40, 4, true), theme.Text,
				func(o backend.Object) string { return strings.Join(nic(o).Addresses, " ") }),
			e.textColumn(columnOf("start", "START", 'B', 5, 8, 6, true), theme.Muted, func(o backend.Object) string { return nic(o).Start }),
			e.connColumn(),
		},
		Field: func(o backend.Object, field string) string {
			switch field {
			case "state":
				return activity(nic(o).Active)
			case "type":
				return nic(o).Type
			case "ip":
				return strings.Join(nic(o).Addresses, " ")
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			return strings.Join([]string{o.Title(), nic(o).MAC, nic(o).Type, activity(nic(o).Active), string(o.Ref().Conn)}, "\n")
		},
		Sections: func(o backend.Object) []Section { return interfaceSections(nic(o)) },
	}
}

func interfaceSections(n *backend.Interface) []Section {
	mtu := ""
	if n.MTU > 0 {
		mtu = Count(n.MTU)
	}
	facts := compact([]Fact{
		{"State", activity(n.Active), activeTok(n.Active)},
		{"Connection", string(n.ID.Conn), theme.Text},
		{"Type", n.Type, theme.Text},
		{"MAC", n.MAC, theme.Text},
		{"Addresses", strings.Join(n.Addresses, ", "), theme.Text},
		{"MTU", mtu, theme.Text},
		{"Ports", strings.Join(n.Ports, ", "), theme.Text},
		{"Starts", n.Start, theme.Text},
	})
	return []Section{{Facts: plus(facts, n.Extra)}}
}
