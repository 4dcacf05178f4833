package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
)

func networkSpec(e *Env) *Spec {
	net := func(o backend.Object) *backend.Network { return o.(*backend.Network) }
	return &Spec{
		Kind: backend.KindNetwork, Title: "Networks", Names: []string{"networks", "network"},
		Columns: []Column{
			e.activeGlyph(func(o backend.Object) bool { return net(o).Active }), e.nameColumn(),
			e.textColumn(columnOf("state", "STATE", 'S', 4, 8, 6, true), theme.Text, func(o backend.Object) string { return activity(net(o).Active) }),
			e.textColumn(columnOf("forward", "MODE", 'M', 3, 11, 1, false), theme.Muted, func(o backend.Object) string { return net(o).Forward }),
			e.textColumn(columnOf("bridge", "BRIDGE", 'B', 6, 16, 2, false), theme.Muted, func(o backend.Object) string { return net(o).Bridge }),
			e.textColumn(columnOf("users", "USE", 'U', 3, 10, 3, false), theme.Text, func(o backend.Object) string { return netUse(net(o)) }),
			e.textColumn(columnOf("vlan", "VLAN", 'V', 4, 9, 5, true), theme.Text, func(o backend.Object) string { return net(o).VLAN }),
			e.textColumn(columnOf("addresses", "ADDRESSES", 'I', 9, 40, 7, true), theme.Text,
				func(o backend.Object) string { return strings.Join(net(o).Addresses, " ") }),
			e.connColumn(),
		},
		Field: func(o backend.Object, field string) string {
			switch field {
			case "state":
				return activity(net(o).Active)
			case "type":
				return net(o).Forward
			case "uuid":
				return net(o).UUID
			case "ip":
				return strings.Join(net(o).Addresses, " ")
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			return strings.Join([]string{o.Title(), net(o).Forward, net(o).Bridge, activity(net(o).Active), string(o.Ref().Conn)}, "\n")
		},
		Sections: func(o backend.Object) []Section { return networkSections(net(o)) },
	}
}

func netUse(n *backend.Network) string {
	switch {
	case n.VMs >= 0 && n.Hosts >= 0:
		return Count(n.VMs) + " VMs"
	case n.LeaseCount > 0:
		return plural(n.LeaseCount, "lease")
	default:
		return ""
	}
}

func networkSections(n *backend.Network) []Section {
	facts := compact([]Fact{
		{"State", activity(n.Active), activeTok(n.Active)},
		{"Connection", string(n.ID.Conn), theme.Text},
		{"Mode", n.Forward, theme.Text},
		{"Bridge", n.Bridge, theme.Text},
		{"VLAN", n.VLAN, theme.Text},
		{"Addresses", strings.Join(n.Addresses, ", "), theme.Text},
		{"UUID", n.UUID, theme.Text},
	})
	if n.Hosts < 0 {
		facts = append(facts, Fact{"Autostart", YesNo(n.Autostart), theme.Text}, Fact{"Persistent", YesNo(n.Persistent), theme.Text})
	} else {
		facts = append(facts, Fact{"Hosts", Count(n.Hosts), theme.Text}, Fact{"VMs", Count(n.VMs), theme.Text})
	}
	facts = plus(facts, n.Extra)
	out := []Section{{Facts: facts}}
	if len(n.Leases) > 0 {
		s := Section{Title: "Leases", Head: []string{"ADDRESS", "MAC", "HOST", "UNTIL"}}
		for _, l := range n.Leases {
			s.Rows = append(s.Rows, []string{l.IP, l.MAC, l.Hostname, l.Expires})
		}
		out = append(out, s)
	}
	return out
}
