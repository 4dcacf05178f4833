package vsphere

import (
	"context"

	"hvdeck/backend"
)

// Do implements backend.Backend.
func (c *Conn) Do(ctx context.Context, op backend.Op, progress backend.Progress) (backend.Result, error) {
	target := c.names.name(op.Target().ID)
	doing := op.Title() + " of"
	switch op.(type) {
	case backend.SnapshotCreateOp, backend.SnapshotRevertOp, backend.SnapshotDeleteOp, backend.SnapshotEditOp, backend.AnswerOp:
	default:
		doing = op.Title()
	}
	if c.opts.ReadOnly {
		return backend.Result{}, backend.Refuse(backend.ClassDenied, doing, target, "the connection is read-only")
	}
	if op.Target().Conn != c.opts.ID {
		return backend.Result{}, backend.Refuse(backend.ClassInvalid, doing, target, "the object belongs to another connection")
	}
	if why := c.caps.Why(op.Verb()); why != "" {
		return backend.Result{}, backend.Refuse(backend.ClassUnsupported, doing, target, "%s", why)
	}
	a := &action{c: c, doing: doing, object: target, progress: progress}
	switch op := op.(type) {
	case backend.PowerOnOp:
		return a.powerOn(ctx, op.VM, op.Host)
	case backend.ResumeOp:
		return a.resume(ctx, op.VM)
	case backend.PowerOffOp:
		return a.powerOff(ctx, op.VM)
	case backend.ResetOp:
		return a.reset(ctx, op.VM)
	case backend.SuspendOp:
		return a.suspend(ctx, op.VM)
	case backend.ShutdownOp:
		return a.shutdown(ctx, op.VM)
	case backend.RebootOp:
		return a.reboot(ctx, op.VM)
	case backend.StandbyOp:
		return a.standby(ctx, op.VM)
	case backend.AnswerOp:
		return a.answer(ctx, op)
	case backend.SnapshotCreateOp:
		return a.createSnapshot(ctx, op)
	case backend.SnapshotRevertOp:
		return a.revert(ctx, op)
	case backend.SnapshotDeleteOp:
		return a.deleteSnapshot(ctx, op)
	case backend.SnapshotEditOp:
		return a.editSnapshot(ctx, op)
	default:
		return backend.Result{}, backend.Refuse(backend.ClassUnsupported, doing, target, "not supported by this connection")
	}
}
