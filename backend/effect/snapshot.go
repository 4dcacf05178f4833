package effect

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hvdeck/backend"
)

// snapshot is what becomes of a VM's snapshots.
func snapshot(op backend.Op, was Known) (Trace, bool) {
	switch op := op.(type) {
	case backend.SnapshotCreateOp:
		return Trace{
			shows: func(ctx context.Context, s *server) bool { return s.wasTaken(ctx, op) },
			look:  fmt.Sprintf("look for a snapshot %q of the VM before you take it again", op.Name),
		}, true
	case backend.SnapshotDeleteOp:
		return deleted(op, was)
	case backend.SnapshotEditOp:
		return edited(op, was)
	case backend.SnapshotRevertOp:
		return reverted(op, was)
	default:
		return Trace{}, false
	}
}

// snapshots lists those of a VM; false when that failed.
func (s *server) snapshots(ctx context.Context, vm backend.Ref) ([]*backend.Snapshot, bool) {
	all, ok := s.list(ctx, backend.Query{Kind: backend.KindSnapshot, Parent: vm})
	return snapshotsIn(all), ok
}

func snapshotsIn(objects []backend.Object) []*backend.Snapshot {
	var all []*backend.Snapshot
	for _, o := range objects {
		if s, is := o.(*backend.Snapshot); is {
			all = append(all, s)
		}
	}
	return all
}

// wasTaken asks for exactly one snapshot of that name since the operation began, that
// the VM stands on: another of the same name may have been there before, and libvirt
// lists one that is still being written, which is not the current one.
func (s *server) wasTaken(ctx context.Context, op backend.SnapshotCreateOp) bool {
	// Servers give the time by their own clock, libvirt in whole seconds.
	since := s.began.Add(s.About().ServerTime).Truncate(time.Second)
	all, ok := s.snapshots(ctx, op.VM)
	all = slices.DeleteFunc(all, func(s *backend.Snapshot) bool { return s.Name != op.Name || s.Created.Before(since) })
	return ok && len(all) == 1 && all[0].Current
}

// deleted: the VM is there and the snapshot is not, nor those that were below it where
// they had to go as well.
func deleted(op backend.SnapshotDeleteOp, was Known) (Trace, bool) {
	if op.Snapshot.IsZero() {
		return hidden(lookThere)
	}
	going := map[backend.Ref]bool{op.Snapshot: true}
	if op.Children {
		known, _ := was.Children(backend.KindSnapshot, op.VM)
		withDescendants(going, snapshotsIn(known))
	}
	return when(func(ctx context.Context, s *server) bool {
		vm, _ := s.find(ctx, op.VM)
		all, ok := s.snapshots(ctx, op.VM)
		return vm != nil && ok && !slices.ContainsFunc(all, func(s *backend.Snapshot) bool { return going[s.ID] })
	})
}

// withDescendants adds to a set of snapshots all those below them.
func withDescendants(set map[backend.Ref]bool, all []*backend.Snapshot) {
	for grown := true; grown; {
		grown = false
		for _, s := range all {
			if set[s.Up] && !set[s.ID] {
				set[s.ID], grown = true, true
			}
		}
	}
}

// knownSnapshot is a snapshot as it was; nil when it is not known.
func knownSnapshot(was Known, r backend.Ref) *backend.Snapshot {
	s, _ := was.Object(r).(*backend.Snapshot)
	return s
}

func edited(op backend.SnapshotEditOp, was Known) (Trace, bool) {
	fits := func(s *backend.Snapshot) bool {
		return s.ID == op.Snapshot && (op.Name == "" || s.Name == op.Name) && (op.KeepDescription || s.Description == op.Description)
	}
	before := knownSnapshot(was, op.Snapshot)
	if before == nil || fits(before) {
		return hidden(wasSo + "look at the snapshot's name and description")
	}
	return when(func(ctx context.Context, s *server) bool {
		all, ok := s.snapshots(ctx, op.VM)
		return ok && slices.ContainsFunc(all, fits)
	})
}

// reverted: the VM stands on the snapshot, and did not before.
func reverted(op backend.SnapshotRevertOp, was Known) (Trace, bool) {
	before := knownSnapshot(was, op.Snapshot)
	if before == nil || before.Current {
		return hidden("the VM stood on this snapshot before, so nothing shows whether it went back: look at the guest's console and its disks")
	}
	return when(func(ctx context.Context, s *server) bool {
		all, ok := s.snapshots(ctx, op.VM)
		stands := ok && slices.ContainsFunc(all, func(s *backend.Snapshot) bool { return s.ID == op.Snapshot && s.Current })
		return stands && s.isAfter(ctx, op)
	})
}

// isAfter reports whether the VM is in the state that was wanted after a revert.
func (s *server) isAfter(ctx context.Context, op backend.SnapshotRevertOp) bool {
	o, _ := s.find(ctx, op.VM)
	vm, is := o.(*backend.VM)
	switch {
	case !is:
		return false
	case op.After == backend.AfterRun:
		return runs(vm)
	case op.After == backend.AfterPause:
		return vm.State == backend.PowerPaused
	default:
		return true
	}
}
