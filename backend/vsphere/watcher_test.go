package vsphere_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

const conn = backend.ConnID("vc")

// within is the bound for a change to be seen; detector slack included.
const within = 20 * time.Second

// sim starts a simulator in this process.
func sim(tb testing.TB, o vcsim.Options) *vcsim.Server {
	tb.Helper()
	s, err := vcsim.Start(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// dial connects and closes with the test.
func dial(tb testing.TB, o vsphere.Options) backend.Backend {
	tb.Helper()
	b, err := tryDial(tb, o, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = b.Close() })
	return b
}

func tryDial(tb testing.TB, o vsphere.Options, ask backend.Asker) (backend.Backend, error) {
	tb.Helper()
	o.ID = conn
	d, err := vsphere.New(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return d.Dial(ctx, ask)
}

// mirror keeps what Watch tells, as the store does.
type mirror struct {
	t      testing.TB
	mu     sync.Mutex
	wake   chan struct{}
	has    map[backend.Ref]backend.Object
	fresh  map[backend.Ref]bool
	synced int
	tasks  map[string][]backend.RemoteTask
	events []backend.Event
	ended  chan error
	first  time.Duration
	cancel context.CancelFunc
}

// watch mirrors a connection until the test ends.
func watch(tb testing.TB, b backend.Backend) *mirror {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	m := &mirror{
		t: tb, wake: make(chan struct{}, 1), has: make(map[backend.Ref]backend.Object), fresh: make(map[backend.Ref]bool),
		tasks: make(map[string][]backend.RemoteTask), ended: make(chan error, 1), cancel: cancel,
	}
	began := time.Now()
	go func() { m.ended <- b.Watch(ctx, func(d backend.Delta) { m.take(d, began) }) }()
	tb.Cleanup(func() {
		cancel()
		select {
		case err := <-m.ended:
			if err != nil {
				tb.Errorf("Watch ended with %v", err)
			}
		case <-time.After(5 * time.Second):
			tb.Error("Watch did not end with its context")
		}
	})
	return m
}

func (m *mirror) take(d backend.Delta, began time.Time) {
	m.mu.Lock()
	switch d := d.(type) {
	case backend.Upsert:
		for _, o := range d.Objects {
			m.has[o.Ref()], m.fresh[o.Ref()] = o, true
			if _, ok := o.(*backend.VM); ok && m.first == 0 {
				m.first = time.Since(began)
			}
		}
	case backend.Remove:
		for _, r := range d.Refs {
			delete(m.has, r)
			delete(m.fresh, r)
		}
	case backend.Synced:
		m.synced++
		for r := range m.has {
			if !m.fresh[r] {
				delete(m.has, r)
			}
		}
	case backend.Foreign:
		m.tasks[d.Task.Key] = append(m.tasks[d.Task.Key], d.Task)
	case backend.Happened:
		m.events = append(m.events, d.Event)
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// until waits for a condition, which is called with the lock held.
func (m *mirror) until(what string, ok func() bool) {
	m.t.Helper()
	limit := time.NewTimer(within)
	defer limit.Stop()
	for {
		m.mu.Lock()
		done := ok()
		m.mu.Unlock()
		if done {
			return
		}
		select {
		case <-m.wake:
		case <-limit.C:
			m.t.Fatalf("not seen within %v: %s", within, what)
		}
	}
}

func (m *mirror) untilSynced() {
	m.t.Helper()
	m.until("the initial set", func() bool { return m.synced > 0 })
}

// vm finds a VM by name; call it inside until, or through get.
func (m *mirror) vm(name string) *backend.VM {
	for _, o := range m.has {
		if vm, ok := o.(*backend.VM); ok && vm.Name == name {
			return vm
		}
	}
	return nil
}

func (m *mirror) getVM(name string) *backend.VM {
	m.t.Helper()
	var vm *backend.VM
	m.until("VM "+name, func() bool { vm = m.vm(name); return vm != nil })
	return vm
}

func (m *mirror) count(k backend.Kind) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for r := range m.has {
		if r.Kind == k {
			n++
		}
	}
	return n
}

// do runs an operation with a deadline.
func do(tb testing.TB, b backend.Backend, op backend.Op) (backend.Result, error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return b.Do(ctx, op, backend.Progress{})
}

func mustDo(tb testing.TB, b backend.Backend, op backend.Op) backend.Result {
	tb.Helper()
	r, err := do(tb, b, op)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func list(tb testing.TB, b backend.Backend, q backend.Query) []backend.Object {
	tb.Helper()
	var all []backend.Object
	if err := b.List(context.Background(), q, func(page []backend.Object) { all = append(all, page...) }); err != nil {
		tb.Fatal(err)
	}
	return all
}
