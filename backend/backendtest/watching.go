package backendtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
)

func watchCases() []testCase {
	return []testCase{
		{name: "watch/initial", run: watchInitial},
		{name: "watch/change", run: watchChange},
		{name: "watch/ends", run: watchEnds},
	}
}

// mirror keeps what a watcher was told.
type mirror struct {
	mu      sync.Mutex
	objects map[backend.Ref]backend.Object
	synced  map[backend.Kind]bool
	relist  []backend.Query
}

func (m *mirror) take(d backend.Delta) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch d := d.(type) {
	case backend.Replace:
		for ref := range m.objects {
			if ref.Kind == d.Query.Kind {
				delete(m.objects, ref)
			}
		}
		m.add(d.Objects)
		m.synced[d.Query.Kind] = true
	case backend.Upsert:
		m.add(d.Objects)
	case backend.Remove:
		for _, ref := range d.Refs {
			delete(m.objects, ref)
		}
	case backend.Synced:
		for _, k := range d.Kinds {
			m.synced[k] = true
		}
	case backend.Invalidate:
		m.relist = append(m.relist, d.Query)
	}
}

func (m *mirror) add(all []backend.Object) {
	for _, o := range all {
		m.objects[o.Ref()] = o
	}
}

// watching is a Watch under way.
type watching struct {
	mirror
	run   *run
	b     backend.Backend
	ended chan error
}

// watch starts a Watch that ends with the case.
func (r *run) watch(b backend.Backend) *watching {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watching{run: r, b: b, ended: make(chan error, 1)}
	w.objects, w.synced = map[backend.Ref]backend.Object{}, map[backend.Kind]bool{}
	go func() { w.ended <- b.Watch(ctx, w.take) }()
	r.t.Cleanup(cancel)
	return w
}

// running fails the case when Watch has returned.
func (w *watching) running() {
	select {
	case err := <-w.ended:
		w.ended <- err
		w.run.fatalf("watch ended: %v", err)
	default:
	}
}

// refresh lists what the watcher asked to be listed.
func (w *watching) refresh() {
	w.running()
	w.mu.Lock()
	queries := w.relist
	w.relist = nil
	w.mu.Unlock()
	for _, q := range queries {
		all, err := w.run.tryList(w.b, q)
		if !q.Parent.IsZero() && backend.ClassOf(err) == backend.ClassNotFound {
			err = nil // the parent has gone meanwhile, and all under it
		}
		if err != nil {
			w.run.fatalf("list what Watch said is out of date: %v", err)
		}
		w.answer(q, all)
	}
}

// answer replaces what a query names by what List said.
func (w *watching) answer(q backend.Query, all []backend.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ref := range q.Refs {
		delete(w.objects, ref)
	}
	if len(q.Refs) == 0 {
		for ref, o := range w.objects {
			if ref.Kind == q.Kind && o.Owner() == q.Parent {
				delete(w.objects, ref)
			}
		}
		w.synced[q.Kind] = w.synced[q.Kind] || q.Parent.IsZero()
	}
	w.add(all)
}

// upToDate reports whether all watched kinds have been sent, and the VMs in any case:
// a driver that leaves them to polling still says at once that they want listing.
func (w *watching) upToDate() bool {
	w.refresh()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range append([]backend.Kind{backend.KindVM}, w.b.Caps().Watched...) {
		if !w.synced[k] {
			return false
		}
	}
	return true
}

// onlooker watches by the second connection, and is up to date.
func (r *run) onlooker() *watching {
	w := r.watch(r.other())
	r.await("the watcher is up to date", w.upToDate)
	return w
}

// has says whether the watcher knows of an object; kinds that it leaves to lists are
// what it asked to be listed.
func (w *watching) has(ref backend.Ref) bool {
	w.refresh()
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.objects[ref]
	return ok
}

func (w *watching) state(ref backend.Ref) backend.PowerState {
	w.refresh()
	w.mu.Lock()
	defer w.mu.Unlock()
	vm, ok := w.objects[ref].(*backend.VM)
	if !ok {
		return backend.PowerUnknown
	}
	return vm.State
}

func watchInitial(r *run) {
	kinds := r.b.Caps().Watched
	w := r.watch(r.b)
	r.await("the watcher is up to date", w.upToDate)
	for _, k := range kinds {
		w.mu.Lock()
		told := map[backend.Ref]bool{}
		for ref := range w.objects {
			if ref.Kind == k {
				told[ref] = true
			}
		}
		w.mu.Unlock()
		for _, o := range r.list(backend.Query{Kind: k}) {
			if !told[o.Ref()] {
				r.errorf("%s %q is listed, but Watch did not send it", k, o.Title())
			}
			delete(told, o.Ref())
		}
		if len(told) > 0 {
			r.errorf("Watch sent %d %ss that are not listed", len(told), k)
		}
	}
}

func watchChange(r *run) {
	vm := r.ensureOff(r.Off)
	w := r.watch(r.b)
	r.await("the watcher is up to date", w.upToDate)
	act := r.SecondActor
	if act == nil {
		act = r.ownActor()
	}
	act(r.t, r.Off, backend.PowerOn)
	r.await("the watcher sees it run", func() bool { return isOn(w.state(vm)) })
	act(r.t, r.Off, backend.PowerOff)
	r.await("the watcher sees it off", func() bool { return isOff(w.state(vm)) })
}

// ownActor acts by way of a second connection of the same driver.
func (r *run) ownActor() func(*testing.T, string, backend.PowerState) {
	other := r.open()
	return func(_ *testing.T, name string, state backend.PowerState) {
		ctx, cancel := r.ctx()
		defer cancel()
		var op backend.Op = backend.PowerOnOp{VM: r.vm(name).ID}
		if state == backend.PowerOff {
			op = backend.PowerOffOp{VM: r.vm(name).ID}
		}
		if _, err := other.Do(ctx, op, backend.Progress{}); err != nil {
			r.fatalf("%s by another connection: %v", op.Title(), err)
		}
	}
}

func watchEnds(r *run) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	began := make(chan struct{})
	var once sync.Once
	go func() {
		ended <- r.b.Watch(ctx, func(backend.Delta) { once.Do(func() { close(began) }) })
	}()
	select {
	case <-began:
	case err := <-ended:
		r.fatalf("watch ended: %v", err)
	case <-time.After(r.Patience):
		r.fatalf("watch said nothing for %s", r.Patience)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			r.errorf("watch ended by its context: %v, want nil", err)
		} else if err != nil {
			r.errorf("watch returned the error of its context, want nil")
		}
	case <-time.After(r.Patience):
		r.fatalf("watch went on after its context had ended")
	}
}
