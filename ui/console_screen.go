package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/line"
	"hvdeck/ui/overlay"
)

type menuItem = overlay.MenuItem

// The scopes of a console. While the guest has the keyboard none but the first is asked,
// not even the global one.
const (
	scopeConsole     keymap.Scope = "console"
	scopeConsoleMenu keymap.Scope = "console menu"
	scopeConsoleText keymap.Scope = "console scrollback"
)

// isConsoleScope reports whether a scope is of a console that is in sight.
func isConsoleScope(s keymap.Scope) bool {
	return s == scopeConsole || s == scopeConsoleMenu || s == scopeConsoleText
}

// consoleMode is who has the keyboard.
type consoleMode uint8

const (
	consoleTyping    consoleMode = iota // the guest
	consoleMenu                         // the menu at the foot
	consoleScrolling                    // the scrollback
)

// consoleScreen shows one of the open consoles without borders, so that the guest has
// the whole width.
type consoleScreen struct {
	at   *guestConsole
	mode consoleMode
}

func consoleActions() []keymap.Action {
	open := act("console.open", "Serial console", "Opens the VM's serial console; one that is open is taken up again.",
		keymap.Rows(backend.KindVM), "Serial console", "c")
	open.Kinds = []backend.Kind{backend.KindVM}
	a := func(id, title, help string, scope keymap.Scope, keys ...string) keymap.Action {
		return act("console."+id, title, help, scope, "Serial console", keys...)
	}
	entry := func(id, title, help string, keys ...string) keymap.Action {
		return hint(a(id, title, help, scopeConsoleMenu, keys...))
	}
	return []keymap.Action{
		open,
		act("consoles", "Consoles", "Lists the serial consoles that are open.", keymap.Global, "Serial console"),
		hint(a("menu", "Console menu", "Opens the menu at the foot. Every other key goes to the guest.", scopeConsole, "ctrl+]")),
		hint(a("back", "Scroll back", "Half a screen back; typing returns to the end.", scopeConsole, "shift+pgup")),
		a("forward", "Scroll forward", "", scopeConsole, "shift+pgdown"),
		entry("leave", "Leave", "Leaves the console open in the background.", "l"),
		entry("close", "Close", "Ends the console.", "c"),
		entry("next", "Next", "To the next open console.", "n"),
		entry("prev", "Prev", "To the previous open console.", "p"),
		entry("scroll", "Scroll", "Moves in what has scrolled off, by the keys of text; esc returns.", "s"),
		entry("resize", "Size", "Types stty rows R cols C, which tells the guest the size of the screen.", "r"),
		entry("force", "Force", "Takes the console over from another session, after a question.", "f"),
		entry("send", "Send", "Sends the key of the menu to the guest; so does pressing it twice.", "]"),
		entry("clear", "Clear", "Empties the screen and the scrollback.", "x"),
		entry("list", "List", "Lists the open consoles; a digit goes to one at once.", "o"),
		a("typing", "Back to the guest", "", scopeConsoleMenu, "esc"),
		hint(a("end", "Back to the guest", "", scopeConsoleText, "esc", "q")),
	}
}

// consoleCommands are what the actions do, on the console in sight.
func (m *Model) consoleCommands() map[string]func() tea.Cmd {
	on := func(f func(*consoleScreen) tea.Cmd) func() tea.Cmd {
		return func() tea.Cmd {
			s, ok := m.screen().(*consoleScreen)
			if !ok {
				return nil
			}
			s.mode = consoleTyping
			return f(s)
		}
	}
	do := func(f func(*consoleScreen)) func() tea.Cmd {
		return on(func(s *consoleScreen) tea.Cmd { f(s); return nil })
	}
	return map[string]func() tea.Cmd{
		"console.open": m.openConsole, "consoles": m.listConsoles,
		"console.menu": do(func(s *consoleScreen) { s.mode = consoleMenu }), "console.typing": do(func(*consoleScreen) {}), "console.end": do(func(*consoleScreen) {}),
		"console.back":    do(func(s *consoleScreen) { s.at.term.Scroll(m.consolePage()) }),
		"console.forward": do(func(s *consoleScreen) { s.at.term.Scroll(-m.consolePage()) }),
		"console.leave":   do(func(*consoleScreen) { m.back() }),
		"console.close":   on(func(s *consoleScreen) tea.Cmd { m.back(); return m.closeConsole(s.at) }),
		"console.next":    on(func(s *consoleScreen) tea.Cmd { return m.turnConsole(s, 1) }),
		"console.prev":    on(func(s *consoleScreen) tea.Cmd { return m.turnConsole(s, -1) }),
		"console.list":    on(func(*consoleScreen) tea.Cmd { return m.listConsoles() }),
		"console.scroll":  do(func(s *consoleScreen) { s.mode = consoleScrolling; s.at.term.Scroll(1) }),
		"console.resize":  do(m.resizeGuest),
		"console.force":   do(m.askForce),
		"console.send":    do(m.sendMenuKey),
		"console.clear":   do(func(s *consoleScreen) { s.at.term.Clear() }),
	}
}

