// Package poll decides who is asked what and when: one connection's goroutines
// dial, watch, list and sample, each on its own, and redial by themselves.
//
// It promises that a connection that is down, hangs or dies never holds up
// another or a caller; that visible things are asked for often and hidden ones
// seldom; that nothing is asked twice at once; and that Close ends every goroutine
// and logs out of every server.
package poll

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/store"
)

// Endpoint is one connection to keep.
type Endpoint struct {
	ID         backend.ConnID
	URI        string // for display, without password
	Dialer     backend.Dialer
	ReadOnly   bool
	Production bool
	Colour     string
}

// Intervals are how often things are asked for; zero fields take the default.
type Intervals struct {
	Stats  time.Duration // load of VMs and hosts; 2 s
	Lists  time.Duration // lists in sight that no watch keeps; 5 s
	Hidden time.Duration // the same, out of sight; 30 s
	Focus  time.Duration // children of what is in focus (snapshots); 1 s
	Detail time.Duration // dear fields of what is in focus; 5 s
}

func (i Intervals) withDefaults() Intervals {
	def := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&i.Stats, 2*time.Second)
	def(&i.Lists, 5*time.Second)
	def(&i.Hidden, 30*time.Second)
	def(&i.Focus, time.Second)
	def(&i.Detail, 5*time.Second)
	return i
}

// Interest is what the screen shows; the zero value is nothing.
type Interest struct {
	Kinds    []backend.Kind  // lists in sight
	Children []backend.Query // children in sight: snapshots of a VM, volumes of a pool
	Rows     []backend.Ref   // VMs and hosts whose load is in sight
	AllLoads bool            // a screen that sorts by load needs them all
	Details  []backend.Ref
	Node     backend.Ref // host under the node monitor
}

// Options wires a Poller.
type Options struct {
	Store   *store.Store
	Ask     backend.Asker
	Foreign func(backend.RemoteTask) // takes tasks that servers report; may be nil
	Fault   func(error)              // takes recovered panics; may be nil
	// Phase hears of every change of a connection's phase; may be nil, must not block.
	Phase func(store.ConnStatus)
	// Lost hears that a session ended and why; may be nil, must not block.
	Lost      func(backend.ConnID, error)
	Intervals Intervals
	Now       func() time.Time
}

// Poller keeps all connections. Its methods are safe for concurrent use.
type Poller struct {
	o        Options
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	mu       sync.Mutex
	conns    map[backend.ConnID]*conn
	interest atomic.Pointer[Interest]
}

// New makes a Poller with no connections.
func New(ctx context.Context, o Options) *Poller {
	o.Intervals = o.Intervals.withDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &Poller{o: o, ctx: ctx, cancel: cancel, conns: map[backend.ConnID]*conn{}}
	p.interest.Store(&Interest{})
	return p
}

// Add starts keeping a connection. It fails when the name is taken.
func (p *Poller) Add(e Endpoint) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[e.ID] != nil {
		return fmt.Errorf("two connections are named %q", e.ID)
	}
	c := newConn(p, e)
	p.conns[e.ID] = c
	c.status(func(*store.ConnStatus) {}) // seen at once, in the order of adding
	p.wg.Add(1)
	guard.Go("connection "+string(e.ID), p.fault, func() {
		defer p.wg.Done()
		c.keep(p.ctx)
	})
	return nil
}

func (p *Poller) fault(err error) {
	if p.o.Fault != nil {
		p.o.Fault(err)
	}
}

// Backend gives the live backend of a connection, or why there is none.
func (p *Poller) Backend(id backend.ConnID) (backend.Backend, error) {
	p.mu.Lock()
	c := p.conns[id]
	p.mu.Unlock()
	if c == nil {
		return nil, backend.Refuse(backend.ClassNotFound, "use connection", string(id), "there is no such connection")
	}
	if b := c.live(); b != nil {
		return b, nil
	}
	st, _ := p.o.Store.Conn(id)
	return nil, &backend.Error{
		Class: backend.ClassUnreachable, Doing: "use connection", Object: string(id),
		Message: "the connection is " + st.Phase.String(), Remedy: "wait for it to come back, or press ctrl-r to redial",
	}
}

// SetInterest says what is in sight from now on.
func (p *Poller) SetInterest(i Interest) {
	was := p.interest.Swap(&i)
	// Only what changed is asked for at once: a list that is sorted by load changes
	// its rows with every sample, and must not ask for the next one by that.
	loads := i.AllLoads != was.AllLoads || !sameRefs(i.Rows, was.Rows)
	focus := !slices.EqualFunc(i.Children, was.Children, func(a, b backend.Query) bool { return a.Kind == b.Kind && a.Parent == b.Parent })
	details := !slices.Equal(i.Details, was.Details)
	p.each(func(c *conn) {
		if loads {
			kick(c.statsKick)
		}
		if focus {
			kick(c.focusKick)
		}
		if details {
			c.dropDetails(i.Details)
			kick(c.detailKick)
		}
	})
}

// sameRefs compares without regard to order.
func sameRefs(a, b []backend.Ref) bool {
	if len(a) != len(b) {
		return false
	}
	have := make(map[backend.Ref]bool, len(a))
	for _, r := range a {
		have[r] = true
	}
	return !slices.ContainsFunc(b, func(r backend.Ref) bool { return !have[r] })
}

// Refresh lists and samples everything of a connection again, now; all
// connections when id is empty.
func (p *Poller) Refresh(id backend.ConnID) {
	p.each(func(c *conn) {
		if id == "" || c.e.ID == id {
			c.refreshAll()
		}
	})
}

// Touched asks for one object and its children to be looked at again, now: an
// operation on it has just ended.
func (p *Poller) Touched(r backend.Ref) {
	p.each(func(c *conn) {
		if c.e.ID != r.Conn {
			return
		}
		// What a change feed keeps is not listed beside it: an older answer could
		// overwrite a newer change.
		if b := c.live(); b != nil && !slices.Contains(b.Caps().Watched, r.Kind) {
			c.invalidate(backend.Query{Kind: r.Kind, Refs: []backend.Ref{r}})
		}
		kick(c.touchKick)
		kick(c.detailKick)
	})
}

// Redial tries a connection again at once, also one that was refused; all that are
// not ready when id is empty.
func (p *Poller) Redial(id backend.ConnID) {
	p.each(func(c *conn) {
		if (id == "" || c.e.ID == id) && c.live() == nil {
			kick(c.redialKick)
		}
	})
}

func (p *Poller) each(f func(*conn)) {
	p.mu.Lock()
	all := make([]*conn, 0, len(p.conns))
	for _, c := range p.conns {
		all = append(all, c)
	}
	p.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}

// Close ends everything and waits for it, at most until ctx ends.
func (p *Poller) Close(ctx context.Context) error {
	p.cancel()
	done := make(chan struct{})
	guard.Go("poller close", p.fault, func() {
		p.wg.Wait()
		close(done)
	})
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close connections: %w", ctx.Err())
	}
}

// kick wakes a loop; one pending kick is enough.
func kick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
