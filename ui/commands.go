package ui

import (
	"fmt"
	"maps"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/keymap"
	"hvdeck/theme"
)

// run does what an action of the registry stands for.
func (m *Model) run(a keymap.Action) tea.Cmd {
	m.hold()
	if f, ok := m.commandsOn()[a.ID]; ok {
		return f(m.selection())
	}
	if a.Mutates() {
		return m.act(a)
	}
	if m.runHere(a.ID) {
		return nil
	}
	if f, ok := m.commands()[a.ID]; ok {
		return f()
	}
	return nil
}

// commandsOn are the actions on objects that are no operations, or ask a server before
// they are: they act on what was selected when they were chosen, also from a menu.
func (m *Model) commandsOn() map[string]func(keymap.Selection) tea.Cmd {
	return map[string]func(keymap.Selection) tea.Cmd{
		"secret.show": m.askSecret, "remote-console": m.askRemoteConsole, "ovf.export": m.exportOVF,
	}
}

// runHere offers an action to what has the focus and says whether it was taken.
func (m *Model) runHere(id string) bool {
	if s := m.screen(); s != nil {
		return s.do(m, id)
	}
	if m.focus == focusDetails {
		return m.detailScroll.do(id, m.detailPage())
	}
	return m.slots[m.focus].view().Do(id)
}

// commands are the actions that belong to no list: what moves between panes, opens
// and closes. The names are those of actions.go; a test holds the two together.
func (m *Model) commands() map[string]func() tea.Cmd {
	do := func(f func()) func() tea.Cmd { return func() tea.Cmd { f(); return nil } }
	all := map[string]func() tea.Cmd{
		"list.open": m.open, "list.filter": do(m.openFilter), "pager.find": do(m.openFilter),
		"pane.0":    do(func() { m.focusOn(focusDetails) }),
		"pane.next": do(func() { m.cycle(1) }), "pane.prev": do(func() { m.cycle(-1) }),
		"pane.next-tab": do(func() { m.switchTab(1) }), "pane.prev-tab": do(func() { m.switchTab(-1) }),
		"pane.zoom-in": do(func() { m.zoom = min(m.zoom+1, zoomFull) }), "pane.zoom-out": do(func() { m.zoom = max(m.zoom-1, zoomNone) }),
		"pane.wide": do(func() { m.wide = !m.wide }), "pane.scope": do(func() { m.scopeAll = !m.scopeAll }),
		"menu.power": do(func() { m.openMenu(keymap.MenuPower) }), "menu.snapshot": do(func() { m.openMenu(keymap.MenuSnapshot) }),
		"menu.manage": do(func() { m.openMenu(keymap.MenuManage) }), "menu.new": do(m.openNew),
		"answer":   m.answerQuestion,
		"menu.all": do(m.openAllActions), "palette": m.openPalette, "help": do(m.openHelp),
		"node": do(m.openNode), "top": do(m.openTop), "connections": do(m.openConnections), "events": do(m.openEvents),
		"events.of": do(m.openEventsOf), "alarms": do(m.openAlarms), "history": do(m.openHistory), "find": do(m.askFind),
		"inventory": do(m.openInventory), "inventory.only": do(func() {}), // the screen does it
		"raw": do(m.openRaw), "describe": do(m.describe), "snapshot.differs": do(m.openDifferences),
		"edit": m.editDefinition, "review.apply": m.askApply, "review.discard": do(m.askDiscard),
		"define.editor": m.defineInEditor, "define.file": do(m.askDefinitionFile), "define.transient": do(m.askTransientFile),
		"refresh": do(m.refreshNow), "redial": do(func() { m.o.Poller.Redial(""); m.say(theme.StateBusy, "redialling what is down") }),
		"redraw": func() tea.Cmd { return tea.ClearScreen }, "suspend": m.suspend,
		"back": do(func() { m.back() }), "quit": m.quit, "quit-now": func() tea.Cmd { return tea.Quit },
		"task.cancel": do(m.askCancel), "task.wait": do(m.waitForTask), "list.columns": do(m.chooseColumns), "task.forget": do(m.tasks.ForgetEnded),
	}
	maps.Copy(all, m.consoleCommands())
	maps.Copy(all, m.ovfCommands())
	for i := range m.slots {
		all["pane."+string(rune('1'+i))] = do(func() { m.focusOn(i) })
	}
	return all
}

