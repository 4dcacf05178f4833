package backendtest

import (
	"context"
	"errors"
	"time"

	"hvdeck/backend"
)

// poll is how often a state that is waited for is looked at.
const poll = 20 * time.Millisecond

// ctx bounds one call.
func (r *run) ctx() (context.Context, context.CancelFunc) {
	ctx := context.Background()
	if r.beside.Load() > 0 {
		ctx = context.WithValue(ctx, asideKey{}, true)
	}
	return context.WithTimeout(ctx, r.Patience)
}

// asideKey marks the calls that only bring about what a case needs, or take it back.
type asideKey struct{}

func isAside(ctx context.Context) bool { return ctx.Value(asideKey{}) != nil }

// aside marks what is called until the function that it gives is called.
func (r *run) aside() (end func()) {
	r.beside.Add(1)
	return func() { r.beside.Add(-1) }
}

// list gives the answer to a query; its pages joined.
func (r *run) list(q backend.Query) []backend.Object {
	all, err := r.tryList(r.b, q)
	if err != nil {
		r.fatalf("list %ss: %v", q.Kind, err)
	}
	return all
}

func (r *run) tryList(b backend.Backend, q backend.Query) ([]backend.Object, error) {
	ctx, cancel := r.ctx()
	defer cancel()
	var all []backend.Object
	err := b.List(ctx, q, func(page []backend.Object) { all = append(all, page...) })
	return all, err
}

// vm finds a fixture by name.
func (r *run) vm(name string) *backend.VM {
	for _, o := range r.list(backend.Query{Kind: backend.KindVM}) {
		if vm, ok := o.(*backend.VM); ok && vm.Name == name {
			return vm
		}
	}
	r.fatalf("there is no VM %q", name)
	return nil
}

// again reads a VM once more.
func (r *run) again(ref backend.Ref) *backend.VM {
	all := r.list(backend.Query{Kind: backend.KindVM, Refs: []backend.Ref{ref}})
	if len(all) != 1 {
		r.fatalf("the VM is listed %d times by its reference", len(all))
	}
	vm, ok := all[0].(*backend.VM)
	if !ok {
		r.fatalf("a list of VMs holds a %T", all[0])
	}
	return vm
}

// await polls until the condition holds.
func (r *run) await(what string, ok func() bool) {
	for end := time.Now().Add(r.Patience); ; {
		if ok() {
			return
		}
		if time.Now().After(end) {
			r.fatalf("waited %s in vain until %s", r.Patience, what)
		}
		time.Sleep(poll)
	}
}

func (r *run) awaitState(ref backend.Ref, what string, ok func(backend.PowerState) bool) {
	var last backend.PowerState
	r.await("the VM is "+what, func() bool {
		last = r.again(ref).State
		return ok(last)
	})
}

func isOn(s backend.PowerState) bool  { return s == backend.PowerOn || s == backend.PowerIdle }
func isOff(s backend.PowerState) bool { return s == backend.PowerOff }
func isHeld(s backend.PowerState) bool {
	return s == backend.PowerPaused || s == backend.PowerSuspended
}

// needs fails the case with the reason when the endpoint says it can't do this.
func (r *run) needs(v backend.Verb) {
	if why := r.b.Caps().Why(v); why != "" {
		r.fatalf("%s: %s", v, why)
	}
}

// do runs an operation that has to succeed, and holds its progress to the contract.
func (r *run) do(op backend.Op) backend.Result {
	result, err := r.try(op)
	if err != nil {
		r.fatalf("%s: %v", op.Title(), err)
	}
	return result
}

// try runs an operation.
func (r *run) try(op backend.Op) (backend.Result, error) {
	ctx, cancel := r.ctx()
	defer cancel()
	p := &progress{run: r, what: op.Title()}
	result, err := r.b.Do(ctx, op, p.callbacks())
	p.end()
	r.contractual(op.Title(), err)
	return result, err
}

// refused runs an operation that has to fail in one of these classes.
func (r *run) refused(op backend.Op, classes ...backend.Class) {
	_, err := r.try(op)
	r.class(op.Title(), err, classes...)
}

