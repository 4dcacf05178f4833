package ui

import (
	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/form"
	"hvdeck/ui/line"
)

// filterLine is "/" while it is typed; it takes the place of the keys at the foot.
type filterLine struct {
	input  *form.Input
	on     searchable
	before string
}

// openFilter starts to type a filter for what has the focus.
func (m *Model) openFilter() {
	on := m.searchableNow()
	if on == nil {
		return
	}
	m.filtering = &filterLine{input: form.NewInput(on.FilterText()), on: on, before: on.FilterText()}
}

func (m *Model) searchableNow() searchable {
	if s := m.screen(); s != nil {
		return s.searchable()
	}
	if m.focus == focusDetails {
		return nil
	}
	return m.slots[m.focus].view()
}

// filterKey edits the filter, which applies as it is typed: enter keeps it, esc puts
// back the one before, the arrows move in the list.
func (m *Model) filterKey(msg tea.KeyPressMsg) tea.Cmd {
	switch msg.String() {
	case "enter":
		m.filtering = nil
	case "esc", "ctrl+c":
		m.filtering.on.Filter(m.filtering.before)
		m.filtering = nil
	case "down", "ctrl+n":
		m.runHere("list.down")
	case "up", "ctrl+p":
		m.runHere("list.up")
	default:
		m.filtering.input.Key(msg)
		m.applyFilter()
	}
	return nil
}

func (m *Model) applyFilter() { m.filtering.on.Filter(m.filtering.input.Value()) }

func (m *Model) filterDraw(w int) string {
	th := m.env.Theme
	b := line.New(th, theme.Plain, w)
	b.Add(theme.Key, " /")
	m.filtering.input.Draw(b, theme.Text, &th.Glyphs, max(b.Left()-44, 20), true)
	b.Add(theme.Muted, "  enter keeps  esc drops  ! inverts  host: …")
	return b.Gap(b.Left()).String()
}
