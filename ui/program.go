package ui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend/guard"
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
	options := append([]tea.ProgramOption{tea.WithFPS(FPS), tea.WithoutSignalHandler()}, extra...)
	p := tea.NewProgram(Root(m), options...)
	if asker != nil {
		asker.Attach(p)
	}
	m.program.Store(p)
	guard.Go("store pump", m.o.Fault, func() { pump(ctx, m, p) })
	over := make(chan struct{})
	guard.Go("way out", m.o.Fault, func() { endWith(ctx, p, over, m.o.Fault) })
	_, err := p.Run()
	close(over)
	m.declinePrompts()
	if errors.Is(err, tea.ErrInterrupted) || (errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil) {
		return nil // ended from outside, in good order
	}
	return err
}

// quitTime is how long the program may take to end when it is asked to from outside.
const quitTime = 2 * time.Second

// endWith asks the program to end when ctx does, and kills it when it does not hear: a
// kill does not wait for the reader of the terminal.
func endWith(ctx context.Context, p *tea.Program, over <-chan struct{}, fault func(error)) {
	select {
	case <-over:
		return
	case <-ctx.Done():
	}
	guard.Go("quit", fault, p.Quit)
	select {
	case <-over:
	case <-time.After(quitTime):
		p.Kill()
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
