package backendtest

import (
	"context"

	"hvdeck/backend"
)

func revertCases() []testCase {
	ops := []backend.Op{backend.SnapshotRevertOp{}}
	return []testCase{
		{name: "snapshot/revert", ops: ops, run: revertNamed},
		{name: "snapshot/revert-current", ops: ops, run: revertCurrent},
		{name: "snapshot/revert-none", ops: ops, run: revertNone},
		{name: "snapshot/revert-state", ops: ops, run: revertState},
		{name: "snapshot/revert-run", ops: ops, run: revertRun},
		{name: "snapshot/revert-pause", ops: ops, run: revertPause},
		{name: "snapshot/revert-host", ops: ops, run: revertHost},
		{name: "snapshot/revert-unknown", ops: ops, run: revertUnknown},
	}
}

func revertNamed(r *run) {
	vm := r.ensureOff(r.Off)
	r.grow(vm)
	r.do(backend.SnapshotRevertOp{VM: vm, Snapshot: r.byPath(vm, "/base/left").ID})
	r.hasShape(vm, "/base", "/base/left*", "/base/right")
}

func revertCurrent(r *run) {
	vm := r.ensureOff(r.Off)
	r.grow(vm)
	r.do(backend.SnapshotRevertOp{VM: vm})
	r.hasShape(vm, "/base", "/base/left", "/base/right*")
}

func revertNone(r *run) {
	vm := r.ensureOff(r.Off)
	r.refused(backend.SnapshotRevertOp{VM: vm}, backend.ClassNotFound, backend.ClassConflict)
}

func revertUnknown(r *run) {
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "base")
	r.do(backend.SnapshotDeleteOp{VM: vm, Snapshot: s.ID})
	r.refused(backend.SnapshotRevertOp{VM: vm, Snapshot: s.ID}, backend.ClassNotFound)
	r.refused(backend.SnapshotDeleteOp{VM: vm, Snapshot: s.ID}, backend.ClassNotFound)
	if r.b.Caps().Why(backend.VerbSnapEdit) == "" {
		r.refused(backend.SnapshotEditOp{VM: vm, Snapshot: s.ID, Name: s.Name}, backend.ClassNotFound)
	}
}

// revertState asserts that a VM is off again after going back to when it was.
func revertState(r *run) {
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "off")
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	r.do(backend.SnapshotRevertOp{VM: vm, Snapshot: s.ID})
	r.awaitState(vm, "off as it was taken", isOff)
}

func revertRun(r *run) {
	r.needs(backend.VerbSnapRevertState)
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "off")
	r.do(backend.SnapshotRevertOp{VM: vm, Snapshot: s.ID, After: backend.AfterRun})
	r.awaitState(vm, "running", isOn)
}

func revertPause(r *run) {
	r.needs(backend.VerbSnapRevertState)
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "off")
	r.do(backend.SnapshotRevertOp{VM: vm, Snapshot: s.ID, After: backend.AfterPause})
	r.awaitState(vm, "paused", isHeld)
}

func revertHost(r *run) {
	r.needs(backend.VerbSnapRevertHost)
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "base")
	r.do(backend.SnapshotRevertOp{VM: vm, Snapshot: s.ID, Host: r.again(vm).Host})
	r.hasShape(vm, "/base*")
}

// cancelCreate cancels at once: whatever Do says has to be true afterwards.
func cancelCreate(r *run) {
	vm := r.ensureOn(r.Running)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	began := make(chan struct{})
	go func() {
		close(began)
		_, err := r.b.Do(ctx, backend.SnapshotCreateOp{VM: vm, Name: "cancelled", Memory: true}, backend.Progress{})
		ended <- err
	}()
	<-began
	cancel()
	err := <-ended
	r.contractual("create a snapshot", err)
	made := len(r.tree(vm)) > 0
	switch {
	case err == nil && !made:
		r.errorf("Do said that it was done, but there is no snapshot")
	case err != nil && backend.ClassOf(err) != backend.ClassCancelled:
		r.errorf("class %q, want cancelled or success: %v", backend.ClassOf(err), err)
	case err != nil && made:
		r.errorf("Do said that it was cancelled, but there is a snapshot")
	}
}