// hold keeps the cursor on its object from now on, also while the first rows still
// come in: what an action is asked about must not change under it.
func (m *Model) hold() {
	if m.screen() == nil && m.focus != focusDetails {
		m.slots[m.focus].view().Hold()
	}
}

func (m *Model) refreshNow() {
	m.o.Poller.Refresh("")
	m.say(theme.StateBusy, "asking again for loads, details and lists")
}

// stackFocus is the slot that has the focus, or had it before the details.
func (m *Model) stackFocus() int {
	if m.focus == focusDetails {
		return m.last
	}
	return m.focus
}

func (m *Model) focused(s *slot) bool {
	return m.focus != focusDetails && m.slots[m.focus] == s
}

func (m *Model) focusOn(slot int) {
	if m.o.Help != "" {
		return
	}
	if m.reviewing() {
		m.say(theme.StateWarn, "a changed definition is open: A applies it, D discards it")
		return
	}
	m.screens = nil
	if m.focus != focusDetails {
		m.last = m.focus
	}
	if slot != focusDetails && slot != m.stackFocus() {
		m.detailTab, m.detailScroll = 0, 0
	}
	m.follow()
	m.arrive() // what is moved to has to be about the cursor, at once
	m.focus = slot
	if m.stackFocus() != slotTasks {
		m.tasksList.Release() // what begins next has to be seen
	}
	if slot == focusDetails && m.zoom != zoomNone {
		m.zoom = zoomNone
	}
}

func (m *Model) cycle(n int) {
	m.focusOn((m.focus + n + slotCount + 1) % (slotCount + 1))
}

// switchTab turns the page of the details, or of a pane that has several kinds.
func (m *Model) switchTab(n int) {
	if s := m.screen(); s != nil {
		return
	}
	if m.focus != focusDetails {
		if s := m.slots[m.focus]; len(s.tabs) > 1 && m.tabsExist(s) {
			m.nextKind(s, n)
			return
		}
	}
	tabs := len(m.detailTabs())
	m.detailTab, m.detailScroll = (m.detailTab+n+tabs)%tabs, 0
}

func (m *Model) nextKind(s *slot, n int) {
	for range s.tabs {
		s.tab = (s.tab + n + len(s.tabs)) % len(s.tabs)
		if s.tab == 0 || m.tabExists(s.kind()) {
			break
		}
	}
	m.detailTab, m.detailScroll = 0, 0
}

// open is enter: the volumes of a pool, the node monitor of a host, the task's
// message, the details of everything else.
func (m *Model) open() tea.Cmd {
	if s := m.screen(); s != nil {
		if o, ok := s.(opening); ok {
			return o.open(m)
		}
		return nil
	}
	if m.focus == slotTasks {
		m.showTask()
		return nil
	}
	o := m.cursor()
	switch {
	case o == nil:
	case o.Ref().Kind == backend.KindHost:
		m.openNode()
	case o.Ref().Kind == backend.KindPool || isFolder(o):
		m.slots[m.focus].drillInto(m, o, m.specs.Of(backend.KindVolume))
	default:
		m.focusOn(focusDetails)
	}
	return nil
}

// isFolder reports whether a volume holds others.
func isFolder(o backend.Object) bool {
	v, ok := o.(*backend.Volume)
	return ok && v.Type == "dir"
}

// back closes one thing: the screen, the filter, the marks, the volumes, the details,
// the zoom. It is false when there was nothing to close.
func (m *Model) back() bool {
	m.backs++
	if _, ok := m.screen().(*reviewScreen); ok {
		m.askDiscard()
		return true
	}
	if n := len(m.screens); n > 1 || (n == 1 && m.o.Help == "") {
		m.screens = m.screens[:n-1]
		return true
	}
	if m.screen() != nil {
		return false // there is nothing behind the page that says what to do
	}
	if m.focus == focusDetails {
		m.focus = m.last
		return true
	}
	s := m.slots[m.focus]
	switch {
	case s.view().FilterText() != "":
		s.view().Filter("")
	case s.view().Unmark():
	case len(s.drills) > 0:
		s.drills = s.drills[:len(s.drills)-1]
	case m.zoom != zoomNone:
		m.zoom = zoomNone
	default:
		return false
	}
	return true
}

