package ui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/guard"
)

// What is kept nowhere is asked for directly: documents, definitions. It never waits in
// the event loop, has a deadline, and what comes back is cleaned where it is shown; a
// definition that goes back to the server stays as it is.

// directTime bounds one question to a server.
const directTime = 30 * time.Second

// directMsg brings what was fetched aside; take goes on with it on the event loop.
type directMsg struct{ take func() tea.Cmd }

// aside does what takes time off the event loop; what work returns goes on with it.
func (m *Model) aside(what string, work func() (take func() tea.Cmd)) tea.Cmd {
	fault := m.o.Fault
	return func() (msg tea.Msg) {
		defer guard.Recover(what, func(err error) { fault(err); msg = FaultMsg{err} })
		return directMsg{work()}
	}
}

// direct asks the backend of a connection; take gets the answer, or why there is none,
// on the event loop.
func direct[T any](m *Model, what string, conn backend.ConnID, ask func(context.Context, backend.Backend) (T, error), take func(T, error) tea.Cmd) tea.Cmd {
	poller, life := m.o.Poller, m.lifetime()
	return m.aside(what, func() func() tea.Cmd {
		ctx, cancel := context.WithTimeout(life, directTime)
		defer cancel()
		var answer T
		b, err := poller.Backend(conn)
		if err == nil {
			answer, err = guarded(ctx, b, what, ask, m.o.Fault)
		}
		return func() tea.Cmd { return take(answer, err) }
	})
}

// guarded makes an error of a panic in a driver, so that who asked hears of it.
func guarded[T any](ctx context.Context, b backend.Backend, what string, ask func(context.Context, backend.Backend) (T, error), fault func(error)) (answer T, err error) {
	defer guard.Recover(what, func(e error) { fault(e); err = e })
	return ask(ctx, b)
}

// lifetime ends with the program.
func (m *Model) lifetime() context.Context {
	if m.life == nil {
		return context.Background()
	}
	return m.life
}

// errorWords is an error in full, with what to do, ready to be shown.
func errorWords(err error) string {
	text := err.Error()
	var e *backend.Error
	if errors.As(err, &e) && e.Remedy != "" {
		text += "\n\nWhat to do: " + e.Remedy
	}
	return clean.Text(text)
}
