package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/ui/tty"
)

// frameTime is the least time between two renderings. Bubble Tea asks for the view
// after every message; a held key or a burst of changes would render each.
const frameTime = 8 * time.Millisecond

// frame is the tea.Model: it renders at once, then at most every frameTime, and never
// loses the last state. While the terminal is behind it goes on giving what it gave: the
// writer finds nothing new in that, and what comes next holds all that happened meanwhile.
type frame struct {
	m       *Model
	last    tea.View // rendered
	given   tea.View // to the writer
	at      time.Time
	dirty   bool
	pending bool
	waiting bool // last is not given yet
	anew    bool // the writer draws all of it in any case
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
	switch msg.(type) {
	case tea.WindowSizeMsg, tea.ResumeMsg:
		f.anew = true
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
		f.last, f.at, f.dirty, f.waiting = f.m.view(), time.Now(), false, true
	}
	if f.waiting && (f.anew || !f.m.behind()) {
		f.given, f.waiting, f.anew = f.last, false, false
	}
	return f.given
}

// behind says whether the terminal has yet to show what was written.
func (m *Model) behind() bool { return m.o.Terminal != nil && m.o.Terminal.Behind() }

// passCaught asks for the frame that was held back.
func passCaught(ctx context.Context, t *tty.Terminal, p *tea.Program) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.Caught():
			p.Send(frameMsg{})
		}
	}
}

// requestSync asks whether the terminal takes synchronized output; Bubble Tea itself
// does not ask over SSH.
func requestSync() tea.Cmd { return tea.Raw(ansi.RequestModeSynchronizedOutput) }