func (s *consoleScreen) title(m *Model) string {
	dot := " " + m.env.Theme.Glyphs.Dot + " "
	return s.at.fullName(m) + dot + s.at.deviceName(m) + dot + s.at.stateWords()
}

func (s *consoleScreen) scopes() []keymap.Scope {
	switch s.mode {
	case consoleMenu:
		return []keymap.Scope{scopeConsoleMenu}
	case consoleScrolling:
		return []keymap.Scope{scopeConsoleText, keymap.Pager}
	default:
		return []keymap.Scope{scopeConsole}
	}
}

func (s *consoleScreen) draw(m *Model, w, h int) []string {
	focused := s.mode == consoleTyping && s.at.state == consoleOn && len(m.overlays) == 0
	return s.at.term.Draw(w, h, focused, m.env.Theme)
}

// bare draws the console under one line that says where it is.
func (s *consoleScreen) bare(m *Model, r rect) []string {
	g := m.env.Theme.Glyphs.Box
	b := line.New(m.env.Theme, theme.Plain, r.w)
	right, title := s.place(m), s.title(m)
	room := r.w - line.Width(right) - 6
	if line.Width(title) > room { // the state tells more than the device
		title = s.at.fullName(m) + " " + m.env.Theme.Glyphs.Dot + " " + s.at.stateWords()
	}
	b.Rule(theme.Border, g.Horizontal, 1).AddMax(theme.Focus, " "+title+" ", room+2)
	b.Rule(theme.Border, g.Horizontal, b.Left()-line.Width(right)-1).Add(theme.Muted, right).Rule(theme.Border, g.Horizontal, b.Left())
	return append([]string{b.String()}, s.draw(m, r.w, r.h-1)...)
}

// place says which console of how many it is, and how far back it is scrolled.
func (s *consoleScreen) place(m *Model) string {
	out := ""
	if back, most := s.at.term.Scrolled(); back > 0 || s.mode == consoleScrolling {
		out = fmt.Sprintf(" %d of %d back ", back, most)
	}
	for i, c := range m.consoles {
		if c == s.at && len(m.consoles) > 1 {
			out += fmt.Sprintf(" %d/%d ", i+1, len(m.consoles))
		}
	}
	return out
}

// do moves in the scrollback; it also serves the wheel.
func (s *consoleScreen) do(m *Model, id string) bool {
	page := m.consolePage()
	step, ok := map[string]int{
		"pager.down": -1, "pager.up": 1, "pager.half-down": -page, "pager.half-up": page, "pager.page-down": -2 * page,
		"pager.page-up": 2 * page, "pager.top": 1 << 30, "pager.bottom": -1 << 30,
	}[id]
	if ok {
		s.at.term.Scroll(step)
	}
	return ok
}

func (s *consoleScreen) refresh(*Model, store.Revs) tea.Cmd { return nil }
func (s *consoleScreen) interest(_ *Model, in *poll.Interest) {
	in.Details = append(in.Details, s.at.vm)
}
func (s *consoleScreen) object() backend.Object { return nil }
func (s *consoleScreen) searchable() searchable { return nil }

// consolePage is half the height of the screen.
func (m *Model) consolePage() int { return max((m.layout().body.h-1)/2, 1) }

