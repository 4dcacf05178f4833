package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/ui/pane"
)

// opening is a screen on which enter leads somewhere else.
type opening interface{ open(m *Model) tea.Cmd }

// marking is a screen whose rows can be marked: actions act on the marked ones.
type marking interface{ marking() *pane.Pane }

// markedPane is the pane whose marks count: that of the screen, else of the stack.
func (m *Model) markedPane() *pane.Pane {
	if s := m.screen(); s != nil {
		if l, ok := s.(marking); ok {
			return l.marking()
		}
	}
	return m.slots[m.stackFocus()].pane()
}

// tabWords names the tabs of a screen for its title, the one in sight in brackets.
func tabWords(names []string, at int) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = name
		if i == at {
			words[i] = "[" + name + "]"
		}
	}
	return strings.Join(words, " ")
}
