package poll_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
)

// halfHung is a server that lets everybody in and answers some calls no more.
type halfHung struct {
	backend.Dialer
	hung     backend.Ref // Get of it is not answered
	stats    atomic.Bool // Stats are not answered
	watch    atomic.Bool // the watch never has its kinds in full
	unwatch  bool        // as a driver whose watch only says what to list
	lists    atomic.Bool // lists are not answered
	gets     atomic.Int32
	dials    atomic.Int32
	blocking chan struct{} // Get waits for it or for its context, where there is one
}

func (d *halfHung) Dial(ctx context.Context, ask backend.Asker) (backend.Backend, error) {
	d.dials.Add(1)
	b, err := d.Dialer.Dial(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &half{b, d}, nil
}

type half struct {
	backend.Backend
	d *halfHung
}

func (b *half) Unwrap() backend.Backend { return b.Backend }

func late(doing, object string) error {
	return backend.Refuse(backend.ClassUnreachable, doing, object, "the server did not answer in time")
}

func (b *half) Caps() backend.Caps {
	caps := b.Backend.Caps()
	if b.d.unwatch {
		caps.Watched = nil
	}
	return caps
}

func (b *half) Get(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	if r != b.d.hung {
		return b.Backend.Get(ctx, r)
	}
	b.d.gets.Add(1)
	if b.d.blocking != nil {
		select {
		case <-ctx.Done():
		case <-b.d.blocking:
		}
	}
	return nil, late("describe", r.ID)
}

func (b *half) Stats(ctx context.Context, refs []backend.Ref) ([]backend.Sample, error) {
	if b.d.stats.Load() {
		return nil, late("sample", "all")
	}
	return b.Backend.Stats(ctx, refs)
}

func (b *half) List(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	if b.d.lists.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return b.Backend.List(ctx, q, emit)
}

func (b *half) Watch(ctx context.Context, emit func(backend.Delta)) error {
	return b.Backend.Watch(ctx, func(d backend.Delta) {
		switch d.(type) {
		case backend.Synced, backend.Replace:
			if b.d.watch.Load() || b.d.unwatch {
				return
			}
		}
		emit(d)
	})
}

// phases notes what the log would say.
type phases struct {
	mu  sync.Mutex
	all []store.Phase
}

func (p *phases) add(c store.ConnStatus) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, c.Phase)
}

func (p *phases) seen() []store.Phase {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all)
}

func addHalf(t *testing.T, r *rig, d *halfHung) *mem.Hypervisor {
	t.Helper()
	h := mem.New(two("k"))
	d.Dialer, d.hung = h.Dialer(), h.VM("a")
	if err := r.p.Add(poll.Endpoint{ID: "k", Dialer: d}); err != nil {
		t.Fatal(err)
	}
	r.phase("k", store.Ready)
	r.eventually("the VMs", func() bool { return r.s.Count(backend.KindVM) == 2 })
	return h
}

// TestAHungObjectIsNoDeadServer: its details come no more, those of others do, and the
// connection stays.
func TestAHungObjectIsNoDeadServer(t *testing.T) {
	var seen phases
	r := newRig(t, poll.Options{Phase: seen.add})
	d := &halfHung{}
	h := addHalf(t, r, d)
	vm, other := h.VM("a"), h.VM("b")
	r.p.SetInterest(poll.Interest{Details: []backend.Ref{vm, other}})
	r.eventually("the details of the other", func() bool { return r.s.Detail(other) != nil })
	r.eventually("another try", func() bool { return d.gets.Load() >= 4 })
	began, tries := time.Now(), d.gets.Load()
	r.eventually("the pause to grow", func() bool { return d.gets.Load() > tries })
	if took := time.Since(began); took < 100*time.Millisecond { // 20 ms at first, doubled each time
		t.Errorf("asked for again after %v", took)
	}
	if got := seen.seen(); slices.Contains(got, store.Stale) || d.dials.Load() != 1 {
		t.Errorf("phases %v, %d dials", got, d.dials.Load())
	}
	told := slices.ContainsFunc(r.s.Events(), func(e backend.Event) bool {
		return e.Object == vm && e.Name == "a" && strings.Contains(e.Text, "did not answer in time")
	})
	if !told {
		t.Errorf("the event log says nothing of it: %+v", r.s.Events())
	}
}

