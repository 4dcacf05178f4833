package task

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
)

// scripted is a backend whose Do waits until the test lets it end.
type scripted struct {
	backend.Backend
	calls chan *call // every Do, in the order in which they began
}

// call is one Do under way.
type call struct {
	op       backend.Op
	ctx      context.Context
	progress backend.Progress
	answers  chan answer
}

func newScripted() *scripted { return &scripted{calls: make(chan *call, 100)} }

func (s *scripted) Do(ctx context.Context, op backend.Op, p backend.Progress) (backend.Result, error) {
	c := &call{op, ctx, p, make(chan answer, 1)}
	s.calls <- c
	a := <-c.answers
	if errors.Is(a.err, errPanic) {
		panic("driver bug")
	}
	return a.result, a.err
}

var errPanic = &backend.Error{Message: "panic"}

func (c *call) succeed()        { c.answers <- answer{} }
func (c *call) fail(err error)  { c.answers <- answer{err: err} }
func (c *call) vm() string      { return c.op.Target().ID }
func lost(what string) error    { return &backend.Error{Class: backend.ClassLost, Message: what} }
func vm(id string) backend.Ref  { return backend.Ref{Conn: "c1", Kind: backend.KindVM, ID: id} }
func off(id string) backend.Op  { return backend.PowerOffOp{VM: vm(id)} }
func target(name string) Target { return Target{Name: name, ConnName: "kvm01"} }

// bench is a Runner over a scripted backend.
type bench struct {
	*Runner
	t       *testing.T
	backend *scripted
	mu      sync.Mutex
	audited []Task
}

func newBench(t *testing.T, change func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, backend: newScripted()}
	opts := Options{
		Backend: func(backend.ConnID) (backend.Backend, error) { return b.backend, nil },
		Audit: func(task Task) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.audited = append(b.audited, task)
		},
		Report: func(err error) { t.Error(err) },
	}
	if change != nil {
		change(&opts)
	}
	b.Runner = New(opts)
	return b
}

// call waits for the next Do to begin.
func (b *bench) call() *call {
	b.t.Helper()
	select {
	case c := <-b.backend.calls:
		return c
	case <-time.After(10 * time.Second):
		b.t.Fatal("no operation began")
		return nil
	}
}

// quiet asserts that no Do has begun; what could begin does so within Start.
func (b *bench) quiet() {
	b.t.Helper()
	running := 0
	for _, task := range b.List() {
		if task.State == backend.TaskRunning && task.Own {
			running++
		}
	}
	if n := len(b.backend.calls); n > 0 || running > 0 {
		b.t.Fatalf("%d operations began, %d run, want none", n, running)
	}
}

func (b *bench) wait(id ID, states ...backend.TaskState) Task {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer cancel()
	got, err := b.Wait(ctx, id, states...)
	if err != nil {
		b.t.Fatalf("task %d: %v (state %s)", id, err, got.State)
	}
	return got
}

func (b *bench) audit() []Task {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Task(nil), b.audited...)
}

// sighted is what Options.Check has to be.
type sighted = func(backend.Op) (func(context.Context) bool, string)

// lookingBy makes a Check of a function that is asked when an answer was lost.
func lookingBy(until func(context.Context, backend.Op) bool) sighted {
	return func(op backend.Op) (func(context.Context) bool, string) {
		return func(ctx context.Context) bool { return until(ctx, op) }, ""
	}
}
