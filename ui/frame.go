package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// frameTime is the least time between two renderings. Bubble Tea asks for the view
// after every message; a held key or a burst of changes would render each.
const frameTime = 8 * time.Millisecond

// frame is the tea.Model: it renders at once, then at most every frameTime, and never
// loses the last state.
type frame struct {
	m       *Model
	last    tea.View
	at      time.Time
	dirty   bool
	pending bool
}

// frameMsg asks for the rendering that was put off.
type frameMsg struct{}

// Root wraps the model for Bubble Tea.
func Root(m *Model) tea.Model { return &frame{m: m} }

// Init implements tea.Model.
func (f *frame) Init() tea.Cmd { return f.m.Init() }

// Update implements tea.Model.
func (f *frame) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(frameMsg); ok {
		f.pending = false
		return f, nil
	}
	cmd := f.m.Update(msg)
	f.dirty = true
	if f.pending {
		return f, cmd
	}
	wait := frameTime - time.Since(f.at)
	if wait <= 0 {
		return f, cmd
	}
	f.pending = true
	return f, tea.Batch(cmd, tea.Tick(wait, func(time.Time) tea.Msg { return frameMsg{} }))
}

// View implements tea.Model.
func (f *frame) View() tea.View {
	if f.dirty && !f.pending {
		f.last, f.at, f.dirty = f.m.view(), time.Now(), false
	}
	return f.last
}

// requestSync asks whether the terminal takes synchronized output; Bubble Tea itself
// does not ask over SSH.
func requestSync() tea.Cmd { return tea.Raw(ansi.RequestModeSynchronizedOutput) }
