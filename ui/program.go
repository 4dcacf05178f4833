package ui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend/guard"
	"hvdeck/ui/tty"
)

// FPS is the frame rate of the terminal writer: at Bubble Tea's default of 60 a key
// waits for up to 17 ms, at 120 for up to 8.
const FPS = 120

// storePace is the time between two notices of the store, and storeBurst how many may come
// at once after a rest: data redraws ten times a second at most, keys and what comes after a
// while, as the first rows do, at once.
const (
	storePace  = 100 * time.Millisecond
	storeBurst = 4
)

// Run shows the console until it is quit or ctx ends. The terminal is restored in
// every case. extra are options for tests.
func Run(ctx context.Context, m *Model, asker *Asker, extra ...tea.ProgramOption) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.life = ctx
	defer m.edits.RemoveAll()
	// Signals end ctx. Bubble Tea's own handler beside that one can wait for ever to
	// pass its signal on to a loop that has just ended.
	options := append([]tea.ProgramOption{tea.WithFPS(FPS), tea.WithoutSignalHandler(), tea.WithFilter(m.filter)}, extra...)
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
	m.stopReading()
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

// filter sees what comes before the model does: the end, from which on keys are for the
// shell, and that the shell gave them back.
func (m *Model) filter(root tea.Model, msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.QuitMsg:
		m.stopReading()
	case tea.ResumeMsg:
		m.lend(false)
	}
	return sized(root, msg)
}

func (m *Model) stopReading() {
	if m.o.Terminal != nil {
		m.o.Terminal.StopReading()
	}
}

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
		case told := <-m.o.Tells:
			p.Send(tellMsg{told})
		}
	}
}

// pacer says how long to wait before the next notice.
type pacer struct {
	due time.Time // when the last notice would have gone at one per pace
}

func (p *pacer) wait(now time.Time) time.Duration {
	if p.due.Before(now) {
		p.due = now
	}
	p.due = p.due.Add(storePace)
	return max(p.due.Sub(now)-(storeBurst-1)*storePace, 0)
}

// pump passes on that the store has changed: one notice outstanding, at its pace.
func pump(ctx context.Context, m *Model, p *tea.Program) {
	var pace pacer
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
		case <-time.After(pace.wait(time.Now())):
		}
	}
}
