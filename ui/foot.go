package ui

import (
	"strings"

	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/line"
)

// noteLines are how many lines a note may take at most: its own, that of the tasks and the
// border above, so that no row is hidden.
const noteLines = 3

// footLines are the last lines: the filter while it is typed, a note for a while, in as many
// lines as it needs, else the keys that help most here.
func (m *Model) footLines(w int) []string {
	if m.filtering != nil {
		return []string{m.filterDraw(w)}
	}
	if m.note.text != "" && m.env.Now.Before(m.note.until) {
		return m.noteDraw(w)
	}
	m.note = note{}
	return []string{m.hintLine(w)}
}

// noteDraw is the note; what is too long for its lines ends with a sign.
func (m *Model) noteDraw(w int) []string {
	words := line.Wrap(strings.ReplaceAll(m.note.text, "\n", " "), max(w-2, 1))
	most := noteLines
	if m.h < taskLineHeight {
		most--
	}
	if len(words) > most {
		words[most-1] = strings.Join(words[most-1:], " ")
		words = words[:most]
	}
	out := make([]string, len(words))
	for i, text := range words {
		out[i] = line.New(m.env.Theme, theme.Plain, w).Gap(1).Add(m.note.tok, text).Gap(w).String()
	}
	return out
}

// hintLine names keys. What leads to all others has its place at the end also where there is
// no room for the rest.
func (m *Model) hintLine(w int) string {
	b := line.New(m.env.Theme, theme.Plain, w)
	b.Gap(1)
	near, always := m.hints()
	room := 0
	for _, a := range always {
		room += hintWidth(a)
	}
	for _, a := range near {
		if b.Left()-room < hintWidth(a) {
			break
		}
		addHint(b, a)
	}
	for _, a := range always {
		if b.Left() >= hintWidth(a) {
			addHint(b, a)
		}
	}
	return b.Gap(b.Left()).String()
}

func hintWidth(a keymap.Action) int { return line.Width(a.Keys[0]) + line.Width(hintWord(a)) + 3 }

func addHint(b *line.Builder, a keymap.Action) {
	b.Add(theme.Key, a.Keys[0]).Gap(1).Add(theme.Muted, hintWord(a)).Gap(2)
}

// hints are the actions worth a place at the foot, what is near first, and those that are
// named everywhere.
func (m *Model) hints() (near, always []keymap.Action) {
	for _, id := range m.hintedHere() {
		if a, ok := m.reg.ByID(id); ok && len(a.Keys) > 0 {
			near = append(near, a)
		}
	}
	for _, a := range m.reg.In(m.chain()) {
		switch {
		case !a.Hint || (m.cursorless() && needsCursor(a)):
		case a.ID == "palette" || a.ID == "help":
			always = append(always, a)
		default:
			near = append(near, a)
		}
	}
	return near, always
}

// hintedHere are actions that are named only where rows are no objects.
func (m *Model) hintedHere() []string {
	if _, ok := m.screen().(*connScreen); ok {
		return []string{"redial"}
	}
	if m.cursorless() {
		return []string{"list.open"}
	}
	return nil
}

// cursorless reports that the rows in focus are no objects to act on.
func (m *Model) cursorless() bool {
	switch s := m.screen().(type) {
	case *connScreen:
		return true
	case *listScreen:
		return s.cursor == nil
	case nil:
		return m.stackFocus() == slotTasks
	}
	return false
}

// needsCursor reports that an action acts on the object under the cursor.
func needsCursor(a keymap.Action) bool {
	return strings.HasPrefix(a.ID, "menu.") || a.ID == "list.mark"
}

func hintWord(a keymap.Action) string { return commandName(a) }
