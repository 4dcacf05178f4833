package ui

import (
	"hvdeck/backend"
	"hvdeck/keymap"
	"hvdeck/ui/kind"
)

// Actions declares what belongs to no kind of object: moving, opening, filtering.
// Each has an entry of the same name in commands().
func Actions() []keymap.Action {
	var all []keymap.Action
	all = append(all, moveActions()...)
	all = append(all, paneActions()...)
	all = append(all, screenActions()...)
	all = append(all, taskActions()...)
	all = append(all, secretShow(), remoteConsole())
	all = append(all, definitionActions()...)
	all = append(all, consoleActions()...)
	all = append(all, ovfActions()...)
	all = append(all, inventoryActions()...)
	all = append(all, findAction(), historyAction(), eventsOfAction(), alarmsAction())
	return append(all, pagerActions()...)
}

// remoteConsole is on the manage menu of a VM, though it changes nothing.
func remoteConsole() keymap.Action {
	a := act("remote-console", "Graphical console…", "Shows the address of a VM's display, a link for it and a ticket.", keymap.Rows(backend.KindVM), "VMs")
	a.Menu, a.Key, a.Kinds, a.Needs = keymap.MenuManage, "g", []backend.Kind{backend.KindVM}, backend.VerbRemoteConsole
	return a
}

// secretShow is on the manage menu of a secret, though it changes nothing.
func secretShow() keymap.Action {
	a := act("secret.show", "Show the value", "Shows the value for a moment, after a question.", keymap.Rows(backend.KindSecret), "Networks, interfaces, secrets")
	a.Menu, a.Key, a.Kinds, a.Needs = keymap.MenuManage, "v", []backend.Kind{backend.KindSecret}, backend.VerbSecretGet
	return a
}

// definitionActions are on the new menu of every kind that has definitions, and on what
// shows a changed one.
func definitionActions() []keymap.Action {
	n := func(id, title, help, key string) keymap.Action {
		a := act("define."+id, title, help, keymap.List, "New objects")
		a.Menu, a.Key = keymap.MenuNew, key
		return a
	}
	r := func(id, title, help string, keys ...string) keymap.Action {
		return hint(act("review."+id, title, help, keymap.Review, "Changed definition", keys...))
	}
	differs := act("snapshot.differs", "Differences from now", "What has changed in the VM since the snapshot.", keymap.Rows(backend.KindSnapshot), "Snapshots")
	differs.Menu, differs.Key, differs.Kinds = keymap.MenuSnapshot, "=", []backend.Kind{backend.KindSnapshot}
	return []keymap.Action{
		n("editor", "XML in the editor…", "Begins with a template.", "x"),
		n("file", "From an XML file…", "Reads the definition from a file of this machine.", "f"),
		n("transient", "Transient, from an XML file…", "Runs it without keeping its definition.", "t"),
		r("apply", "Apply", "Gives the definition to the server, after a question.", "A"),
		r("discard", "Discard", "Drops the changes, after a question.", "D"),
		differs,
	}
}

func act(id, title, help string, scope keymap.Scope, group string, keys ...string) keymap.Action {
	return keymap.Action{ID: id, Title: title, Help: help, Scope: scope, Group: group, Keys: keys}
}

func moveActions() []keymap.Action {
	list := func(id, title string, keys ...string) keymap.Action {
		return act("list."+id, title, "", keymap.List, "Lists", keys...)
	}
	return []keymap.Action{
		list("down", "Down", "j", "down"), list("up", "Up", "k", "up"),
		list("top", "To the top", "g", "home"), list("bottom", "To the bottom", "G", "end"),
		list("half-down", "Half a page down", "ctrl+d"), list("half-up", "Half a page up", "ctrl+u"),
		list("page-down", "A page down", "pgdown", "ctrl+f"), list("page-up", "A page up", "pgup", "ctrl+b"),
		list("left", "Scroll columns left", "shift+left"), list("right", "Scroll columns right", "shift+right"),
		hint(list("mark", "Mark", "space")), list("mark-range", "Mark from the last mark here", "ctrl+space", "ctrl+@"),
		list("mark-all", "Mark all shown", "*"), list("unmark", "Unmark all", "ctrl+\\"),
		list("fold", "Open or close a branch", "z"),
		act("list.columns", "Choose columns", "Chooses what the pane shows; the configuration keeps a choice.", keymap.List, "Lists", "ctrl+o"),
		act("list.open", "Open", "Drills in: details, the volumes of a pool, the node monitor of a host.", keymap.List, "Lists", "enter"),
		hint(act("list.filter", "Filter", "Filters as you type. ! inverts, quotes hold spaces, = wants the whole name; name: state: host: ip: conn: dc: "+
			"cluster: pool: folder: guest: uuid: id: path: type: tag: object: narrow one field.", keymap.List, "Lists", "/")),
	}
}

func hint(a keymap.Action) keymap.Action {
	a.Hint = true
	return a
}

