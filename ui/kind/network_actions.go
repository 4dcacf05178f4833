package kind

import (
	"net/netip"
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func networkActions() []keymap.Action {
	net := func(o backend.Object) *backend.Network { return o.(*backend.Network) }
	active := func(o backend.Object) bool { return net(o).Active }
	k := backend.KindNetwork
	all := []keymap.Action{startAction(k, active), stopAction(k, active, "VMs on it lose their network until it is started and they are connected again.")}
	all = append(all, autostartActions(k, "a", "A", func(o backend.Object) bool { return net(o).Autostart })...)
	undefine := undefineAction(k, keymap.Disruptive, "The definition goes.")
	undefine.When = whenActive(active, false)
	return append(all, undefine, networkNew())
}

func networkNew() keymap.Action {
	a := newAction(backend.KindNetwork, backend.KindHost, "new", "Network…", "n", "Defines a virtual network.", backend.VerbFor(backend.KindNetwork, backend.ActDefine))
	a.Form = func(keymap.Selection) []keymap.Field { return networkFields() }
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		word := func(name string) string { return strings.TrimSpace(args[name]) }
		first, last := word("first"), word("last")
		if args.On("dhcp") && first == "" && last == "" {
			first, last = dhcpRange(word("address"))
		}
		return backend.NetworkNewOp{
			Host: o.Ref(), Name: word("name"), Mode: args["mode"], Bridge: word("bridge"), Device: word("device"),
			Address: word("address"), DHCPFirst: first, DHCPLast: last, Domain: word("domain"),
			Start: args.On("start"), Autostart: args.On("autostart"),
		}
	}
	return a
}

// networkFields are the questions of a network. Source: the network XML format.
func networkFields() []keymap.Field {
	own := onlyIf("mode", "nat", "route", "open", "isolated")
	return []keymap.Field{
		{Name: "name", Label: "Name", Check: checkName},
		{Name: "mode", Label: "Mode", Type: keymap.ChoiceField, Default: "nat", Choices: []keymap.FieldChoice{
			{Value: "nat", Label: "nat: VMs go out by the host's address"}, {Value: "route", Label: "route: VMs go out by their own addresses"},
			{Value: "open", Label: "open: as route, without firewall rules"}, {Value: "isolated", Label: "isolated: VMs and the host only"},
			{Value: "bridge", Label: "bridge: a bridge of the host"},
		}},
		{Name: "bridge", Label: "Bridge", Hint: "of the host: br0", Required: true, Only: onlyIf("mode", "bridge")},
		{Name: "bridge", Label: "Bridge", Hint: "to make; empty leaves the name to the server", Only: own},
		{Name: "device", Label: "Goes out by", Hint: "a device of the host; empty: any", Only: onlyIf("mode", "nat", "route")},
		{Name: "address", Label: "Host's address", Hint: "with the length of the prefix: 192.168.150.1/24; empty for none", Default: "192.168.150.1/24",
			Suggested: true, Check: optional(checkPrefix), Only: own},
		{Name: "dhcp", Label: "DHCP", Hint: "gives the VMs their addresses", Type: keymap.ToggleField, Default: "yes", Only: own},
		{Name: "first", Label: "DHCP from", Hint: "empty: as much of the network as there is", Check: optional(checkAddress), Only: onlyIf("dhcp", "yes")},
		{Name: "last", Label: "DHCP to", Check: optional(checkAddress), Only: onlyIf("dhcp", "yes")},
		{Name: "domain", Label: "Domain", Hint: "DNS domain of the VMs; may be empty", Only: own},
		{Name: "start", Label: "Start", Type: keymap.ToggleField, Default: "yes"},
		{Name: "autostart", Label: "Autostart", Type: keymap.ToggleField, Default: "yes"},
	}
}

func checkPrefix(v string) string {
	if _, err := netip.ParsePrefix(strings.TrimSpace(v)); err != nil {
		return "an address with the length of its prefix: 192.168.150.1/24"
	}
	return ""
}

func checkAddress(v string) string {
	if _, err := netip.ParseAddr(strings.TrimSpace(v)); err != nil {
		return "an address: 192.168.150.100"
	}
	return ""
}
