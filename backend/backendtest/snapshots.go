package backendtest

import (
	"fmt"
	"strings"

	"hvdeck/backend"
)

func snapshotCases() []testCase {
	ops := []backend.Op{backend.SnapshotCreateOp{}}
	return []testCase{
		{name: "snapshot/create-off", ops: ops, run: createOff},
		{name: "snapshot/create-running", ops: ops, run: createRunning},
		{name: "snapshot/create-memory", ops: ops, run: createMemory},
		{name: "snapshot/quiesce", ops: ops, run: createQuiesced},
		{name: "snapshot/tree", ops: ops, run: treeShape},
		{name: "snapshot/duplicate-name", ops: ops, run: duplicateName},
		{name: "snapshot/empty-name", ops: ops, run: emptyName},
		{name: "snapshot/slash-in-name", ops: ops, run: slashInName},
		{name: "snapshot/hostile-text", ops: ops, run: hostileText},
		{name: "snapshot/control-characters", ops: ops, run: controlCharacters},
		{name: "snapshot/cancel", ops: ops, run: cancelCreate},
		{name: "snapshot/revision", ops: ops, run: revision},
	}
}

// tree lists the snapshots of a VM.
func (r *run) tree(vm backend.Ref) []*backend.Snapshot {
	var tree []*backend.Snapshot
	for _, o := range r.list(backend.Query{Kind: backend.KindSnapshot, Parent: vm}) {
		s, ok := o.(*backend.Snapshot)
		if !ok {
			r.fatalf("a list of snapshots holds a %T", o)
		}
		tree = append(tree, s)
	}
	return tree
}

// byPath gives the only snapshot with this path.
func (r *run) byPath(vm backend.Ref, path string) *backend.Snapshot {
	var have []string
	for _, s := range r.tree(vm) {
		if s.Path == path {
			return s
		}
		have = append(have, s.Path)
	}
	r.fatalf("there is no snapshot %s among %v", path, have)
	return nil
}

// shape is the paths of a tree, in any order, with "*" at the current one.
func (r *run) shape(vm backend.Ref) map[string]bool {
	paths := map[string]bool{}
	for _, s := range r.tree(vm) {
		path := s.Path
		if s.Current {
			path += "*"
		}
		paths[path] = true
	}
	return paths
}

func (r *run) hasShape(vm backend.Ref, want ...string) {
	got := r.shape(vm)
	ok := len(got) == len(want)
	for _, path := range want {
		ok = ok && got[path]
	}
	if !ok {
		r.fatalf("the snapshot tree is %v, want %v (* is the current one)", got, want)
	}
}

// create takes a snapshot without memory and finds it by what Do gave.
func (r *run) create(vm backend.Ref, name string) *backend.Snapshot {
	return r.createOp(backend.SnapshotCreateOp{VM: vm, Name: name, Description: "made by " + name})
}

func (r *run) createOp(op backend.SnapshotCreateOp) *backend.Snapshot {
	made := r.do(op).Created
	for _, s := range r.tree(op.VM) {
		if s.ID == made {
			return s
		}
	}
	r.fatalf("the result of creating %q names %v, which is not in the tree", op.Name, made)
	return nil
}

func createOff(r *run) {
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "base")
	if s.Name != "base" || s.Description != "made by base" || s.Path != "/base" {
		r.errorf("snapshot %q, %q, path %q", s.Name, s.Description, s.Path)
	}
	if !s.Current || !s.Up.IsZero() || s.Owner() != vm || s.Created.IsZero() || s.State != backend.PowerOff {
		r.errorf("snapshot %+v", s)
	}
}

func createRunning(r *run) {
	vm := r.ensureOn(r.Running)
	s := r.create(vm, "live")
	if !s.Current || s.Name != "live" {
		r.errorf("snapshot %+v", s)
	}
	r.awaitState(vm, "running as before", isOn)
}

func createMemory(r *run) {
	r.needs(backend.VerbSnapMemory)
	vm := r.ensureOn(r.Running)
	s := r.createOp(backend.SnapshotCreateOp{VM: vm, Name: "with-memory", Memory: true})
	if !isOn(s.State) || s.DiskOnly {
		r.errorf("a snapshot with memory says: state %s, disk only %v", s.State, s.DiskOnly)
	}
	r.awaitState(vm, "running as before", isOn)
}

func createQuiesced(r *run) {
	r.needs(backend.VerbSnapQuiesce)
	vm := r.ensureOn(r.Running)
	if s := r.createOp(backend.SnapshotCreateOp{VM: vm, Name: "calm", Quiesce: true}); !s.Quiesced {
		r.errorf("a quiesced snapshot does not say so")
	}
}

