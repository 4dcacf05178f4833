package task

import (
	"context"
	"errors"
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/guard"
)

// launch starts a task that was taken from its lane, or ends it. Needs mu.
func (r *Runner) launch(l *lane, e *entry) []Task {
	if r.closed {
		return r.end(e, outcome{state: backend.TaskCancelled, note: "the console was closed before it started"})
	}
	b, err := r.opts.Backend(e.Conn)
	if err != nil {
		return r.end(e, notStarted(e, err))
	}
	if why := r.opts.Recheck(e.Op); why != "" {
		return r.end(e, outcome{state: backend.TaskCancelled, skipped: true, note: "skipped: " + why})
	}
	l.take(e)
	e.sight.until, e.sight.where = r.opts.Check(e.Op)
	// No parent: only Cancel and the deadline end an operation, not Close.
	ctx, cancel := context.WithTimeout(context.Background(), r.opts.Deadline(e.Op))
	e.State, e.Started, e.cancel = backend.TaskRunning, r.since(e.Queued), cancel
	r.touch(e)
	r.working.Add(1)
	guard.Go("task "+e.Title, r.opts.Report, func() {
		defer r.working.Done()
		defer cancel()
		r.supervise(ctx, e, b)
	})
	return nil
}

// supervise sees one operation through to its end.
func (r *Runner) supervise(ctx context.Context, e *entry, b backend.Backend) {
	out := r.await(ctx, e, b)
	if out.state == backend.TaskUnknown {
		out = r.look(e, out)
	}
	r.mu.Lock()
	l := r.laneOf(e.Conn)
	l.give(e)
	done := r.end(e, e.lastWord(out))
	if e.State == backend.TaskUnknown {
		done = append(done, r.holdBack(l, e)...)
	}
	done = append(done, r.dispatch(e.Conn)...)
	r.mu.Unlock()
	r.tell(done)
}

// lastWord is what the server said of its own task while the look was about to end: it
// counts more than what was seen. Needs mu.
func (e *entry) lastWord(seen outcome) outcome {
	select {
	case told := <-e.heard:
		return told
	default:
		return seen
	}
}

// fault passes a recovered panic on.
func (r *Runner) fault(err error) {
	if r.opts.Report != nil {
		r.opts.Report(err)
	}
}

type answer struct {
	result backend.Result
	err    error
}

// await runs Do in a goroutine of its own, so that neither a panic nor a driver that
// ignores its deadline holds the lane for ever.
func (r *Runner) await(ctx context.Context, e *entry, b backend.Backend) outcome {
	answers := make(chan answer, 1)
	op, progress := e.Op, r.progress(e)
	guard.Go(e.Title, func(err error) {
		r.fault(err)
		answers <- answer{err: err}
	}, func() {
		result, err := b.Do(ctx, op, progress)
		answers <- answer{result, err}
	})
	limit, _ := ctx.Deadline()
	overdue := time.NewTimer(time.Until(limit) + r.opts.Grace)
	defer overdue.Stop()
	select {
	case a := <-answers:
		return r.judge(ctx, e, a)
	case <-overdue.C:
		return outcome{state: backend.TaskUnknown, err: &backend.Error{
			Class: backend.ClassLost, Doing: e.Title, Object: e.TargetName, Message: "no answer from the server in time",
		}}
	}
}

// judge turns the answer of Do into an outcome.
func (r *Runner) judge(ctx context.Context, e *entry, a answer) outcome {
	if a.err == nil {
		return outcome{state: backend.TaskSuccess, result: a.result, note: successNote(e.Op)}
	}
	class := backend.ClassOf(a.err)
	overran := errors.Is(ctx.Err(), context.DeadlineExceeded)
	var panicked *guard.PanicError
	switch {
	case errors.As(a.err, &panicked): // the request may have gone out before
		return outcome{state: backend.TaskUnknown, err: &backend.Error{
			Class: backend.ClassLost, Doing: e.Title, Object: e.TargetName, Err: a.err,
		}}
	case class == backend.ClassLost, overran && class == backend.ClassUnreachable:
		return outcome{state: backend.TaskUnknown, err: a.err}
	case class == backend.ClassCancelled:
		return outcome{state: backend.TaskCancelled, err: a.err}
	default:
		return outcome{state: backend.TaskFailed, err: a.err}
	}
}

