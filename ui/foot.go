package ui

import (
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/line"
)

// footLine is the last line: the filter while it is typed, a note for a while, else
// the keys that help most here.
func (m *Model) footLine(w int) string {
	if m.filtering != nil {
		return m.filterDraw(w)
	}
	th := m.env.Theme
	b := line.New(th, theme.Plain, w)
	if m.note.text != "" && m.env.Now.Before(m.note.until) {
		return b.Gap(1).Add(m.note.tok, m.note.text).Gap(w).String()
	}
	m.note = note{}
	b.Gap(1)
	for _, a := range m.hints() {
		text := hintWord(a)
		if b.Left() < line.Width(a.Keys[0])+line.Width(text)+4 {
			break
		}
		b.Add(theme.Key, keyWord(a.Keys[0])).Gap(1).Add(theme.Muted, text).Gap(2)
	}
	return b.Gap(b.Left()).String()
}

// hints are the actions worth a place at the foot, what is near first.
func (m *Model) hints() []keymap.Action {
	var out []keymap.Action
	for _, a := range m.reg.In(m.chain()) {
		if a.Hint && len(a.Keys) > 0 {
			out = append(out, a)
		}
	}
	return out
}

func hintWord(a keymap.Action) string { return commandName(a) }

func keyWord(k string) string { return k }
