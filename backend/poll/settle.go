package poll

import (
	"context"
	"slices"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

// lookEvery is how often the object of a lost operation is looked at.
const lookEvery = 500 * time.Millisecond

// Settle looks at the object of an operation that began then and whose answer was
// lost, until it is certain that the operation had its effect: true. What is not there
// yet may still come, since the server may be working on it: it goes on looking, also
// over a redial, until ctx ends: false, nothing is known. It changes nothing.
func (p *Poller) Settle(ctx context.Context, op backend.Op, began time.Time) bool {
	for {
		b, err := p.Backend(op.Target().Conn)
		if err == nil && effect(ctx, b, op, began) {
			return true
		}
		if !p.awaitChange(ctx, op.Target().Conn) {
			return false
		}
	}
}

// awaitChange waits until it is worth looking again; false when ctx ended.
func (p *Poller) awaitChange(ctx context.Context, id backend.ConnID) bool {
	t := time.NewTicker(lookEvery)
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

// effect reports whether the object is for certain what the operation should have made
// of it. What leaves no trace (a reset, a reboot, a revert) never is.
func effect(ctx context.Context, b backend.Backend, op backend.Op, began time.Time) bool {
	switch op := op.(type) {
	case backend.PowerOnOp, backend.ResumeOp:
		return stateIs(ctx, b, op.Target(), backend.PowerOn, backend.PowerIdle)
	case backend.PowerOffOp, backend.ShutdownOp:
		return stateIs(ctx, b, op.Target(), backend.PowerOff)
	case backend.SuspendOp:
		return stateIs(ctx, b, op.VM, backend.PowerPaused, backend.PowerSuspended)
	case backend.SnapshotCreateOp:
		return wasTaken(ctx, b, op, began)
	case backend.SnapshotDeleteOp:
		return wasDeleted(ctx, b, op)
	case backend.SnapshotEditOp:
		return wasEdited(ctx, b, op)
	default:
		return storageEffect(ctx, b, op) || vmEffect(ctx, b, op)
	}
}

// stateIs reports whether the VM is there and in one of the states.
func stateIs(ctx context.Context, b backend.Backend, vm backend.Ref, want ...backend.PowerState) bool {
	found := false
	q := backend.Query{Kind: backend.KindVM, Refs: []backend.Ref{vm}}
	err := b.List(ctx, q, func(page []backend.Object) {
		for _, o := range page {
			v, is := o.(*backend.VM)
			found = found || is && v.ID == vm && (len(want) == 0 || slices.Contains(want, v.State))
		}
	})
	return err == nil && found
}

// wasTaken asks for exactly one snapshot of that name since the operation began, that
// the VM stands on: another of the same name may have been there before, and libvirt
// lists one that is still being written, which is not the current one.
func wasTaken(ctx context.Context, b backend.Backend, op backend.SnapshotCreateOp, began time.Time) bool {
	// Servers give the time by their own clock, libvirt in whole seconds.
	since := began.Add(b.About().ServerTime).Truncate(time.Second)
	all, ok := snapshots(ctx, b, op.VM)
	all = slices.DeleteFunc(all, func(s *backend.Snapshot) bool { return s.Name != op.Name || s.Created.Before(since) })
	return ok && len(all) == 1 && all[0].Current
}

// wasDeleted: the VM is there and the snapshot is not.
func wasDeleted(ctx context.Context, b backend.Backend, op backend.SnapshotDeleteOp) bool {
	if op.Snapshot.IsZero() || !stateIs(ctx, b, op.VM) {
		return false
	}
	all, ok := snapshots(ctx, b, op.VM)
	return ok && !slices.ContainsFunc(all, func(s *backend.Snapshot) bool { return s.ID == op.Snapshot })
}

func wasEdited(ctx context.Context, b backend.Backend, op backend.SnapshotEditOp) bool {
	all, ok := snapshots(ctx, b, op.VM)
	return ok && slices.ContainsFunc(all, func(s *backend.Snapshot) bool {
		return s.ID == op.Snapshot && (op.Name == "" || s.Name == op.Name) &&
			(op.KeepDescription || s.Description == op.Description)
	})
}

// snapshots lists those of a VM; false when that failed.
func snapshots(ctx context.Context, b backend.Backend, vm backend.Ref) ([]*backend.Snapshot, bool) {
	var all []*backend.Snapshot
	err := b.List(ctx, backend.Query{Kind: backend.KindSnapshot, Parent: vm}, func(page []backend.Object) {
		for _, o := range page {
			if s, is := o.(*backend.Snapshot); is {
				all = append(all, s)
			}
		}
	})
	return all, err == nil
}
