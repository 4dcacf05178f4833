package ui

import (
	tea "charm.land/bubbletea/v2"

	"hvdeck/keymap"
)

// viewActions are the screens about the inventory, its past and its alarms.
func viewActions() []keymap.Action {
	g := func(id, title, help string, keys ...string) keymap.Action {
		return act(id, title, help, keymap.Global, "Console", keys...)
	}
	return []keymap.Action{
		g("inventory", "Browse the inventory", "Everything as trees, of folders and of hosts, clusters and pools ([ and ] turn). enter, h and l open and fold, "+
			"+ and _ all at once; enter on a VM goes to it.", "b"),
		hint(act("inventory.only", "List only these", "Narrows the list of VMs to the folder, cluster, pool, host or datacenter under the cursor.",
			scopeInventory, "Inventory trees", "o")),
		g("find", "Find VM…", "By name, .vmx path, inventory path, UUID, IP address, DNS name or libvirt id; asks the servers for what is not listed. "+
			"@datacenter after it narrows.", "f"),
		g("history", "History", "Past loads of the object under the cursor as plots; [ and ] turn the spans, h and l read a value.", "u"),
		g("events.of", "Events of this object", "What happened to the object under the cursor, with what its server remembers."),
		g("alarms", "Alarms", "Alarms of every connection, those that nobody has acknowledged first; enter goes to the object.", "!"),
	}
}

func (m *Model) viewCommands() map[string]func() tea.Cmd {
	do := func(f func()) func() tea.Cmd { return func() tea.Cmd { f(); return nil } }
	return map[string]func() tea.Cmd{
		"inventory": do(m.openInventory), "inventory.only": do(func() {}), "find": do(m.askFind), "history": do(m.openHistory),
		"events.of": do(m.openEventsOf), "alarms": do(m.openAlarms),
	}
}

// opening is a screen on which enter leads somewhere else.
type opening interface{ open(m *Model) tea.Cmd }
