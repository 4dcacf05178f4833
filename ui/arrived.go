package ui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// What a server answers comes when the operator may be at something else by then. It must
// not take the keys that were meant for that, nor the screen that is in sight.

// spot is where the operator was when something was asked, and when. Going back gives up
// what was asked, even where there is nothing to go back from.
type spot struct {
	screen screen
	focus  int
	backs  int
	at     time.Time
}

// atOnce is how long a box that was asked for still counts as opened by the key: what is
// typed next is meant for it.
const atOnce = 200 * time.Millisecond

// here is to be kept with a question to a server, for what its answer opens.
func (m *Model) here() spot { return spot{m.screen(), m.focus, m.backs, time.Now()} }

// still reports whether the operator is where the question was asked, with nothing open.
func (m *Model) still(asked spot) bool {
	return m.idle() && m.screen() == asked.screen && m.focus == asked.focus && m.backs == asked.backs
}

// idle reports whether keys go to nothing that was opened since, so that a box may open.
func (m *Model) idle() bool {
	_, guest := m.screen().(*consoleScreen)
	return len(m.overlays) == 0 && m.filtering == nil && !guest
}

// askArrived opens boxes, such as a form, that waited for an answer; what they open over
// swallows the keys that were under way. Where the operator has gone on to something else
// it opens nothing, and the foot says how to begin again.
func (m *Model) askArrived(asked spot, what string, open func() tea.Cmd) tea.Cmd {
	if !m.still(asked) {
		m.say(theme.StateWarn, what+": nothing was opened, you were at something else when the server had answered; begin again")
		return nil
	}
	cmd := open()
	if time.Since(asked.at) < atOnce {
		return cmd
	}
	for i := range m.overlays {
		m.overlays[i] = m.overlays[i].quietly()
	}
	return cmd
}

// quietly swallows the keys that were under way when a box opened by itself.
func (o overlayEntry) quietly() overlayEntry {
	quiet, update, paste := overlay.NewGrace(time.Now), o.update, o.onPaste
	o.update = func(key tea.KeyPressMsg) (bool, tea.Cmd) {
		if quiet.Swallow() {
			return false, nil
		}
		return update(key)
	}
	if paste != nil {
		o.onPaste = func(text string) {
			if !quiet.Swallow() {
				paste(text)
			}
		}
	}
	return o
}

// waitBox has the keys while a server is asked, so that none goes to what is behind; esc
// closes it and does stop.
func (m *Model) waitBox(title, text string, stop func()) overlayBox {
	box := overlay.NewMessage(title, text+" esc stops.")
	m.overlays = append(m.overlays, overlayEntry{box: box, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		if name := k.String(); name != "esc" && name != "ctrl+c" {
			return false, nil
		}
		stop()
		return true, nil
	}})
	return box
}

// messageArrived shows text that an answer brought, in a box where the operator still waits
// for it, else in the foot.
func (m *Model) messageArrived(asked spot, title, text string) {
	if !m.still(asked) {
		m.sayFirst(theme.StateBad, title, text)
		return
	}
	m.messageUnasked(title, text, theme.StateBad)
}

// messageUnasked shows text that comes by itself. Where a box, a filter or a console has the
// keys its first line goes to the foot.
func (m *Model) messageUnasked(title, text string, tok theme.Token) {
	if !m.idle() {
		m.sayFirst(tok, title, text)
		return
	}
	m.message(title, text, tok)
	top := len(m.overlays) - 1
	m.overlays[top] = m.overlays[top].quietly()
}

// sayFirst puts the first line of a message into the foot.
func (m *Model) sayFirst(tok theme.Token, title, text string) {
	first, _, _ := strings.Cut(text, "\n")
	m.say(tok, title+": "+first)
}

// unsay takes a line at the foot away, unless a newer one stands there.
func (m *Model) unsay(text string) {
	if m.note.text == text {
		m.note = note{}
	}
}

// keyFor is the key of an action as it is now, for a line that names it; "" without one.
func (m *Model) keyFor(id string) string {
	if a, ok := m.reg.ByID(id); ok && len(a.Keys) > 0 {
		return a.Keys[0]
	}
	return ""
}