// look shows the task as unknown and finds out what really happened: from the server's
// own task where there is one, else by the object. It keeps the object busy meanwhile:
// nothing may be done to it before.
func (r *Runner) look(e *entry, out outcome) outcome {
	r.mu.Lock()
	e.doubted = true
	if told := e.told; told != nil {
		r.mu.Unlock()
		return *told
	}
	heard := make(chan outcome, 1)
	e.heard = heard
	e.State, e.Checking, e.Cancellable, e.Note = backend.TaskUnknown, true, false, noteChecking
	e.Class, e.Err = backend.ClassLost, clean.Text(out.err.Error())
	seen, followed := e.sight, e.RemoteKey != ""
	r.touch(e)
	r.mu.Unlock()
	r.tell(nil)

	ctx, cancel := context.WithCancel(r.looking)
	defer cancel()
	found := r.watches(ctx, e.Title, seen)
	if seen.until == nil && followed {
		found = nil // nothing will be seen, but the server has a task of its own for it
	}
	told, looked := r.findOut(e.Conn, heard, found)
	if told != nil {
		return *told
	}
	out.note = stillUnknown(seen.where, looked && seen.until != nil)
	return out
}

// findOut waits for the server's word or for what is seen; looked says that there was neither
// for all of CheckTime. An object can't be looked at while its server is away, so
// that time does not count.
func (r *Runner) findOut(conn backend.ConnID, heard <-chan outcome, found <-chan bool) (end *outcome, looked bool) {
	step := max(r.opts.CheckTime/60, time.Millisecond)
	tick := time.NewTicker(step)
	defer tick.Stop()
	for left := r.opts.CheckTime; left > 0; {
		select {
		case told := <-heard:
			return &told, false
		case done := <-found:
			if done {
				return &outcome{state: backend.TaskSuccess, note: noteFoundDone}, false
			}
			return nil, false
		case <-r.looking.Done():
			return nil, false
		case <-tick.C:
		}
		if !r.opts.Away(conn) {
			left -= step
		}
	}
	return nil, true
}

// stillUnknown says where to look, and whether that was done here all the time.
func stillUnknown(where string, looked bool) string {
	note := noteUnknown
	if where != "" {
		note = "unknown: " + where
	}
	if looked {
		note = noteNotSeen + strings.TrimPrefix(note, "unknown: ")
	}
	return note
}

// sight is what can be seen of an operation whose answer was lost: see Options.Check.
type sight struct {
	until func(context.Context) bool
	where string
}

// watches carries out a look in a goroutine of its own: neither a panic nor one that
// ignores its end holds up the task.
func (r *Runner) watches(ctx context.Context, title string, s sight) <-chan bool {
	found := make(chan bool, 1)
	if s.until == nil {
		found <- false
		return found
	}
	guard.Go("check "+title, func(err error) {
		r.fault(err)
		found <- false
	}, func() { found <- s.until(ctx) })
	return found
}

// holdBack ends the queued operations on an object whose state nobody knows. Needs mu.
func (r *Runner) holdBack(l *lane, unknown *entry) []Task {
	var done []Task
	for i := 0; i < len(l.queue); {
		e := l.queue[i]
		if e.Target != unknown.Target {
			i++
			continue
		}
		l.dequeue(e)
		why := backend.Refuse(backend.ClassConflict, "", "", "the outcome of %q before it is unknown", unknown.Title)
		done = append(done, r.end(e, notStarted(e, why))...)
	}
	return done
}

// progress feeds a task. Calls after its end, which the contract forbids, are lost.
func (r *Runner) progress(e *entry) backend.Progress {
	update := func(fn func()) {
		r.mu.Lock()
		if e.State != backend.TaskRunning {
			r.mu.Unlock()
			return
		}
		fn()
		r.touch(e)
		r.mu.Unlock()
		r.opts.Notify()
	}
	return backend.Progress{
		Percent:  func(p int) { update(func() { e.Progress = min(max(p, 0), 100) }) },
		Bytes:    func(done, total int64) { update(func() { r.moved(e, done, total) }) },
		Phase:    func(what string) { update(func() { e.Phase = clean.Line(what) }) },
		Stalled:  func(why string) { r.stall(e, clean.Line(why)) },
		Remote:   func(key string) { update(func() { r.adopt(e, key) }) },
		Recorded: func(settled func(result, how string)) { update(func() { e.settled = settled }) },
		Uncancellable: func(why string) {
			update(func() { e.Cancellable, e.Note = false, clean.Line(why) })
		},
	}
}

// stall says what a task waits for and lets others go on meanwhile.
func (r *Runner) stall(e *entry, why string) {
	r.mu.Lock()
	if e.State != backend.TaskRunning {
		r.mu.Unlock()
		return
	}
	e.Phase = why
	r.laneOf(e.Conn).stall(e, why != "")
	r.touch(e)
	done := r.dispatch(e.Conn)
	r.mu.Unlock()
	r.tell(done)
}
