package backendtest

import (
	"context"
	"time"

	"hvdeck/backend"
)

// atOnce is how long may pass where the contract says that nothing is waited for.
const atOnce = 2 * time.Second

// closeTime is how long Close may take, with some room for a loaded machine.
const closeTime = 7 * time.Second

func lifeCases() []testCase {
	return []testCase{
		{name: "context/reads", run: endedReads},
		{name: "context/operations", ops: backend.Ops(), run: endedOps},
		{name: "close/twice", run: closeTwice},
		{name: "close/pending", run: closePending},
		{name: "close/after", run: closeAfter},
		{name: "read-only", ops: backend.Ops(), run: readOnly},
	}
}

// reads are the calls that change nothing.
func reads(b backend.Backend, vm backend.Ref) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"List": func(ctx context.Context) error {
			return b.List(ctx, backend.Query{Kind: backend.KindVM}, func([]backend.Object) {})
		},
		"Get":   func(ctx context.Context) error { _, err := b.Get(ctx, vm); return err },
		"Stats": func(ctx context.Context) error { _, err := b.Stats(ctx, nil); return err },
	}
}

func (r *run) quickly(what string, fn func() error) error {
	began := time.Now()
	err := fn()
	if took := time.Since(began); took > atOnce {
		r.errorf("%s took %s, want at once", what, took.Round(time.Millisecond))
	}
	return err
}

func endedReads(r *run) {
	vm := r.vm(r.Running).ID
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, call := range reads(r.b, vm) {
		err := r.quickly(name, func() error { return call(ctx) })
		r.class(name+" with an ended context", err, backend.ClassCancelled, backend.ClassUnreachable)
	}
	// The connection must have survived.
	r.vm(r.Running)
}

func endedOps(r *run) {
	vm := r.ensureOn(r.Running)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, op := range r.on(vm) {
		err := r.quickly(op.Title(), func() error {
			_, err := r.b.Do(ctx, op, backend.Progress{})
			return err
		})
		if err == nil {
			r.errorf("%s with an ended context: succeeded", op.Title())
		}
		r.contractual(op.Title(), err)
	}
	r.awaitState(vm, "running as before", isOn)
	r.hasShape(vm)
}

func (r *run) close(b backend.Backend) {
	began := time.Now()
	if err := b.Close(); err != nil {
		r.contractual("close", err)
	}
	if took := time.Since(began); took > closeTime {
		r.errorf("Close took %s, want 5 s at most", took.Round(time.Millisecond))
	}
}

func closeTwice(r *run) {
	r.close(r.b)
	r.close(r.b)
}

func closePending(r *run) {
	w := r.watch(r.b)
	r.await("the watcher is up to date", w.upToDate)
	r.close(r.b)
	select {
	case err := <-w.ended:
		r.class("watch while the connection was closed", err, backend.ClassUnreachable, backend.ClassCancelled)
	case <-time.After(closeTime):
		r.errorf("Watch went on after Close")
	}
}

func closeAfter(r *run) {
	vm := r.ensureOn(r.Running)
	other := r.open()
	r.close(other)
	for name, call := range reads(other, vm) {
		err := r.quickly(name, func() error { return call(context.Background()) })
		r.class(name+" after Close", err, backend.ClassUnreachable)
	}
	err := r.quickly("Do", func() error {
		_, err := other.Do(context.Background(), backend.PowerOffOp{VM: vm}, backend.Progress{})
		return err
	})
	r.class("Do after Close", err, backend.ClassUnreachable, backend.ClassLost)
	r.awaitState(vm, "running as before", isOn)
}

func readOnly(r *run) {
	if r.OpenReadOnly == nil {
		r.fatalf("there is no read-only connection")
	}
	vm := r.ensureOn(r.Running)
	b := r.OpenReadOnly(r.t)
	r.t.Cleanup(func() { _ = b.Close() })
	if !b.Caps().ReadOnly {
		r.errorf("Caps().ReadOnly is not set")
	}
	if why := b.Caps().Why(backend.VerbPowerOff); why != "read-only connection" {
		r.errorf("the reason given is %q", why)
	}
	if _, err := r.tryList(b, backend.Query{Kind: backend.KindVM}); err != nil {
		r.errorf("list: %v", err)
	}
	for _, op := range r.on(vm) {
		ctx, cancel := r.ctx()
		_, err := b.Do(ctx, op, backend.Progress{})
		cancel()
		r.class(op.Title()+" on a read-only connection", err, backend.ClassDenied)
	}
	r.awaitState(vm, "running as before", isOn)
	r.hasShape(vm)
}