// quit goes back, and at the top ends the program; it asks while tasks of ours run.
func (m *Model) quit() tea.Cmd {
	if m.back() {
		return nil
	}
	if n := m.ownActive(); n > 0 {
		m.askQuit(n)
		return nil
	}
	return tea.Quit
}

// cursor is the object under the cursor of the focused pane or screen; nil for none.
func (m *Model) cursor() backend.Object {
	if s := m.screen(); s != nil {
		return s.object()
	}
	p := m.slots[m.stackFocus()].pane()
	if p == nil {
		return nil
	}
	if o := p.Cursor(); o != nil || p != m.snapshots() {
		return o
	}
	return m.slots[slotVMs].pane().Cursor() // a VM without snapshots can be given one
}

// cursorObject is the object that the cursor is about: the object itself, or that of
// the task under it.
func (m *Model) cursorObject() backend.Object {
	if m.screen() == nil && m.stackFocus() == slotTasks {
		if t, ok := m.tasksList.Cursor(); ok {
			return m.store.Object(t.Target)
		}
		return nil
	}
	return m.cursor()
}

// subject is what the details show: what the cursor came to rest on.
func (m *Model) subject() backend.Object {
	if o := m.cursorObject(); o != nil && o.Ref() == m.shown {
		return o
	}
	return m.store.Object(m.shown)
}

// selection is what an action acts on.
func (m *Model) selection() keymap.Selection {
	return keymap.Selection{
		Objects:  m.selected(),
		Caps:     m.capsNow,
		Lookup:   m.store.Object,
		Children: func(k backend.Kind, r backend.Ref) []backend.Object { out, _ := m.store.Children(k, r); return out },
		All:      m.store.All,
		Detail:   m.store.Detail,
		About:    func(id backend.ConnID) backend.About { return m.env.Conn(id).About },
		Doubt:    m.doubts(),
	}
}

// doubts says of which objects it is not known what became of an operation; the tasks are
// looked through when that is first asked.
func (m *Model) doubts() func(backend.Ref) string {
	var all map[backend.Ref]string
	return func(r backend.Ref) string {
		if all != nil {
			return all[r]
		}
		all = map[backend.Ref]string{}
		for _, t := range m.tasks.List() {
			if t.Checking {
				all[t.Target] = fmt.Sprintf("the outcome of %q is still looked for", t.Title)
			}
		}
		return all[r]
	}
}

// capsNow is what a connection can do now: nothing while it is down.
func (m *Model) capsNow(id backend.ConnID) backend.Caps {
	c := m.env.Conn(id)
	if c.Live() {
		return c.Caps
	}
	down := backend.Caps{Can: make(map[backend.Verb]string, len(c.Caps.Can)), Places: c.Caps.Places, Files: c.Caps.Files}
	for v := range c.Caps.Can {
		down.Can[v] = string(id) + " is " + c.Phase.String()
	}
	return down
}

func (m *Model) selected() []backend.Object {
	if s := m.screen(); s != nil {
		if l, ok := s.(marking); ok {
			return l.marking().Selection()
		}
		if o := s.object(); o != nil {
			return []backend.Object{o}
		}
		return nil
	}
	p := m.slots[m.stackFocus()].pane()
	if p == nil {
		return nil
	}
	out := p.Selection()
	if len(out) == 0 && p == m.snapshots() { // where there are none, the VM can have its first
		if vm := m.focusVM(); vm != nil {
			return []backend.Object{vm}
		}
	}
	return out
}

// commandName is how the palette spells an action.
func commandName(a keymap.Action) string { return strings.ToLower(strings.TrimSuffix(a.Title, "…")) }