// consoleKey is the first key of an action, for words on the screen.
func (m *Model) consoleKey(id string) string {
	if a, ok := m.reg.ByID(id); ok && len(a.Keys) > 0 {
		return a.Keys[0]
	}
	return "the palette"
}

// consoleOnKey gives a key to the guest, unless the menu or the scrollback has it.
func (m *Model) consoleOnKey(s *consoleScreen, msg tea.KeyPressMsg) tea.Cmd {
	a, known := m.reg.Lookup(s.scopes(), msg.String())
	switch {
	case s.mode == consoleScrolling:
		if !known || !s.do(m, a.ID) {
			s.at.term.Scroll(-1 << 30)
			s.mode = consoleTyping
		}
		return nil
	case known:
		return m.run(a)
	case s.mode == consoleMenu:
		return m.consoleMenuKey(s, msg)
	case s.at.session == nil:
		return m.consoleAgain(s.at, msg.Code)
	}
	m.typeInto(s.at, s.at.term.Key(msg.Key()))
	return nil
}

// consoleMenuKey goes to an open console by its number, and sends the key of the menu
// when it is pressed twice; other keys leave the menu.
func (m *Model) consoleMenuKey(s *consoleScreen, msg tea.KeyPressMsg) tea.Cmd {
	s.mode = consoleTyping
	if a, ok := m.reg.Lookup(s.scopes(), msg.String()); ok && a.ID == "console.menu" {
		m.typeInto(s.at, s.at.term.Key(msg.Key()))
		return nil
	}
	for i, c := range m.consoles {
		if msg.String() == digit(i) {
			return m.lookAt(c)
		}
	}
	return nil
}

// sendMenuKey types the key that opens the menu, which never reaches the guest else.
func (m *Model) sendMenuKey(s *consoleScreen) {
	if _, letter, ok := strings.Cut(m.consoleKey("console.menu"), "ctrl+"); ok && len(letter) == 1 {
		m.typeInto(s.at, s.at.term.Key(tea.Key{Code: rune(letter[0]), Mod: tea.ModCtrl}))
		return
	}
	m.say(theme.StateWarn, "only ctrl and a letter or sign can be sent")
}

// consoleAgain tries a console that is not connected again, on enter.
func (m *Model) consoleAgain(c *guestConsole, key rune) tea.Cmd {
	if key != tea.KeyEnter || c.state == consoleOpening {
		return nil
	}
	if why := m.guestAway(c); why != "" {
		m.say(theme.StateWarn, why)
		return nil
	}
	return m.connectConsole(c, false)
}

func (m *Model) turnConsole(s *consoleScreen, n int) tea.Cmd {
	for i, c := range m.consoles {
		if c == s.at {
			return m.lookAt(m.consoles[(i+n+len(m.consoles))%len(m.consoles)])
		}
	}
	return nil
}

func (m *Model) listConsoles() tea.Cmd {
	if len(m.consoles) == 0 {
		m.say(theme.StateWarn, "no console is open; "+m.consoleKey("console.open")+" on a VM opens one")
		return nil
	}
	open := append([]*guestConsole(nil), m.consoles...)
	items := make([]menuItem, len(open))
	for i, c := range open {
		items[i] = menuItem{Key: digit(i), Title: c.fullName(m) + ": " + c.stateWords()}
	}
	m.menuOf("Consoles", items, func(i int) tea.Cmd {
		if open[i].gone {
			return nil
		}
		return m.lookAt(open[i])
	})
	return nil
}

// resizeGuest tells the guest the size: a serial line has none of its own.
func (m *Model) resizeGuest(s *consoleScreen) {
	w, h := s.at.term.Size()
	m.typeInto(s.at, fmt.Appendf(nil, "stty rows %d cols %d\r", h, w))
}

// askForce takes the console over after a question.
func (m *Model) askForce(s *consoleScreen) {
	c := s.at
	if c.state == consoleOn {
		m.say(theme.StateOK, "the console is connected already")
		return
	}
	m.confirm(overlay.Question{
		Title: "Take over the console of " + c.fullName(m) + "?", Verb: "Take over", Level: overlay.Disruptive,
		Loses: []string{"Whoever is on it now is cut off."},
	}, func() tea.Cmd { return m.connectConsole(c, true) })
}