// idle runs an operation that has nothing to do: a server refuses it, or does nothing.
func (r *run) idle(op backend.Op) {
	if _, err := r.try(op); err != nil {
		r.class(op.Title(), err, backend.ClassConflict)
	}
}

// class asserts that there is an error, and of which class.
func (r *run) class(doing string, err error, classes ...backend.Class) {
	if err == nil {
		r.errorf("%s: succeeded, want: %v", doing, classes)
		return
	}
	r.contractual(doing, err)
	got := backend.ClassOf(err)
	for _, want := range classes {
		if got == want {
			return
		}
	}
	r.errorf("%s: class %q, want one of %v: %v", doing, got, classes, err)
}

// contractual asserts that an error is one of the contract's.
func (r *run) contractual(doing string, err error) {
	var e *backend.Error
	switch {
	case err == nil:
	case !errors.As(err, &e):
		r.errorf("%s: the error is a %T, want a *backend.Error: %v", doing, err, err)
	case e.Doing == "":
		r.errorf("%s: the error does not say what was being done: %v", doing, err)
	}
}

// ensureOn brings a VM to run without snapshots; ensureOff to be off.
func (r *run) ensureOn(name string) backend.Ref {
	defer r.aside()()
	vm := r.vm(name)
	r.clear(vm.ID)
	switch {
	case isOn(vm.State):
		return vm.ID
	case isHeld(vm.State):
		r.do(backend.ResumeOp{VM: vm.ID})
	case vm.State == backend.PowerShuttingDown:
		r.cut(vm.ID)
		r.do(backend.PowerOnOp{VM: vm.ID})
	default:
		r.do(backend.PowerOnOp{VM: vm.ID})
	}
	r.awaitState(vm.ID, "running", isOn)
	return vm.ID
}

func (r *run) ensureOff(name string) backend.Ref {
	defer r.aside()()
	vm := r.vm(name)
	r.clear(vm.ID)
	if isOff(vm.State) {
		return vm.ID
	}
	if vm.State == backend.PowerSuspended || vm.State == backend.PowerSaved {
		r.ensureOn(name)
	}
	r.do(backend.PowerOffOp{VM: vm.ID})
	r.awaitState(vm.ID, "off", isOff)
	return vm.ID
}

// cut powers a VM off that may be going down by itself.
func (r *run) cut(vm backend.Ref) {
	defer r.aside()()
	if _, err := r.try(backend.PowerOffOp{VM: vm}); err != nil && backend.ClassOf(err) != backend.ClassConflict {
		r.fatalf("power off: %v", err)
	}
	r.awaitState(vm, "off", isOff)
}

// clear deletes the snapshots of a fixture, leaves first. What the server can't
// delete (libvirt 9: some overlays) is forgotten instead, where that is possible.
func (r *run) clear(vm backend.Ref) {
	defer r.aside()()
	tree := r.tree(vm)
	for len(tree) > 0 {
		leaf := leafOf(tree)
		_, err := r.try(backend.SnapshotDeleteOp{VM: vm, Snapshot: leaf.ID})
		if err != nil && r.b.Caps().Why(backend.VerbSnapMetadata) == "" {
			_, err = r.try(backend.SnapshotDeleteOp{VM: vm, Snapshot: leaf.ID, MetadataOnly: true})
		}
		if err != nil {
			r.fatalf("clear the fixture: delete snapshot %s: %v", leaf.Path, err)
		}
		left := r.tree(vm)
		if len(left) >= len(tree) {
			r.fatalf("clear the fixture: snapshot %s was deleted and is still there", leaf.Path)
		}
		tree = left
	}
}

func leafOf(tree []*backend.Snapshot) *backend.Snapshot {
	isParent := map[backend.Ref]bool{}
	for _, s := range tree {
		isParent[s.Up] = true
	}
	for _, s := range tree {
		if !isParent[s.ID] {
			return s
		}
	}
	return tree[0]
}

// unknown is a reference to a VM that does not exist, in a form that any server takes.
func (r *run) unknown(k backend.Kind) backend.Ref {
	return backend.Ref{Conn: r.b.ID(), Kind: k, ID: "00000000-0000-4000-8000-00000000dead"}
}
