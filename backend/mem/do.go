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

// job is an operation under way at the server.
type job struct {
	m    *machine
	op   backend.Op
	task backend.RemoteTask
}

// Do implements backend.Backend. When the connection is lost or the deadline passes
// while the operation runs, the server brings it to its end all the same and Do
// says ClassLost, as with a real one.
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
		return backend.Result{}, err
	}
	if p.Remote != nil {
		p.Remote(j.task.Key)
	}
	stopped := h.elapse(bound, ctx, j, p)
	result, err := h.finish(j, stopped)
	if err != nil {
		return backend.Result{}, err
	}
	if c.ctx.Err() != nil {
		return backend.Result{}, h.problem(context.Cause(c.ctx), op.Title(), j.task.Target, backend.ClassLost)
	}
	if err := bound.Err(); err != nil && errors.Is(err, context.DeadlineExceeded) {
		return backend.Result{}, h.problem(err, op.Title(), j.task.Target, backend.ClassLost)
	}
	if p.Percent != nil {
		p.Percent(100)
	}
	return result, nil
}

// begin checks that the operation is allowed and marks its object.
func (h *Hypervisor) begin(op backend.Op) (*job, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.byRef[op.Target()]
	if m == nil {
		return nil, backend.Refuse(backend.ClassNotFound, op.Title(), "", "no such VM")
	}
	if m.busy {
		return nil, backend.Refuse(backend.ClassBusy, op.Title(), m.Name, "cannot acquire state change lock: %s", or(string(m.Activity), "an operation is under way"))
	}
	if err := h.check(m, op); err != nil {
		return nil, err
	}
	h.lastTask++
	now := h.now()
	j := &job{m: m, op: op, task: backend.RemoteTask{
		Conn: h.cfg.ID, Key: fmt.Sprintf("task-%d", h.lastTask), Name: op.Title(),
		Object: m.ID, Target: m.Name, User: "root", State: backend.TaskRunning,
		Queued: now, Started: now, Cancellable: !h.cfg.Uncancellable,
	}}
	m.busy, m.Activity = true, activityOf(op)
	h.changed(m.ID)
	h.say(backend.Foreign{Task: j.task})
	return j, nil
}

func activityOf(op backend.Op) backend.Activity {
	switch op.(type) {
	case backend.PowerOnOp, backend.ResumeOp:
		return backend.ActivityPoweringOn
	case backend.PowerOffOp:
		return backend.ActivityPoweringOff
	case backend.ResetOp:
		return backend.ActivityResetting
	case backend.SuspendOp:
		return backend.ActivitySuspending
	case backend.SnapshotCreateOp:
		return backend.ActivitySnapshotting
	case backend.SnapshotRevertOp:
		return backend.ActivityReverting
	case backend.SnapshotDeleteOp:
		return backend.ActivityDeleting
	default:
		return backend.ActivityNone
	}
}

// elapse lets the time of an operation pass. It gives an error when the operator
// cancelled it and it has stopped; a lost connection or deadline stops nothing.
func (h *Hypervisor) elapse(bound, asked context.Context, j *job, p backend.Progress) error {
	if h.cfg.OpTime <= 0 || quick(j.op) {
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

// quick operations only hand a request to the guest or change a record.
func quick(op backend.Op) bool {
	switch op.(type) {
	case backend.ShutdownOp, backend.RebootOp, backend.StandbyOp, backend.AnswerOp, backend.SnapshotEditOp:
		return true
	default:
		return false
	}
}

// finish carries the operation out, unless it was stopped.
func (h *Hypervisor) finish(j *job, stopped error) (backend.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := j.m
	m.busy, m.Activity = false, backend.ActivityNone
	var result backend.Result
	var err error
	switch {
	case stopped != nil:
		err = h.problem(stopped, j.op.Title(), m.Name, backend.ClassLost)
	case h.byRef[m.ID] == nil:
		err = backend.Refuse(backend.ClassNotFound, j.op.Title(), j.task.Target, "the VM was removed meanwhile")
	default:
		// Someone else may have changed it meanwhile.
		if err = h.check(m, j.op); err == nil {
			result = h.apply(m, j.op)
		}
	}
	j.task.State, j.task.Progress, j.task.Ended = endOf(err), 100, h.now()
	if err != nil {
		j.task.Message = err.Error()
	}
	h.changed(m.ID)
	h.say(backend.Foreign{Task: j.task})
	return result, err
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

// check says why an operation is not possible now. Needs mu.
func (h *Hypervisor) check(m *machine, op backend.Op) error {
	switch o := op.(type) {
	case backend.SnapshotCreateOp:
		return h.checkCreate(m, o)
	case backend.SnapshotRevertOp:
		return h.checkRevert(m, o)
	case backend.SnapshotDeleteOp:
		return h.checkDelete(m, o)
	case backend.SnapshotEditOp:
		return h.checkEdit(m, o)
	default:
		return checkPower(m, op)
	}
}

// apply carries out what check allowed. Needs mu.
func (h *Hypervisor) apply(m *machine, op backend.Op) backend.Result {
	switch o := op.(type) {
	case backend.SnapshotCreateOp:
		return h.create(m, o)
	case backend.SnapshotRevertOp:
		h.revert(m, o)
	case backend.SnapshotDeleteOp:
		h.remove(m, o)
	case backend.SnapshotEditOp:
		s := m.snapOf(o.Snapshot)
		if o.Name != "" {
			s.Name = o.Name
		}
		if !o.KeepDescription {
			s.Description = o.Description
		}
		m.SnapshotRev++
	default:
		return h.power(m, op)
	}
	return backend.Result{}
}

// happened writes to the event log of every watcher. Needs mu.
func (h *Hypervisor) happened(m *machine, at time.Time, text string) {
	h.say(backend.Happened{Event: backend.Event{At: at, Conn: h.cfg.ID, Object: m.ID, Name: m.Name, Text: text}})
}
