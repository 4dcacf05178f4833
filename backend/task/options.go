package task

import (
	"context"
	"time"

	"hvdeck/backend"
)

// Options configure a Runner. Backend is required.
type Options struct {
	// Backend gives the live connection, asked when a task is about to run, or says
	// why there is none. It must not block nor call the Runner.
	Backend func(backend.ConnID) (backend.Backend, error)
	// Notify is called after every change, from any goroutine; it must not block.
	Notify func()
	// Audit is called for each own task when it is done, from any goroutine, and again
	// when the server corrects an outcome whose answer was lost. It must not block long.
	Audit func(Task)
	// Report gets panics, with their stacks, of the Runner's own goroutines and of
	// drivers that they call, from any of them; may be nil.
	Report func(error)
	// Recheck says why an operation should not start after all, "" when it may. It is
	// asked just before the operation starts; it must not block nor call the Runner.
	Recheck func(backend.Op) string
	// Check is called just before an operation starts, to note what is known of its
	// object; it must not block nor call the Runner. When the answer was lost until looks
	// at the object, and goes on looking until it is certain that the operation had its
	// effect: true; or until ctx ends: false, nothing is known. That an effect is not
	// there yet is no finding: the server may still be working. It is nil for an operation
	// of which nothing can be seen. where is what the operator can look at when nothing
	// was found out; it may be empty. nil: nothing can be seen.
	Check func(op backend.Op) (until func(context.Context) bool, where string)
	// Deadline bounds an operation. nil: backend.SpanOf.
	Deadline func(backend.Op) time.Duration
	// Grace is how long after its deadline an operation may still answer; then it
	// counts as lost. 0: 30 s.
	Grace time.Duration
	// CheckTime bounds Check; time in which the connection is away does not count. 0: 60 s.
	CheckTime time.Duration
	// Away says that a connection can't be asked now; it must not block nor call the
	// Runner. nil: none is.
	Away func(backend.ConnID) bool
	// Limit is how many operations run at once on a connection. 0: 4.
	Limit int
	// History is how many ended tasks are remembered. 0: 500.
	History int
	// Now is the clock for the times shown. nil: time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Notify == nil {
		o.Notify = func() {}
	}
	if o.Audit == nil {
		o.Audit = func(Task) {}
	}
	if o.Recheck == nil {
		o.Recheck = func(backend.Op) string { return "" }
	}
	if o.Away == nil {
		o.Away = func(backend.ConnID) bool { return false }
	}
	if o.Check == nil {
		o.Check = func(backend.Op) (func(context.Context) bool, string) { return nil, "" }
	}
	if o.Deadline == nil {
		o.Deadline = backend.SpanOf
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Grace = orDefault(o.Grace, 30*time.Second)
	o.CheckTime = orDefault(o.CheckTime, time.Minute)
	o.Limit = orDefault(o.Limit, 4)
	o.History = orDefault(o.History, 500)
	return o
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}
