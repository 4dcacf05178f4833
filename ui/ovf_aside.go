package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/ui/wizard"
)

// ovfWait is what runs aside for a page.
type ovfWait struct {
	cancel context.CancelFunc
	until  time.Time
	late   func() tea.Cmd
}

func (i *ovfImport) stopWaiting() {
	if i.waiting != nil {
		i.waiting.cancel()
		i.waiting = nil
	}
}

// open says whether the wizard is still there.
func (i *ovfImport) open() bool {
	for _, o := range i.m.overlays {
		if o.box == i.box {
			return true
		}
	}
	return false
}

// graceOfWork is how long work may take to notice that its time is over; then the
// wizard goes on without it.
const graceOfWork = 3 * time.Second

// ovfWork is work that runs aside.
type ovfWork[T any] struct {
	name, what string
	limit      time.Duration
	do         func(context.Context) (T, error)
}

// ovfAside runs work while a page says what is waited for; take goes on with its answer
// on the event loop, unless nobody waits for it any more.
func ovfAside[T any](i *ovfImport, work ovfWork[T], take func(T, error) tea.Cmd) tea.Cmd {
	ctx, cancel := context.WithTimeout(i.m.lifetime(), work.limit)
	w := &ovfWait{cancel: cancel, until: i.m.now().Add(work.limit + graceOfWork)}
	i.stopWaiting()
	i.waiting = w
	taken := func(answer T, err error) tea.Cmd {
		if i.waiting != w || !i.open() {
			return nil
		}
		i.stopWaiting()
		return take(answer, err)
	}
	w.late = func() tea.Cmd {
		var none T
		return taken(none, backend.Refuse(backend.ClassUnreachable, work.what, "", "there was no answer within %s", work.limit))
	}
	i.box.Show(&wizard.Wait{Name: work.name, What: work.what, Began: i.m.now(), Now: i.m.now}, 0, 0)
	fault := i.m.o.Fault
	done := i.m.aside(work.name, func() func() tea.Cmd {
		defer cancel()
		answer, err := guardedWork(ctx, work, fault)
		return func() tea.Cmd { return taken(answer, err) }
	})
	return tea.Batch(done, i.clock(w))
}

// guardedWork makes an error of a panic, so that who waits hears of it.
func guardedWork[T any](ctx context.Context, work ovfWork[T], fault func(error)) (answer T, err error) {
	defer guard.Recover(work.name, func(e error) { fault(e); err = e })
	return work.do(ctx)
}

// clock redraws the page once a second while it waits, and ends a wait that is overdue.
func (i *ovfImport) clock(w *ovfWait) tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg {
		return directMsg{func() tea.Cmd {
			if i.waiting != w {
				return nil
			}
			if i.m.now().After(w.until) {
				return w.late()
			}
			return i.clock(w)
		}}
	})
}
