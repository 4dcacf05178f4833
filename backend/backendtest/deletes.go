package backendtest

import "hvdeck/backend"

func deleteCases() []testCase {
	ops := []backend.Op{backend.SnapshotDeleteOp{}}
	edit := []backend.Op{backend.SnapshotEditOp{}}
	return []testCase{
		{name: "snapshot/delete", ops: ops, run: deleteLeaf},
		{name: "snapshot/delete-reparents", ops: ops, run: deleteReparents},
		{name: "snapshot/delete-children", ops: ops, run: deleteChildren},
		{name: "snapshot/delete-metadata", ops: ops, run: deleteMetadata},
		{name: "snapshot/rename", ops: edit, run: renameSnapshot},
		{name: "snapshot/edit-description", ops: edit, run: editDescription},
		{name: "snapshot/edit-refused", ops: edit, run: editRefused},
		// Last, since it may leave the disk of the fixture an overlay.
		{name: "snapshot/disk-only", ops: []backend.Op{backend.SnapshotCreateOp{}}, run: createDiskOnly},
	}
}

// deleteLeaf deletes the current one: its parent is then the current one.
func deleteLeaf(r *run) {
	vm := r.ensureOff(r.Off)
	r.grow(vm)
	r.do(backend.SnapshotDeleteOp{VM: vm, Snapshot: r.byPath(vm, "/base/right").ID})
	r.hasShape(vm, "/base*", "/base/left")
}

func deleteReparents(r *run) {
	vm := r.ensureOff(r.Off)
	r.create(vm, "one")
	r.create(vm, "two")
	r.create(vm, "three")
	r.do(backend.SnapshotDeleteOp{VM: vm, Snapshot: r.byPath(vm, "/one/two").ID})
	r.hasShape(vm, "/one", "/one/three*")
	r.do(backend.SnapshotDeleteOp{VM: vm, Snapshot: r.byPath(vm, "/one").ID})
	r.hasShape(vm, "/three*")
}

func deleteChildren(r *run) {
	vm := r.ensureOff(r.Off)
	r.create(vm, "root")
	r.create(vm, "branch")
	r.create(vm, "leaf")
	r.do(backend.SnapshotDeleteOp{VM: vm, Snapshot: r.byPath(vm, "/root/branch").ID, Children: true})
	r.hasShape(vm, "/root*")
}

func deleteMetadata(r *run) {
	r.needs(backend.VerbSnapMetadata)
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "base")
	r.refused(backend.SnapshotDeleteOp{VM: vm, Snapshot: s.ID, MetadataOnly: true, Children: true}, backend.ClassInvalid, backend.ClassUnsupported)
	r.hasShape(vm, "/base*")
	r.do(backend.SnapshotDeleteOp{VM: vm, Snapshot: s.ID, MetadataOnly: true})
	r.hasShape(vm)
}

// renameSnapshot renames one with a parent and a child; the tree keeps its shape.
func renameSnapshot(r *run) {
	r.needs(backend.VerbSnapEdit)
	vm := r.ensureOff(r.Off)
	r.create(vm, "one")
	middle := r.create(vm, "two")
	r.create(vm, "three")
	r.do(backend.SnapshotEditOp{VM: vm, Snapshot: middle.ID, Name: "zwei", Description: "new words"})
	r.hasShape(vm, "/one", "/one/zwei", "/one/zwei/three*")
	got := r.byPath(vm, "/one/zwei")
	if got.Description != "new words" {
		r.errorf("description %q, want %q", got.Description, "new words")
	}
	if !got.Created.Equal(middle.Created) || got.State != middle.State {
		r.errorf("an edit changed when (%s, %s) or of what state (%s, %s) it was taken", middle.Created, got.Created, middle.State, got.State)
	}
}

func editDescription(r *run) {
	r.needs(backend.VerbSnapEdit)
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "base")
	r.do(backend.SnapshotEditOp{VM: vm, Snapshot: s.ID, Name: s.Name, Description: "<other> & words"})
	if got := r.byPath(vm, "/base"); got.Description != "<other> & words" || !got.Current || got.ID != s.ID {
		r.errorf("after the edit: %+v", got)
	}
}

func editRefused(r *run) {
	r.needs(backend.VerbSnapEdit)
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "base")
	r.refused(backend.SnapshotEditOp{VM: vm, Snapshot: s.ID, Name: "a/b"}, backend.ClassInvalid, backend.ClassUnsupported)
	// No name is a mistake, or means that it stays.
	if _, err := r.try(backend.SnapshotEditOp{VM: vm, Snapshot: s.ID}); err != nil {
		r.class("rename to nothing", err, backend.ClassInvalid)
	}
	r.hasShape(vm, "/base*")
}
