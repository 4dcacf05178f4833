package poll

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/store"
)

// dialTimeout bounds one attempt; the time an operator takes to answer a prompt
// does not count.
const dialTimeout = 30 * time.Second

// soundSession is how long data has to have come before the back-off starts anew.
const soundSession = 10 * time.Second

// conn keeps one connection: dial, session, back-off, again.
type conn struct {
	p *Poller
	e Endpoint

	statsKick, focusKick, detailKick chan struct{} // what is in sight changed
	touchKick                        chan struct{} // an operation ended
	listKick, redialKick             chan struct{}

	proof *proof          // of the session; changed only while no loop runs
	owing map[string]bool // loops that have to be answered before it is ready again; as proof

	mu      sync.Mutex
	b       backend.Backend
	getting backend.Ref          // whose details are being fetched; zero: none
	dropGet context.CancelFunc   // ends that
	pending []backend.Query      // to be listed; merged as they come
	noted   map[string]time.Time // complaints in the event log, by text
}

func newConn(p *Poller, e Endpoint) *conn {
	one := func() chan struct{} { return make(chan struct{}, 1) }
	return &conn{
		p: p, e: e, owing: map[string]bool{}, noted: map[string]time.Time{},
		statsKick: one(), focusKick: one(), detailKick: one(), touchKick: one(), listKick: one(), redialKick: one(),
	}
}

func (c *conn) live() backend.Backend {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b
}

func (c *conn) setLive(b backend.Backend) {
	c.mu.Lock()
	c.b = b
	c.mu.Unlock()
}

// keep dials and redials until ctx ends.
func (c *conn) keep(ctx context.Context) {
	was := store.Connecting
	for attempt := 0; ctx.Err() == nil; {
		c.status(func(s *store.ConnStatus) {
			s.Phase, s.Attempt, s.NextTry = phaseWhileDialling(was), attempt+1, time.Time{}
		})
		b, err := c.dial(ctx)
		if err == nil {
			var lasted time.Duration
			lasted, err = c.session(ctx, b)
			was = store.Stale
			if lasted > soundSession {
				attempt = 0
			}
		}
		if ctx.Err() != nil {
			return
		}
		attempt++
		was = c.wait(ctx, err, was, attempt)
	}
}

// phaseWhileDialling keeps saying what is wrong while it is tried again.
func phaseWhileDialling(was store.Phase) store.Phase {
	if was == store.Stale || was == store.Failed {
		return was
	}
	return store.Connecting
}

// wait sits out the back-off: 1 s, 2 s, 4 s … 30 s, each with up to a quarter of
// jitter. What only the operator can mend waits for a redial.
func (c *conn) wait(ctx context.Context, err error, was store.Phase, attempt int) store.Phase {
	class := backend.ClassOf(err)
	hopeless := class == backend.ClassDenied || class == backend.ClassUntrusted || class == backend.ClassInvalid || class == backend.ClassCancelled
	pause := min(time.Second<<min(attempt-1, 5), 30*time.Second)
	pause += rand.N(pause/4 + 1)
	c.status(func(s *store.ConnStatus) {
		s.Err, s.Remedy = err.Error(), remedyOf(err)
		switch {
		case hopeless:
			s.Phase, s.NextTry = store.Denied, time.Time{}
		case was == store.Stale:
			s.Phase, s.NextTry = store.Stale, c.p.o.Now().Add(pause)
		default:
			s.Phase, s.NextTry = store.Failed, c.p.o.Now().Add(pause)
		}
	})
	var timer <-chan time.Time
	if !hopeless {
		timer = time.After(pause)
	}
	select {
	case <-ctx.Done():
	case <-timer:
	case <-c.redialKick:
	}
	switch {
	case was == store.Stale:
		return store.Stale
	case hopeless:
		return store.Connecting
	default:
		return store.Failed
	}
}

func remedyOf(err error) string {
	var e *backend.Error
	if errors.As(err, &e) {
		return e.Remedy
	}
	return ""
}

// status changes the connection's entry in the store; Since moves with the phase.
func (c *conn) status(change func(*store.ConnStatus)) {
	s, ok := c.p.o.Store.Conn(c.e.ID)
	if !ok {
		s = store.ConnStatus{
			ID: c.e.ID, URI: c.e.URI, Since: c.p.o.Now(),
			ReadOnly: c.e.ReadOnly, Production: c.e.Production, Colour: c.e.Colour,
		}
	}
	phase := s.Phase
	change(&s)
	if s.Phase != phase {
		s.Since = c.p.o.Now()
	}
	c.p.o.Store.SetConn(s)
	if s.Phase != phase && c.p.o.Phase != nil {
		c.p.o.Phase(s)
	}
}

// dial makes one attempt, bounded also when a driver forgets its own bound: a
// backend that comes too late is closed.
func (c *conn) dial(ctx context.Context) (backend.Backend, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ask := &pausingAsker{inner: c.p.o.Ask}
	type answer struct {
		b   backend.Backend
		err error
	}
	got := make(chan answer, 1)
	guard.Go("dial "+string(c.e.ID), func(err error) {
		c.p.fault(err)
		got <- answer{nil, err}
	}, func() {
		b, err := c.e.Dialer.Dial(ctx, ask)
		got <- answer{b, err}
	})
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for spent := time.Duration(0); ; {
		select {
		case a := <-got:
			return a.b, a.err
		case <-ctx.Done():
			c.discard(got2(got, func(a answer) backend.Backend { return a.b }))
			return nil, ctx.Err()
		case <-tick.C:
			if !ask.asking() {
				spent += 250 * time.Millisecond
			}
			if spent >= dialTimeout {
				c.discard(got2(got, func(a answer) backend.Backend { return a.b }))
				return nil, &backend.Error{
					Class: backend.ClassUnreachable, Doing: "connect to", Object: c.e.URI,
					Message: "no answer within " + dialTimeout.String(),
				}
			}
		}
	}
}

// got2 turns a late answer into a wait for its backend.
func got2[A any](got <-chan A, b func(A) backend.Backend) func() backend.Backend {
	return func() backend.Backend { return b(<-got) }
}

// discard waits for a backend that nobody wants any more and closes it. Close of the
// Poller waits for that, or the process would leave files and sessions behind.
func (c *conn) discard(late func() backend.Backend) {
	c.p.wg.Add(1)
	guard.Go("late dial "+string(c.e.ID), c.p.fault, func() {
		defer c.p.wg.Done()
		if b := late(); b != nil {
			_ = b.Close()
		}
	})
}

// pausingAsker notes when the operator is thinking, so that the dial clock stops.
type pausingAsker struct {
	inner backend.Asker
	mu    sync.Mutex
	open  int
}

func (a *pausingAsker) asking() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open > 0
}

func (a *pausingAsker) count(n int) {
	a.mu.Lock()
	a.open += n
	a.mu.Unlock()
}

// Ask implements backend.Asker.
func (a *pausingAsker) Ask(ctx context.Context, p backend.Prompt) (string, error) {
	if a.inner == nil {
		return "", backend.Refuse(backend.ClassDenied, "ask", p.Title, "nobody can be asked")
	}
	a.count(1)
	defer a.count(-1)
	return a.inner.Ask(ctx, p)
}
