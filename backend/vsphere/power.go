package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

func powerVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbPowerOn, backend.VerbPowerOnHost, backend.VerbPowerOff, backend.VerbReset, backend.VerbSuspend,
		backend.VerbResume, backend.VerbShutdown, backend.VerbReboot, backend.VerbStandby, backend.VerbAnswer,
	}
}

func (a *action) powerWork(op backend.Op) work {
	on := func(do func(context.Context, backend.Ref) (backend.Result, error)) work {
		return func(ctx context.Context) (backend.Result, error) { return do(ctx, op.Target()) }
	}
	switch op := op.(type) {
	case backend.PowerOnOp:
		return func(ctx context.Context) (backend.Result, error) { return a.powerOn(ctx, op.VM, op.Host) }
	case backend.ResumeOp:
		return on(a.resume)
	case backend.PowerOffOp:
		return on(a.powerOff)
	case backend.ResetOp:
		return on(a.reset)
	case backend.SuspendOp:
		return on(a.suspend)
	case backend.ShutdownOp:
		return on(a.shutdown)
	case backend.RebootOp:
		return on(a.reboot)
	case backend.StandbyOp:
		return on(a.standby)
	case backend.AnswerOp:
		return bind(op, a.answer)
	default:
		return nil
	}
}

func (a *action) powerOn(ctx context.Context, vm, host backend.Ref) (backend.Result, error) {
	req := types.PowerOnVM_Task{This: a.c.moref(vm)}
	if !host.IsZero() {
		ref := a.c.moref(host)
		req.Host = &ref
	}
	_, err := a.task(ctx, startOf(a.c, methods.PowerOnVM_Task, &req))
	return backend.Result{}, err
}

// resume powers on a suspended VM. The API has one call for both, so the state is
// looked at first: resuming a VM that is off would boot it.
func (a *action) resume(ctx context.Context, vm backend.Ref) (backend.Result, error) {
	got, err := a.c.retrieveOne(ctx, a.doing, a.c.moref(vm), "runtime.powerState")
	if err != nil {
		return backend.Result{}, err
	}
	if state := as[types.VirtualMachinePowerState](got["runtime.powerState"]); state != types.VirtualMachinePowerStateSuspended {
		return backend.Result{}, backend.Refuse(backend.ClassConflict, a.doing, a.object, "it is %s; it has to be suspended", powerWord(state))
	}
	return a.powerOn(ctx, vm, backend.Ref{})
}

func (a *action) powerOff(ctx context.Context, vm backend.Ref) (backend.Result, error) {
	_, err := a.task(ctx, startOf(a.c, methods.PowerOffVM_Task, &types.PowerOffVM_Task{This: a.c.moref(vm)}))
	return backend.Result{}, err
}

func (a *action) reset(ctx context.Context, vm backend.Ref) (backend.Result, error) {
	_, err := a.task(ctx, startOf(a.c, methods.ResetVM_Task, &types.ResetVM_Task{This: a.c.moref(vm)}))
	return backend.Result{}, err
}

func (a *action) suspend(ctx context.Context, vm backend.Ref) (backend.Result, error) {
	_, err := a.task(ctx, startOf(a.c, methods.SuspendVM_Task, &types.SuspendVM_Task{This: a.c.moref(vm)}))
	return backend.Result{}, err
}

func (a *action) shutdown(ctx context.Context, vm backend.Ref) (backend.Result, error) {
	err := a.call(ctx, func(ctx context.Context) error {
		_, err := methods.ShutdownGuest(ctx, a.c.vc, &types.ShutdownGuest{This: a.c.moref(vm)})
		return err
	})
	return backend.Result{Text: accepted(err)}, err
}

func (a *action) reboot(ctx context.Context, vm backend.Ref) (backend.Result, error) {
	err := a.call(ctx, func(ctx context.Context) error {
		_, err := methods.RebootGuest(ctx, a.c.vc, &types.RebootGuest{This: a.c.moref(vm)})
		return err
	})
	return backend.Result{Text: accepted(err)}, err
}

func (a *action) standby(ctx context.Context, vm backend.Ref) (backend.Result, error) {
	err := a.call(ctx, func(ctx context.Context) error {
		_, err := methods.StandbyGuest(ctx, a.c.vc, &types.StandbyGuest{This: a.c.moref(vm)})
		return err
	})
	return backend.Result{Text: accepted(err)}, err
}

// accepted is what is known when a request to a guest went through.
func accepted(err error) string {
	if err != nil {
		return ""
	}
	return "the guest was asked"
}

// answer answers a pending question.
func (a *action) answer(ctx context.Context, op backend.AnswerOp) (backend.Result, error) {
	err := a.call(ctx, func(ctx context.Context) error {
		_, err := methods.AnswerVM(ctx, a.c.vc, &types.AnswerVM{This: a.c.moref(op.VM), QuestionId: op.Question, AnswerChoice: op.Choice})
		return err
	})
	return backend.Result{}, err
}
