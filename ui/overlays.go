package ui

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/form"
	"hvdeck/ui/overlay"
	"hvdeck/ui/palette"
)

// overlay is a box over the frame that takes every key until it closes.
type overlayBox interface {
	Draw(w, h int, th *theme.Theme) []string
}

// overlay is a box with what happens on its keys. update reports whether it closes.
type overlayEntry struct {
	box     overlayBox
	update  func(tea.KeyPressMsg) (closed bool, cmd tea.Cmd)
	onPaste func(string)
	prompt  int            // number of the prompt it belongs to; 0 for none
	conn    backend.ConnID // that asks by it
	failure bool           // a task that did not end well
}

func (o overlayEntry) paste(text string) {
	if o.onPaste != nil {
		o.onPaste(text)
	}
}

func (m *Model) overlayKey(msg tea.KeyPressMsg) tea.Cmd {
	top := m.overlays[len(m.overlays)-1]
	closed, cmd := top.update(msg)
	if closed {
		m.closeOverlay(top.box)
	}
	return cmd
}

// closeOverlay takes a box away; what opened over it meanwhile stays.
func (m *Model) closeOverlay(box overlayBox) {
	kept := m.overlays[:0]
	for _, o := range m.overlays {
		if o.box != box {
			kept = append(kept, o)
		}
	}
	m.overlays = kept
	m.nextPrompt()
}

// withOverlay puts the open boxes over the frame, each in the middle.
func (m *Model) withOverlay(base []string) []string {
	for _, o := range m.overlays {
		box := o.box.Draw(m.w-2, m.h-2, m.env.Theme)
		base = overlay.Center(base, box, m.w)
	}
	return base
}

// confirm asks, and does yes on a confirmation.
func (m *Model) confirm(q overlay.Question, yes func() tea.Cmd) {
	c := overlay.NewConfirm(q, m.now)
	m.overlays = append(m.overlays, overlayEntry{box: c, onPaste: c.Paste, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		switch c.Update(k) {
		case overlay.Confirmed:
			return true, yes()
		case overlay.Cancelled:
			return true, nil
		default:
			return false, nil
		}
	}})
}

// message shows text until it is closed.
func (m *Model) message(title, text string, tok theme.Token) {
	box := overlay.NewMessage(title, text)
	box.Tok = tok
	m.overlays = append(m.overlays, overlayEntry{box: box, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		return box.Update(k) != overlay.Open, nil
	}})
}

// menuOf shows entries; take gets the index of the one that was chosen.
func (m *Model) menuOf(title string, items []overlay.MenuItem, take func(int) tea.Cmd) {
	box := overlay.NewMenu(title, items)
	m.overlays = append(m.overlays, overlayEntry{box: box, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		switch box.Update(k) {
		case overlay.Chosen:
			i, _ := box.Choice()
			return true, take(i)
		case overlay.Cancelled:
			return true, nil
		default:
			return false, nil
		}
	}})
}

// ask shows a form; submit gets its values.
func (m *Model) ask(title string, fields []form.Field, submit func(form.Values) tea.Cmd) {
	box := form.New(title, fields)
	m.overlays = append(m.overlays, overlayEntry{box: box, onPaste: box.Paste, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		switch box.Update(k) {
		case form.Submitted:
			return true, submit(box.Values())
		case form.Cancelled:
			return true, nil
		default:
			return false, nil
		}
	}})
}

// pick shows the palette; take gets the index of the entry that was chosen.
func (m *Model) pick(entries []palette.Entry, take func(int) tea.Cmd) *palette.Model {
	box := palette.New(entries, m.history)
	m.overlays = append(m.overlays, overlayEntry{box: box, onPaste: box.Paste, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		switch box.Update(k) {
		case palette.Chosen:
			m.history = box.History()
			i, _ := box.Choice()
			return true, take(i)
		case palette.Cancelled:
			return true, nil
		default:
			return false, nil
		}
	}})
	return box
}

// askQuit is asked when operations of ours are still on their way.
func (m *Model) askQuit(running int) {
	q := overlay.Question{
		Title: "Quit hvdeck?", Verb: "Quit", Level: overlay.Disruptive,
		Loses: []string{fmt.Sprintf("%d running here. Transfers are cancelled. What else they have begun the servers finish; you will not see how it ends.", running)},
	}
	m.confirm(q, func() tea.Cmd { return tea.Quit })
}

// elapsed writes a duration as the task line does: "0:12".
func elapsed(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
