package poll

import (
	"context"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

// Settle looks at the real state of the object of an operation whose answer was
// lost: settled when it could be found out, ok when the operation had its effect. It
// waits for the connection to come back, until ctx ends, and changes nothing.
func (p *Poller) Settle(ctx context.Context, op backend.Op) (settled, ok bool) {
	for ctx.Err() == nil {
		b, err := p.Backend(op.Target().Conn)
		if err == nil {
			if settled, ok = effect(ctx, b, op); settled {
				return settled, ok
			}
		}
		if !p.awaitChange(ctx, op.Target().Conn) {
			break
		}
	}
	return false, false
}

// awaitChange waits until it is worth looking again.
func (p *Poller) awaitChange(ctx context.Context, id backend.ConnID) bool {
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
		}
		if c, found := p.o.Store.Conn(id); found && c.Phase == store.Ready {
			return true
		}
	}
}

// effect compares the object with what the operation should have made of it. What
// leaves no trace (a reset, a reboot) can't be settled.
func effect(ctx context.Context, b backend.Backend, op backend.Op) (settled, ok bool) {
	switch op := op.(type) {
	case backend.PowerOnOp, backend.ResumeOp:
		return stateIs(ctx, b, op, backend.PowerOn, backend.PowerIdle)
	case backend.PowerOffOp, backend.ShutdownOp:
		return stateIs(ctx, b, op, backend.PowerOff, backend.PowerCrashed)
	case backend.SuspendOp:
		return stateIs(ctx, b, op, backend.PowerPaused, backend.PowerSuspended)
	case backend.SnapshotCreateOp:
		return snapshotIs(ctx, b, op.VM, func(s *backend.Snapshot) bool { return s.Name == op.Name }, true)
	case backend.SnapshotDeleteOp:
		return snapshotIs(ctx, b, op.VM, func(s *backend.Snapshot) bool { return s.ID == op.Snapshot }, false)
	case backend.SnapshotEditOp:
		return snapshotIs(ctx, b, op.VM, func(s *backend.Snapshot) bool {
			return s.Name == op.Name && s.Description == op.Description
		}, true)
	default:
		return false, false
	}
}

func stateIs(ctx context.Context, b backend.Backend, op backend.Op, want ...backend.PowerState) (settled, ok bool) {
	vm := backend.PowerUnknown
	q := backend.Query{Kind: backend.KindVM, Refs: []backend.Ref{op.Target()}}
	err := b.List(ctx, q, func(page []backend.Object) {
		for _, o := range page {
			if v, is := o.(*backend.VM); is {
				vm = v.State
			}
		}
	})
	if err != nil || vm == backend.PowerUnknown {
		return false, false
	}
	for _, w := range want {
		if vm == w {
			return true, true
		}
	}
	return true, false
}

func snapshotIs(ctx context.Context, b backend.Backend, vm backend.Ref, match func(*backend.Snapshot) bool, want bool) (settled, ok bool) {
	found := false
	err := b.List(ctx, backend.Query{Kind: backend.KindSnapshot, Parent: vm}, func(page []backend.Object) {
		for _, o := range page {
			if s, is := o.(*backend.Snapshot); is && match(s) {
				found = true
			}
		}
	})
	if err != nil {
		return false, false
	}
	return true, found == want
}