func paneActions() []keymap.Action {
	g := func(id, title, help string, keys ...string) keymap.Action {
		return act("pane."+id, title, help, keymap.Global, "Panes", keys...)
	}
	return []keymap.Action{
		g("1", "Hosts", "To the hosts, clusters and resource pools.", "1"),
		g("2", "VMs", "To the VMs.", "2"),
		g("3", "Snapshots", "To the snapshots of the VM under the cursor.", "3"),
		g("4", "Storage", "To the pools and datastores.", "4"),
		g("5", "Networks", "To the networks.", "5"),
		g("6", "Tasks", "To the tasks.", "6"),
		g("0", "Details", "To the details, to scroll them.", "0"),
		g("next", "Next pane", "", "tab", "l", "right"), g("prev", "Previous pane", "", "shift+tab", "h", "left"),
		g("next-tab", "Next tab", "Next page of the details, or of the pane's kinds.", "]"),
		g("prev-tab", "Previous tab", "", "["),
		g("zoom-in", "Grow the pane", "To half the screen, then to all of it.", "+", "="),
		g("zoom-out", "Shrink the pane", "", "_", "-"),
		g("wide", "Show all columns", "In text: breaks long lines instead of scrolling sideways.", "w"),
		g("scope", "All connections, or one", "Storage and networks of every connection, or only of the connection of the VM or host under the cursor.", "a"),
	}
}

func screenActions() []keymap.Action {
	g := func(id, title, help string, keys ...string) keymap.Action {
		return act(id, title, help, keymap.Global, "Console", keys...)
	}
	return []keymap.Action{
		hint(menu(keymap.MenuPower, "Power", "p")), hint(menu(keymap.MenuSnapshot, "Snapshot", "s")),
		hint(menu(keymap.MenuManage, "Manage", "v")), hint(act("menu.new", "New…", "Makes an object of the kind in focus.", keymap.List, "Lists", "n")),
		hint(g("menu.all", "Every action", "Everything that fits the selection.", "x")),
		hint(g("palette", "Command", "Every action, screen and object by name; VMs also by UUID, id and .vmx path.", ":", "ctrl+p")),
		hint(g("help", "Help", "Every key that works here.", "?", "f1")),
		g("node", "Node monitor", "CPU and memory of the host, for every CPU and NUMA cell.", "m"),
		g("top", "Top", "All VMs by load, busiest first.", "t"),
		g("connections", "Connections", "Every connection, its state and what is wrong with it.", "i"),
		g("answer", "Answer a question", "Shows what a VM asks, that of the one under the cursor first; a digit answers.", "ctrl+a"),
		g("events", "Events", "What happened, on every connection.", "ctrl+e"),
		g("raw", "XML or raw object", "Shows the XML or the properties as the server gives them.", "y"),
		g("describe", "Describe", "The details on the whole screen, with the object's documents on further pages.", "d"),
		g("edit", "Edit the definition", "Opens the XML in $VISUAL or $EDITOR, shows what was changed, and asks before it is applied.", "e"),
		g("refresh", "Refresh", "Asks again for loads, details and every list that has no change feed.", "r"),
		g("redial", "Redial", "Tries connections that are down again, at once.", "ctrl+r"),
		g("redraw", "Redraw", "", "ctrl+l"),
		g("suspend", "Suspend hvdeck", "Back to the shell; fg returns.", "ctrl+z"),
		g("back", "Back", "Closes what is open, clears the filter, unmarks.", "esc"),
		g("quit", "Quit", "Back; at the top, quits.", "q"),
		g("quit-now", "Quit at once", "", "ctrl+c"),
	}
}

func menu(m keymap.Menu, title, key string) keymap.Action {
	return act("menu."+string(m), title, "Opens the "+string(m)+" menu for the selection.", keymap.Global, "Console", key)
}

func taskActions() []keymap.Action {
	t := func(id, title, help string, keys ...string) keymap.Action {
		return act("task."+id, title, help, keymap.Tasks, "Tasks", keys...)
	}
	return []keymap.Action{
		hint(t("cancel", "Cancel task", "Asks the server to cancel it; says so where the server can't.", "C")),
		t("wait", "Wait for task", "Says so when the task has ended, wherever you are then.", "W"),
		t("forget", "Forget ended tasks", "", "F"),
	}
}

func pagerActions() []keymap.Action {
	p := func(id, title string, keys ...string) keymap.Action {
		return act("pager."+id, title, "", keymap.Pager, "Text", keys...)
	}
	return []keymap.Action{
		p("down", "Down", "j", "down"), p("up", "Up", "k", "up"), p("half-down", "Half a page down", "ctrl+d"),
		p("half-up", "Half a page up", "ctrl+u"), p("page-down", "A page down", "pgdown", "space", "ctrl+f"),
		p("page-up", "A page up", "pgup", "ctrl+b"), p("top", "To the top", "g", "home"), p("bottom", "To the bottom", "G", "end"),
		p("left", "Scroll to the left", "shift+left"), p("right", "Scroll to the right", "shift+right"), p("numbers", "Line numbers", "#"),
		p("open", "Open or close a section", "enter"), p("fold", "Open or close a section", "z"),
		hint(p("find", "Find", "/")), p("find-next", "Next match", "n"), p("find-prev", "Previous match", "N"),
	}
}

// Chains are the chains of scopes that occur on the screen, innermost first.
func Chains() [][]keymap.Scope {
	out := [][]keymap.Scope{
		{keymap.Pager, keymap.Global},
		{keymap.Review, keymap.Pager, keymap.Global},
		{keymap.Tasks, keymap.List, keymap.Global},
		{scopeConsole}, {scopeConsoleMenu}, {scopeConsoleText, keymap.Pager},
	}
	for _, k := range backend.Kinds() {
		out = append(out, []keymap.Scope{keymap.Rows(k), keymap.List, keymap.Global}, []keymap.Scope{scopeInventory, keymap.Rows(k), keymap.List, keymap.Global})
	}
	return out
}

// NewRegistry declares everything and applies the owner's keys.
func NewRegistry(specs *kind.Registry, overrides map[string][]string) (*keymap.Registry, error) {
	return keymap.New(append(Actions(), specs.Actions()...), Chains(), overrides)
}
