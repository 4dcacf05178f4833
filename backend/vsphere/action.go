package vsphere

import (
	"context"
	"errors"
	"net"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// action is one operation on one object under way.
type action struct {
	c        *Conn
	doing    string
	object   string
	progress backend.Progress
}

// phase tells what is being done now.
func (a *action) phase(what string) {
	if a.progress.Phase != nil {
		a.progress.Phase(what)
	}
}

// call makes a request that changes something. It is sent again only when the
// server refused it because the session had ended: then nothing was done. Where
// the answer is lost, so is the outcome.
func (a *action) call(ctx context.Context, request func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return fail(a.doing, a.object, err)
	}
	was := a.c.generation()
	ctx = context.WithoutCancel(ctx) // once sent, the outcome must be known
	err := a.c.once(ctx, callTimeout, request)
	if sessionEnded(err) {
		if err := a.c.renew(ctx, was); err != nil {
			return err
		}
		err = a.c.once(ctx, callTimeout, request)
	}
	return a.worded(err)
}

// worded makes the error of a request; one without a fault got no answer.
func (a *action) worded(err error) error {
	if err == nil {
		return nil
	}
	e := fail(a.doing, a.object, err)
	if faultOf(err) == nil && !neverSent(err) && (e.Class == backend.ClassUnreachable || e.Class == backend.ClassCancelled) {
		why := e.Message
		if e.Class == backend.ClassCancelled {
			why = "the connection ended" // with the request under way; nobody took it back
		}
		e.Class = backend.ClassLost
		e.Message = "the server's answer was lost (" + why + ")"
		e.Remedy = "look at the object's state before trying again"
	}
	return e
}

// neverSent tells whether no connection came about.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// task makes a request that starts a task and waits for its end.
func (a *action) task(ctx context.Context, start func(context.Context) (moref, error)) (types.AnyType, error) {
	var ref moref
	err := a.call(ctx, func(ctx context.Context) error {
		var err error
		ref, err = start(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if a.progress.Remote != nil {
		a.progress.Remote(ref.Value)
	}
	return a.wait(ctx, ref)
}

// startOf makes a request of a method that starts a task, for task and checkTask. The
// constraint is what the answers of all such methods are made of.
func startOf[Q any, R ~struct {
	Returnval moref `xml:"returnval" json:"returnval"`
}](
	c *Conn, method func(context.Context, soap.RoundTripper, *Q) (*R, error), req *Q,
) func(context.Context) (moref, error) {
	return func(ctx context.Context) (moref, error) {
		res, err := method(ctx, c.vc, req)
		if err != nil {
			return moref{}, err
		}
		return struct{ Returnval moref }(*res).Returnval, nil
	}
}

// wait follows a task to its end. A cancel is passed on once; then the task's own
// end counts.
func (a *action) wait(ctx context.Context, ref moref) (types.AnyType, error) {
	var pace looks
	percent := int32(-1)
	for {
		info, err := a.look(ref)
		if err != nil {
			return nil, err
		}
		switch info.State {
		case types.TaskInfoStateSuccess:
			return info.Result, nil
		case types.TaskInfoStateError:
			return nil, a.worded(taskFault(info.Error))
		}
		if a.progress.Percent != nil && info.Progress != percent && info.Progress > 0 {
			percent = info.Progress
			a.progress.Percent(int(percent))
		}
		err = pace.next(ctx, a.c.life)
		if errors.Is(err, errClosed) {
			return nil, a.worded(errClosed)
		}
		if err != nil {
			a.cancel(ref)
			ctx = context.WithoutCancel(ctx)
		}
	}
}

// look reads the task. The session may be renewed meanwhile: tasks outlive it.
func (a *action) look(ref moref) (types.TaskInfo, error) {
	was := a.c.generation()
	info, err := a.taskInfo(ref)
	if sessionEnded(err) {
		if err := a.c.renew(a.c.life, was); err != nil {
			return info, a.worded(errors.New("the session ended and can't be renewed"))
		}
		info, err = a.taskInfo(ref)
	}
	if err != nil {
		return info, a.lostTask(err)
	}
	return info, nil
}

func (a *action) taskInfo(ref moref) (types.TaskInfo, error) {
	var info types.TaskInfo
	spec := refSpec([]moref{ref}, []types.PropertySpec{{Type: "Task", PathSet: []string{"info"}}})
	err := a.c.once(context.Background(), callTimeout, func(ctx context.Context) error {
		return a.c.retrieve(ctx, spec, func(page []types.ObjectContent) {
			for _, o := range page {
				for _, p := range o.PropSet {
					info = as[types.TaskInfo](p.Val)
				}
			}
		})
	})
	if err == nil && info.State == "" {
		err = errors.New("the server told nothing about the task")
	}
	return info, err
}

// lostTask is for a task that was accepted and can't be followed.
func (a *action) lostTask(err error) error {
	e := fail(a.doing, a.object, err)
	e.Class = backend.ClassLost
	e.Message = "the task was started, but its end is not known: " + e.Message
	e.Remedy = "look at the object's state before trying again"
	return e
}

// cancel asks the server to stop the task, and says so when it won't.
func (a *action) cancel(ref moref) {
	err := a.c.once(context.Background(), callTimeout, func(ctx context.Context) error {
		_, err := methods.CancelTask(ctx, a.c.vc, &types.CancelTask{This: ref})
		return err
	})
	if err == nil || a.progress.Uncancellable == nil {
		return
	}
	switch faultOf(err).(type) {
	case *types.InvalidState, *types.ManagedObjectNotFound: // it has just ended
	default:
		a.progress.Uncancellable(fail("cancel the task of", a.object, err).Error())
	}
}

// taskFault is the error of a task that failed.
func taskFault(f *types.LocalizedMethodFault) error {
	if f == nil {
		return &taskError{text: "the task failed without a reason"}
	}
	return &taskError{fault: f.Fault, text: f.LocalizedMessage}
}