// TestAHungObjectHoldsUpNoOther: the cursor goes on, and the next one's details come.
func TestAHungObjectHoldsUpNoOther(t *testing.T) {
	r := newRig(t, poll.Options{})
	d := &halfHung{blocking: make(chan struct{})}
	h := addHalf(t, r, d)
	r.p.SetInterest(poll.Interest{Details: []backend.Ref{h.VM("a")}})
	r.eventually("it is asked for", func() bool { return d.gets.Load() == 1 })
	r.p.SetInterest(poll.Interest{Details: []backend.Ref{h.VM("b")}})
	r.eventually("the details of the next", func() bool { return r.s.Detail(h.VM("b")) != nil })
}

// TestLoggedInIsNotReady: a connection that was lost is ready when data came again, and
// keeps its reason and the age of its data until then.
func TestLoggedInIsNotReady(t *testing.T) {
	for name, d := range map[string]*halfHung{"watched": {}, "listed": {unwatch: true}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, poll.Options{})
			h := addHalf(t, r, d)
			r.eventually("data", func() bool { c, _ := r.s.Conn("k"); return !c.LastGood.IsZero() })
			d.watch.Store(true)
			d.lists.Store(true)
			h.Drop()
			r.phase("k", store.Stale)
			lost := time.Now()
			r.p.SetInterest(poll.Interest{Rows: []backend.Ref{h.VM("a")}}) // loads are no full set
			r.p.Redial("k")
			r.eventually("it is let in", func() bool { b, err := r.p.Backend("k"); return err == nil && b != nil && d.dials.Load() == 2 })
			time.Sleep(200 * time.Millisecond) // ten rounds of everything: nothing of it may count
			c, _ := r.s.Conn("k")
			if c.Phase != store.Stale || c.Err == "" || c.LastGood.IsZero() || c.LastGood.After(lost) {
				t.Errorf("logged in, and without data: %+v", c)
			}
			d.watch.Store(false)
			d.lists.Store(false)
			h.Drop()
			r.eventually("it has given up", func() bool { c, _ := r.s.Conn("k"); return !c.NextTry.IsZero() })
			r.p.Redial("k")
			r.phase("k", store.Ready)
			if c, _ := r.s.Conn("k"); c.Err != "" || c.Attempt != 0 {
				t.Errorf("an old complaint is left: %+v", c)
			}
		})
	}
}

// TestHungLoadsStayLost: where the loads ended a session, letting us in and sending the
// inventory is not enough, and each further attempt waits longer.
func TestHungLoadsStayLost(t *testing.T) {
	var seen phases
	r := newRig(t, poll.Options{Phase: seen.add})
	d := &halfHung{}
	h := addHalf(t, r, d)
	r.p.SetInterest(poll.Interest{Rows: []backend.Ref{h.VM("a")}, AllLoads: true})
	d.stats.Store(true)
	r.phase("k", store.Stale)
	for want := 2; want <= 3; want++ {
		r.eventually("the attempts to be counted", func() bool {
			c, _ := r.s.Conn("k")
			return c.Attempt >= want && !c.NextTry.IsZero() && time.Until(c.NextTry) > time.Second<<(want-1)-500*time.Millisecond
		})
		r.p.Redial("k")
	}
	if got := seen.seen(); !slices.Equal(got[len(got)-2:], []store.Phase{store.Ready, store.Stale}) {
		t.Errorf("it was called ready in between: %v", got)
	}
	if c, _ := r.s.Conn("k"); !strings.Contains(c.Err, "did not answer in time") {
		t.Errorf("the reason is %q", c.Err)
	}
	d.stats.Store(false)
	r.eventually("a redial", func() bool { r.p.Redial("k"); c, _ := r.s.Conn("k"); return c.Phase == store.Ready })
}