func createDiskOnly(r *run) {
	r.needs(backend.VerbSnapDiskOnly)
	vm := r.ensureOff(r.Off)
	s := r.createOp(backend.SnapshotCreateOp{VM: vm, Name: "overlay", DiskOnly: true})
	if s.Storage != backend.StorageExternal {
		r.errorf("a disk-only snapshot is %q, want external", s.Storage)
	}
	r.clear(vm)
}

// grow makes base, base/left and base/right, the last one current.
func (r *run) grow(vm backend.Ref) {
	base := r.create(vm, "base")
	r.create(vm, "left")
	r.do(backend.SnapshotRevertOp{VM: vm, Snapshot: base.ID})
	r.create(vm, "right")
	r.hasShape(vm, "/base", "/base/left", "/base/right*")
}

func treeShape(r *run) {
	vm := r.ensureOff(r.Off)
	r.grow(vm)
	base := r.byPath(vm, "/base")
	for _, path := range []string{"/base/left", "/base/right"} {
		if s := r.byPath(vm, path); s.Up != base.ID {
			r.errorf("%s hangs under %v, want %v", path, s.Up, base.ID)
		}
	}
}

// duplicateName accepts both ways: a refusal, or two that paths tell apart.
func duplicateName(r *run) {
	vm := r.ensureOff(r.Off)
	base := r.create(vm, "base")
	r.create(vm, "twin")
	r.do(backend.SnapshotRevertOp{VM: vm, Snapshot: base.ID})
	_, err := r.try(backend.SnapshotCreateOp{VM: vm, Name: "twin"})
	if err != nil {
		r.class("create a duplicate", err, backend.ClassConflict)
		r.hasShape(vm, "/base*", "/base/twin")
		return
	}
	if len(r.tree(vm)) != 3 {
		r.fatalf("the tree is %v, want base and two twins", r.shape(vm))
	}
	if first, second := r.byPath(vm, "/base/twin"), r.byPath(vm, "/base/twin[1]"); first.ID == second.ID {
		r.errorf("two snapshots have one reference")
	}
}

func emptyName(r *run) {
	vm := r.ensureOff(r.Off)
	for _, name := range []string{"", "  "} {
		r.refused(backend.SnapshotCreateOp{VM: vm, Name: name}, backend.ClassInvalid)
	}
	r.hasShape(vm)
}

func slashInName(r *run) {
	vm := r.ensureOff(r.Off)
	_, err := r.try(backend.SnapshotCreateOp{VM: vm, Name: "a/b"})
	r.class("create a/b", err, backend.ClassInvalid)
	if err != nil && !strings.Contains(err.Error(), "/") {
		r.errorf("the error does not name the cause: %v", err)
	}
	r.hasShape(vm)
}

// hostileText asserts that names and descriptions come back byte by byte.
func hostileText(r *run) {
	vm := r.ensureOff(r.Off)
	for _, text := range []string{
		`<name>&amp;"quoted" 'too' %2f 100% \x1b`, "仮想 ü \u202egnp.exe", "]]><!-- -->", "$(reboot) `id` ;|", " spaces  inside",
	} {
		description := text + "\nsecond line\t" + strings.Repeat("long ", 200) + "."
		name := strings.TrimSpace(strings.ReplaceAll(text, "/", ""))
		s := r.createOp(backend.SnapshotCreateOp{VM: vm, Name: name, Description: description})
		if s.Name != name {
			r.errorf("name %q came back as %q", name, s.Name)
		}
		if s.Description != description {
			r.errorf("description %q came back as %q", description, s.Description)
		}
		r.do(backend.SnapshotDeleteOp{VM: vm, Snapshot: s.ID})
	}
	r.hasShape(vm)
}

// controlCharacters are refused: see backend.CheckSnapshotName.
func controlCharacters(r *run) {
	vm := r.ensureOff(r.Off)
	for _, name := range []string{"\x1b]0;x\x07\x1b[2J", "a\nb", "a\tb", "a\u009bb", "a\xffb"} {
		_, err := r.try(backend.SnapshotCreateOp{VM: vm, Name: name})
		r.class(fmt.Sprintf("create %q", name), err, backend.ClassInvalid)
	}
	r.hasShape(vm)
}

// revision asserts that a change of the tree shows in the VM, where it counts them.
func revision(r *run) {
	vm := r.ensureOff(r.Off)
	before := r.again(vm)
	r.create(vm, "base")
	if before.SnapshotRev == 0 {
		return
	}
	r.await("the revision of the tree has changed", func() bool { return r.again(vm).SnapshotRev != before.SnapshotRev })
}
