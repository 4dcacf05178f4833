package vsphere

import (
	"context"

	"hvdeck/backend"
)

// work carries out one operation. An area of operations gives nil for what is not its
// own.
type work func(ctx context.Context) (backend.Result, error)

// bind makes work of an operation and the method that does it.
func bind[O backend.Op](op O, do func(context.Context, O) (backend.Result, error)) work {
	return func(ctx context.Context) (backend.Result, error) { return do(ctx, op) }
}

// areas are the operations, one file for each of them.
func (a *action) areas() []func(backend.Op) work {
	return []func(backend.Op) work{
		a.powerWork, a.snapshotWork, a.lifeWork, a.placeWork, a.hostWork, a.fileWork, a.ovfWork, a.alarmWork,
	}
}

// Do implements backend.Backend.
func (c *Conn) Do(ctx context.Context, op backend.Op, progress backend.Progress) (backend.Result, error) {
	a := &action{c: c, doing: doingOf(op), object: c.names.name(op.Target().ID), progress: progress}
	if c.opts.ReadOnly {
		return backend.Result{}, a.refuse(backend.ClassDenied, "the connection is read-only")
	}
	if op.Target().Conn != c.opts.ID {
		return backend.Result{}, a.refuse(backend.ClassInvalid, "the object belongs to another connection")
	}
	if why := c.caps.Why(op.Verb()); why != "" {
		return backend.Result{}, a.refuse(backend.ClassUnsupported, "%s", why)
	}
	if _, moves := op.(backend.Local); moves {
		return c.doAside(ctx, op, progress)
	}
	return c.carryOut(ctx, op, progress)
}

// carryOut finds the area that the operation is of.
func (c *Conn) carryOut(ctx context.Context, op backend.Op, progress backend.Progress) (backend.Result, error) {
	a := &action{c: c, doing: doingOf(op), object: c.names.name(op.Target().ID), progress: progress}
	for _, area := range a.areas() {
		if do := area(op); do != nil {
			return do(ctx)
		}
	}
	return backend.Result{}, a.refuse(backend.ClassUnsupported, "not supported by this connection")
}

// doingOf is an operation as errors say it, before the name of its object.
func doingOf(op backend.Op) string {
	switch op.(type) {
	case backend.SnapshotCreateOp, backend.SnapshotRevertOp, backend.SnapshotDeleteOp, backend.SnapshotEditOp, backend.AnswerOp:
		return op.Title() + " of"
	default:
		return op.Title()
	}
}

// refuse is an error for what is refused before the server is asked.
func (a *action) refuse(class backend.Class, format string, args ...any) *backend.Error {
	return backend.Refuse(class, a.doing, a.object, format, args...)
}
