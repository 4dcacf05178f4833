package mem

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hvdeck/backend"
)

// steps is how often an operation reports how far it has come.
const steps = 10

// work is one operation on an object that exists. All but move is called with mu
// held; check is asked at the beginning and again before apply, since someone else may
// have changed the object meanwhile.
type work struct {
	object string // name of the object
	check  func() error
	apply  func() (backend.Result, error)
	// move does what takes its own time, such as moving bytes, after begin; without
	// it the operation takes OpTime.
	move func(t *transfer) error
	// begin and undo make and take back what has to be there while move runs.
	begin, undo func()
	activity    backend.Activity
	// quick operations only hand a request to the guest or change a record.
	quick bool
	// shared operations don't keep others off their target, such as new objects of a
	// host.
	shared bool
}

// job is an operation under way at the server.
type job struct {
	work
	op   backend.Op
	task backend.RemoteTask
}

// Do implements backend.Backend. When the connection is lost or the deadline passes
// while the operation runs, the server brings it to its end all the same and Do
// says ClassLost, as with a real one; bytes stop moving.
func (c *conn) Do(ctx context.Context, op backend.Op, p backend.Progress) (backend.Result, error) {
	h := c.h
	if h.cfg.ReadOnly {
		return backend.Result{}, backend.Refuse(backend.ClassDenied, op.Title(), "", "operation forbidden: the connection is read-only")
	}
	// What had ended before the request could go out is known not to have happened.
	overdue := backend.ClassLost
	if ctx.Err() != nil || c.ctx.Err() != nil {
		overdue = backend.ClassUnreachable
	}
	bound, release, err := c.call(ctx, CallDo)
	if err != nil {
		if c.ctx.Err() != nil {
			err = context.Cause(c.ctx)
		}
		return backend.Result{}, h.problem(err, op.Title(), "", overdue)
	}
	defer release()
	j, err := h.begin(op)
	if err != nil {
		return backend.Result{}, h.problem(err, op.Title(), "", overdue)
	}
	if p.Remote != nil {
		p.Remote(j.task.Key)
	}
	var stopped error
	if j.move == nil {
		stopped = h.elapse(bound, ctx, j, p)
	} else {
		stopped = j.move(&transfer{h: h, ctx: ctx, lost: c.ctx, progress: p})
	}
	result, err := h.finish(j, stopped)
	if err != nil {
		return backend.Result{}, err
	}
	if c.ctx.Err() != nil {
		return backend.Result{}, h.problem(context.Cause(c.ctx), op.Title(), j.object, backend.ClassLost)
	}
	if err := bound.Err(); j.move == nil && err != nil && errors.Is(err, context.DeadlineExceeded) {
		return backend.Result{}, h.problem(err, op.Title(), j.object, backend.ClassLost)
	}
	if p.Percent != nil && j.move == nil {
		p.Percent(100)
	}
	return result, nil
}

// workOf finds the area that knows the operation. Needs mu.
func (h *Hypervisor) workOf(op backend.Op) (*work, error) {
	for _, area := range []func(backend.Op) (*work, error){
		h.powerWork, h.snapshotWork, h.lifeWork, h.deviceWork, h.defineWork, h.objectWork,
		h.poolWork, h.volumeWork, h.transferWork, h.networkWork, h.secretWork, h.nodeWork,
	} {
		if w, err := area(op); w != nil || err != nil {
			return w, err
		}
	}
	return nil, backend.Refuse(backend.ClassUnsupported, op.Title(), "", "this hypervisor does not know the operation")
}

// begin checks that the operation is allowed and marks its object.
func (h *Hypervisor) begin(op backend.Op) (*job, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w, err := h.workOf(op)
	if err != nil {
		return nil, err
	}
	target := op.Target()
	if doing, busy := h.busy[target]; busy && !w.shared {
		return nil, backend.Refuse(backend.ClassBusy, op.Title(), w.object, "cannot acquire state change lock: %s", or(doing, "an operation is under way"))
	}
	if err := w.check(); err != nil {
		return nil, h.problem(err, op.Title(), w.object, backend.ClassUnreachable)
	}
	h.lastTask++
	now := h.now()
	j := &job{work: *w, op: op, task: backend.RemoteTask{
		Conn: h.cfg.ID, Key: fmt.Sprintf("task-%d", h.lastTask), Name: op.Title(),
		Object: target, Target: w.object, User: "root", State: backend.TaskRunning,
		Queued: now, Started: now, Cancellable: !h.cfg.Uncancellable,
	}}
	if w.begin != nil {
		w.begin()
	}
	h.mark(j, string(w.activity))
	h.changed(target)
	h.say(backend.Foreign{Task: j.task})
	return j, nil
}

