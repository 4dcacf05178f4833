package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/pane"
)

// Update is the table of routes. What a route does is in the file of that name.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		m.termDark = msg.IsDark()
		m.setTheme(msg.IsDark())
	case tea.KeyPressMsg:
		cmd = m.keyOnScreen(msg)
	case tea.PasteMsg:
		if !m.unseen() {
			m.onPaste(msg.Content)
		}
	case consoleMsg:
		if !msg.over {
			return m.consoleNews(msg)
		}
		m.consoleEnded(msg)
	case consoleTickMsg:
		msg.c.timer = false
	case tea.MouseClickMsg:
		if !m.unseen() {
			cmd = m.onClick(msg.Mouse())
		}
	case tea.MouseWheelMsg:
		m.onWheel(msg.Mouse())
	case pane.Built:
		cmd = msg.Take(m.revs)
	case ChangedMsg:
		m.tellEnded()
	case restMsg:
		m.rest.timer = false
	case tickMsg:
		m.ticking = false
	default:
		var ours bool
		if cmd, ours = m.onOwn(msg); !ours {
			return nil
		}
	}
	return tea.Batch(cmd, m.settle())
}

// onOwn takes what comes from commands and goroutines of our own: questions, operations,
// answers.
func (m *Model) onOwn(msg tea.Msg) (cmd tea.Cmd, ours bool) {
	switch msg := msg.(type) {
	case promptMsg:
		m.queuePrompt(msg)
	case promptGoneMsg:
		m.dropPrompt(msg)
	case startMsg:
		cmd = m.start(msg)
	case safeMsg:
		cmd = m.startKept(msg)
	case secretGoneMsg:
		m.closeOverlay(msg.box)
	case directMsg:
		cmd = msg.take()
	case noteMsg:
		m.say(msg.tok, msg.text)
	case tellMsg:
		m.tell(msg.err)
	case objectsMsg:
		msg.add()
	case waitedMsg:
		m.tellWaited(msg.task)
	case FaultMsg:
		m.say(theme.StateBad, msg.Err.Error()+" (see the log)")
	default:
		return nil, false
	}
	return cmd, true
}

// settle brings everything that follows from the state up to date: the rows of what
// is in sight, the parents of the lists, what the poller shall ask for, the clock.
func (m *Model) settle() tea.Cmd {
	m.revs = m.store.Revs()
	m.env.Refresh(m.now())
	m.heed(m.revs)
	m.follow()
	cmds := m.refreshViews(m.revs)
	m.follow() // rows that have just come may have moved a cursor
	cmds = append(cmds, m.refreshViews(m.revs)...)
	m.publishInterest()
	return tea.Batch(append(cmds, m.tick(), m.awaitRest(), m.followConsoles())...)
}

func (m *Model) refreshViews(revs store.Revs) []tea.Cmd {
	var cmds []tea.Cmd
	if s := m.screen(); s != nil {
		return append(cmds, s.refresh(m, revs))
	}
	for i := range m.slots {
		if m.inSight(i) {
			cmds = append(cmds, m.slots[i].refresh(revs))
		}
	}
	return cmds
}

// inSight reports whether a slot is drawn; what is not is not kept up to date.
func (m *Model) inSight(slot int) bool {
	// The hosts, VMs and snapshots drive other panes and the header.
	if slot == slotHosts || slot == slotVMs {
		return true
	}
	for _, p := range m.layout().stack {
		if p.slot == slot {
			return true
		}
	}
	return false
}

// unseen reports whether the terminal is too small for anything to be shown.
func (m *Model) unseen() bool { return m.w < minWidth || m.h < minHeight }

// keyOnScreen gives a key to what is on the screen. Where nothing is, keys that could
// change something would act on what nobody sees: those that leave still do.
func (m *Model) keyOnScreen(msg tea.KeyPressMsg) tea.Cmd {
	if !m.unseen() {
		return m.onKey(msg)
	}
	a, ok := m.reg.Lookup([]keymap.Scope{keymap.Global}, msg.String())
	if !ok || (a.ID != "quit-now" && a.ID != "suspend") {
		return nil
	}
	return m.run(a)
}

// onKey gives a key to the overlay, the filter line or the action that it stands for.
func (m *Model) onKey(msg tea.KeyPressMsg) tea.Cmd {
	m.keyed = m.now()
	if len(m.overlays) > 0 {
		return m.overlayKey(msg)
	}
	if m.filtering != nil {
		return m.filterKey(msg)
	}
	if s, ok := m.screen().(*consoleScreen); ok {
		return m.consoleOnKey(s, msg)
	}
	a, ok := m.reg.Lookup(m.chain(), msg.String())
	if !ok {
		return nil
	}
	return m.run(a)
}

func (m *Model) onPaste(text string) {
	switch {
	case len(m.overlays) > 0:
		m.overlays[len(m.overlays)-1].paste(text)
	case m.filtering != nil:
		m.filtering.input.Paste(text)
		m.applyFilter()
	default:
		if s, ok := m.screen().(*consoleScreen); ok && s.mode == consoleTyping {
			m.typeInto(s.at, s.at.term.Paste(text))
		}
	}
}

// chain is the chain of scopes of what has the focus.
func (m *Model) chain() []keymap.Scope {
	if s := m.screen(); s != nil {
		return s.scopes()
	}
	if m.focus == focusDetails {
		return []keymap.Scope{keymap.Pager, keymap.Global}
	}
	s := m.slots[m.focus]
	if s.pane() == nil {
		return []keymap.Scope{keymap.Tasks, keymap.List, keymap.Global}
	}
	return []keymap.Scope{keymap.Rows(s.kind()), keymap.List, keymap.Global}
}

// tick keeps a clock of one second going, but only while something ages in sight: a
// connection that is down, a task that runs, a note.
func (m *Model) tick() tea.Cmd {
	if m.ticking || !m.aging() {
		return nil
	}
	m.ticking = true
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return tickMsg{} })
}

func (m *Model) aging() bool {
	if m.note.text != "" || m.tasks.Active() > 0 || m.tasksEndedLately() {
		return true
	}
	for _, c := range m.store.Conns() {
		if c.Phase != store.Ready {
			return true
		}
	}
	return false
}

func (m *Model) setTheme(dark bool) {
	th, err := m.o.Theme(dark)
	if err != nil {
		m.say(theme.StateBad, err.Error())
		return
	}
	m.env.Theme = th
}
