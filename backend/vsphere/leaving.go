package vsphere

import (
	"context"
	"sync"
	"time"

	"hvdeck/backend/guard"
)

// leaveTimeout is how long Close waits for what has to be done before the session
// ends; with the logout it stays below the 5 s that Close may take.
const leaveTimeout = 2 * time.Second

// leaving is what has to be done before the session ends.
type leaving struct {
	mu      sync.Mutex
	begun   bool
	holds   int
	free    chan struct{} // closed when the last hold is released after begun
	closers []func(context.Context)
}

// hold makes Close wait, for 2 s at most, until release is called: for work that has to
// undo something at the server after c.life has ended, such as aborting a lease. It is
// taken before that work begins; release may be called more than once. What is done in
// the hold after c.life has ended takes its context from parting.
func (c *Conn) hold() (release func()) {
	l := &c.leave
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holds++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.holds--; l.holds == 0 && l.free != nil {
			close(l.free)
			l.free = nil
		}
	})
}

// parting is a context for undoing something: it does not end with the connection, and
// ends before the session does.
func (c *Conn) parting() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), leaveTimeout)
}

// onClose has end called when the connection is closed, before the session is ended:
// for further sessions with the same server. Where the connection is closed already, it
// is called at once. end must not block past its context.
func (c *Conn) onClose(end func(context.Context)) {
	l := &c.leave
	l.mu.Lock()
	if !l.begun {
		l.closers = append(l.closers, end)
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	ctx, cancel := c.parting()
	defer cancel()
	end(ctx)
}

// depart waits for the holds and ends the further sessions, at the same time.
func (l *leaving) depart(ctx context.Context) {
	l.mu.Lock()
	l.begun = true
	closers := l.closers
	l.closers = nil
	var free chan struct{}
	if l.holds > 0 {
		free = make(chan struct{})
		l.free = free
	}
	l.mu.Unlock()
	ended := make(chan struct{}, len(closers))
	for _, end := range closers {
		guard.Go("end a session", nil, func() {
			defer func() { ended <- struct{}{} }()
			end(ctx)
		})
	}
	for range closers {
		select {
		case <-ended:
		case <-ctx.Done():
			return
		}
	}
	if free == nil {
		return
	}
	select {
	case <-free:
	case <-ctx.Done():
	}
}
