package ui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend/guard"
	"hvdeck/theme"
	"hvdeck/ui/tty"
)

// FPS is the frame rate of the terminal writer: at Bubble Tea's default of 60 a key
// waits for up to 17 ms, at 120 for up to 8.
const FPS = 120

// storePace is the least time between two notices of the store: data redraws at
// most ten times a second, keys at once.
const storePace = 100 * time.Millisecond

// Run shows the console until it is quit or ctx ends. The terminal is restored in
// every case. extra are options for tests.
func Run(ctx context.Context, m *Model, asker *Asker, extra ...tea.ProgramOption) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.life = ctx
	defer m.edits.RemoveAll()
	// Signals end ctx. Bubble Tea's own handler beside that one can wait for ever to
	// pass its signal on to a loop that has just ended.
	options := append([]tea.ProgramOption{tea.WithFPS(FPS), tea.WithoutSignalHandler(), tea.WithFilter(sized)}, extra...)
	if t := m.o.Terminal; t != nil {
		options = append(options, tea.WithInput(t.In()), tea.WithOutput(t.Out()))
		guard.Go("end of the terminal", m.o.Fault, func() { endAtHangup(ctx, t, cancel) })
	}
	p := tea.NewProgram(Root(m), options...)
	if t := m.o.Terminal; t != nil {
		guard.Go("terminal caught up", m.o.Fault, func() { passCaught(ctx, t, p) })
	}
	if asker != nil {
		asker.Attach(p)
	}
	m.program.Store(p)
	guard.Go("store pump", m.o.Fault, func() { pump(ctx, m, p) })
	guard.Go("notes", m.o.Fault, func() { m.passNotes(ctx, p) })
	over := make(chan struct{})
	guard.Go("way out", m.o.Fault, func() { m.endWith(ctx, p, over) })
	_, err := p.Run()
	close(over)
	m.declinePrompts()
	if errors.Is(err, tea.ErrInterrupted) || (errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil) {
		return nil // ended from outside, in good order
	}
	return err
}

// The way out, each from the moment in which it is asked for from outside.
const (
	letGoTime = time.Second     // a terminal that takes nothing more is waited for no longer
	quitTime  = 3 * time.Second // the program is killed
)

// endWith asks the program to end when ctx does, and kills it when it does not hear: a
// kill does not wait for the reader of the terminal.
func (m *Model) endWith(ctx context.Context, p *tea.Program, over <-chan struct{}) {
	select {
	case <-over:
		return
	case <-ctx.Done():
	}
	guard.Go("quit", m.o.Fault, p.Quit)
	select {
	case <-over:
		return
	case <-time.After(letGoTime):
	}
	if m.o.Terminal != nil {
		m.o.Terminal.LetGo()
	}
	select {
	case <-over:
	case <-time.After(quitTime - letGoTime):
		p.Kill()
	}
}

// endAtHangup ends the program with its terminal: where the terminal is not that of its
// session no signal tells of it.
func endAtHangup(ctx context.Context, t *tty.Terminal, end func()) {
	select {
	case <-ctx.Done():
	case <-t.Gone():
		end()
	}
}

// The size of a terminal that does not know its own, as a serial line: the least that
// terminals have had.
const unknownWidth, unknownHeight = 80, 24

// sized gives a terminal that says it has no cells the usual ones.
func sized(_ tea.Model, msg tea.Msg) tea.Msg {
	if size, ok := msg.(tea.WindowSizeMsg); ok && size.Width == 0 && size.Height == 0 {
		return tea.WindowSizeMsg{Width: unknownWidth, Height: unknownHeight}
	}
	return msg
}

// passNotes brings warnings from elsewhere to the foot.
func (m *Model) passNotes(ctx context.Context, p *tea.Program) {
	for {
		select {
		case <-ctx.Done():
			return
		case text := <-m.o.Tells:
			p.Send(noteMsg{theme.StateWarn, text})
		}
	}
}

// pump passes on that the store has changed: one notice outstanding, one per pace.
func pump(ctx context.Context, m *Model, p *tea.Program) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.store.Changed():
		}
		p.Send(ChangedMsg{})
		select {
		case <-ctx.Done():
			return
		case <-time.After(storePace):
		}
	}
}