// mark keeps other operations off the target. Needs mu.
func (h *Hypervisor) mark(j *job, doing string) {
	if j.shared {
		return
	}
	h.busy[j.op.Target()] = doing
	if m := h.byRef[j.op.Target()]; m != nil {
		m.Activity = j.activity
	}
}

// unmark ends mark. Needs mu.
func (h *Hypervisor) unmark(j *job) {
	if j.shared {
		return
	}
	delete(h.busy, j.op.Target())
	if m := h.byRef[j.op.Target()]; m != nil {
		m.Activity = backend.ActivityNone
	}
}

// elapse lets the time of an operation pass. It gives an error when the operator
// cancelled it and it has stopped; a lost connection or deadline stops nothing.
func (h *Hypervisor) elapse(bound, asked context.Context, j *job, p backend.Progress) error {
	if h.cfg.OpTime <= 0 || j.quick {
		return nil
	}
	told := false
	for i := range steps {
		err := h.cfg.Wait(bound, h.cfg.OpTime/steps)
		if err == nil {
			if p.Percent != nil {
				p.Percent((i + 1) * 100 / steps)
			}
			continue
		}
		if !errors.Is(asked.Err(), context.Canceled) {
			return nil
		}
		if !h.cfg.Uncancellable {
			return asked.Err()
		}
		if p.Uncancellable != nil && !told {
			p.Uncancellable("the server can't stop this operation")
		}
		told = true
		// The wait that the cancel cut short is waited for without it.
		bound = context.WithoutCancel(bound)
		if h.cfg.Wait(bound, h.cfg.OpTime/steps) != nil {
			return nil //nolint:nilerr // the end of the wait stops nothing
		}
	}
	return nil
}

// finish carries the operation out, unless it was stopped.
func (h *Hypervisor) finish(j *job, stopped error) (backend.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unmark(j)
	result, err := h.carryOut(j, stopped)
	if err != nil && j.undo != nil {
		j.undo()
	}
	j.task.State, j.task.Progress, j.task.Ended = endOf(err), 100, h.now()
	if err != nil {
		j.task.Message = err.Error()
	}
	h.changed(j.op.Target())
	h.say(backend.Foreign{Task: j.task})
	return result, err
}

// carryOut looks again whether it is still possible, and does it. Needs mu.
func (h *Hypervisor) carryOut(j *job, stopped error) (backend.Result, error) {
	if stopped != nil {
		return backend.Result{}, h.problem(stopped, j.op.Title(), j.object, backend.ClassLost)
	}
	w, err := h.workOf(j.op)
	if err != nil {
		return backend.Result{}, h.problem(err, j.op.Title(), j.object, backend.ClassLost)
	}
	if j.move == nil {
		if err := w.check(); err != nil {
			return backend.Result{}, h.problem(err, j.op.Title(), j.object, backend.ClassLost)
		}
		j.apply = w.apply
	}
	result, err := j.apply()
	if err != nil {
		return backend.Result{}, h.problem(err, j.op.Title(), j.object, backend.ClassLost)
	}
	return result, nil
}

func endOf(err error) backend.TaskState {
	switch {
	case err == nil:
		return backend.TaskSuccess
	case backend.ClassOf(err) == backend.ClassCancelled:
		return backend.TaskCancelled
	default:
		return backend.TaskFailed
	}
}

// done is an apply without a result.
func done(fn func()) func() (backend.Result, error) {
	return func() (backend.Result, error) { fn(); return backend.Result{}, nil }
}

// always is a check of what can't be refused.
func always() error { return nil }

// happened writes to the event log of every watcher. Needs mu.
func (h *Hypervisor) happened(m *machine, at time.Time, text string) {
	h.say(backend.Happened{Event: backend.Event{At: at, Conn: h.cfg.ID, Object: m.ID, Name: m.Name, Text: text}})
}
