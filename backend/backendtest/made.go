package backendtest

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hvdeck/backend"
)

// prefix begins the name of everything that the suite makes.
const prefix = "hvdt-"

const mib = 1 << 20

// later takes back what the case made, at its end; the last first.
func (r *run) later(fn func()) { r.undo = append(r.undo, fn) }

// other is a second connection: what it sees is at the server.
func (r *run) other() backend.Backend {
	if r.look == nil {
		r.look = r.open()
	}
	return r.look
}

// seen lists by the second connection.
func (r *run) seen(kind backend.Kind, parent backend.Ref) []backend.Object {
	all, err := r.tryList(r.other(), backend.Query{Kind: kind, Parent: parent})
	if err != nil {
		r.fatalf("list %ss by a second connection: %v", kind, err)
	}
	return all
}

// named finds an object that the second connection sees; nil when there is none.
func (r *run) named(kind backend.Kind, parent backend.Ref, name string) backend.Object {
	all := r.seen(kind, parent)
	i := slices.IndexFunc(all, func(o backend.Object) bool { return o.Title() == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// absent asserts that there is no such object.
func (r *run) absent(kind backend.Kind, parent backend.Ref, name string) {
	if r.named(kind, parent, name) != nil {
		r.errorf("there is still a %s %q", kind, name)
	}
}

// byRef reads an object by the second connection.
func byRef[T backend.Object](r *run, ref, parent backend.Ref) T {
	for _, o := range r.seen(ref.Kind, parent) {
		if t, ok := o.(T); ok && o.Ref() == ref {
			return t
		}
	}
	r.fatalf("the %s that was made is not listed: %v", ref.Kind, ref)
	panic("unreachable")
}

// detail reads an object's dear fields by the second connection.
func (r *run) detail(ref backend.Ref) *backend.Detail {
	ctx, cancel := r.ctx()
	defer cancel()
	d, err := r.other().Get(ctx, ref)
	if err != nil {
		r.fatalf("get %s by a second connection: %v", ref.Kind, err)
	}
	return d
}

func (r *run) hostRef() backend.Ref {
	hosts := r.list(backend.Query{Kind: backend.KindHost})
	if len(hosts) == 0 {
		r.fatalf("there is no host")
	}
	return hosts[0].Ref()
}

// quietly runs an operation that may fail: cleaning up.
func (r *run) quietly(op backend.Op) {
	defer r.aside()()
	ctx, cancel := r.ctx()
	defer cancel()
	_, _ = r.b.Do(ctx, op, backend.Progress{})
}

// poolDir is the directory of a pool of the suite.
func (r *run) poolDir(name string) string {
	r.needs(backend.VerbFor(backend.KindPool, backend.ActDefine))
	if r.PoolDir == "" {
		r.fatalf("the target has no directory for pools")
	}
	return path.Join(r.PoolDir, name)
}

// dirPool is a new directory pool of this name, not built and not started.
func (r *run) dirPool(name string) backend.PoolNewOp {
	return backend.PoolNewOp{Host: r.hostRef(), Name: name, Type: "dir", Path: r.poolDir(name)}
}

// makePool defines a pool that goes with the case, and all in it.
func (r *run) makePool(op backend.PoolNewOp) backend.Ref {
	r.needs(op.Verb())
	r.dropPool(op.Name)
	r.later(func() { r.dropPool(op.Name) })
	made := r.do(op).Created
	if p := byRef[*backend.Pool](r, made, backend.Ref{}); p.Name != op.Name {
		r.errorf("the new pool is called %q, want %q", p.Name, op.Name)
	}
	return made
}

// pool makes a pool that runs, or gives the one that there is.
func (r *run) pool() backend.Ref {
	if r.Pool != "" {
		return r.givenPool()
	}
	op := r.dirPool(prefix + "pool")
	op.Build, op.Start = true, true
	return r.makePool(op)
}

// givenPool is the pool of the target, without what an earlier case left there.
func (r *run) givenPool() backend.Ref {
	p, ok := r.named(backend.KindPool, backend.Ref{}, r.Pool).(*backend.Pool)
	if !ok {
		r.fatalf("there is no pool %q", r.Pool)
	}
	drop := func() {
		for _, o := range r.seen(backend.KindVolume, p.ID) {
			if strings.HasPrefix(o.Title(), prefix) {
				r.quietly(backend.VolumeDeleteOp{Volume: o.Ref()})
			}
		}
	}
	drop()
	r.later(drop)
	return p.ID
}

// dropPool deletes a pool of the suite with all in it, if it exists.
func (r *run) dropPool(name string) {
	p, ok := r.named(backend.KindPool, backend.Ref{}, name).(*backend.Pool)
	if !ok {
		return
	}
	if p.State == backend.PoolRunning {
		r.dropVolumes(p.ID)
		r.quietly(backend.StopOp{Object: p.ID})
	}
	r.quietly(backend.PoolDeleteOp{Pool: p.ID})
	r.quietly(backend.UndefineOp{Object: p.ID})
	r.absent(backend.KindPool, backend.Ref{}, name)
}

// dropVolumes deletes the volumes of a pool, those that stand on others first.
func (r *run) dropVolumes(pool backend.Ref) {
	for range 3 {
		for _, o := range r.seen(backend.KindVolume, pool) {
			r.quietly(backend.VolumeDeleteOp{Volume: o.Ref()})
		}
	}
}

// volume makes a volume in a pool of the suite.
func (r *run) volume(op backend.VolumeCreateOp) *backend.Volume {
	r.needs(op.Verb())
	return byRef[*backend.Volume](r, r.do(op).Created, op.Pool)
}

// rawVolume makes a volume of zeros; of a file where the server makes none by itself.
func (r *run) rawVolume(pool backend.Ref, name string, size uint64) *backend.Volume {
	if r.Pool != "" {
		file := filepath.Join(r.t.TempDir(), "zeros")
		if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
			r.fatalf("write a file: %v", err)
		}
		r.needs(backend.VerbVolumeUpload)
		return byRef[*backend.Volume](r, r.do(backend.VolumeImportOp{Pool: pool, Name: prefix + name, Format: "raw", File: file}).Created, pool)
	}
	return r.volume(backend.VolumeCreateOp{Pool: pool, Name: prefix + name, Format: "raw", Capacity: size})
}

// smallVM is a new VM without devices.
func (r *run) smallVM() backend.VMNewOp {
	return backend.VMNewOp{Host: r.hostRef(), Name: prefix + "vm", VCPUs: 1, Memory: 64 * mib}
}

// makeVM makes a VM that goes with the case.
func (r *run) makeVM(op backend.VMNewOp) backend.Ref {
	r.needs(op.Verb())
	r.dropVM(op.Name)
	r.later(func() { r.dropVM(op.Name) })
	made := r.do(op).Created
	if vm := byRef[*backend.VM](r, made, backend.Ref{}); vm.Name != op.Name {
		r.errorf("the new VM is called %q, want %q", vm.Name, op.Name)
	}
	return made
}

// dropVM removes a VM of the suite, if it exists; its disks go with their pool.
func (r *run) dropVM(name string) {
	if !strings.HasPrefix(name, prefix) {
		r.fatalf("%q was not made by the suite", name)
	}
	vm, ok := r.named(backend.KindVM, backend.Ref{}, name).(*backend.VM)
	if !ok {
		return
	}
	if !isOff(vm.State) && vm.State != backend.PowerSaved {
		r.quietly(backend.PowerOffOp{VM: vm.ID})
	}
	undefine := backend.VMUndefineOp{VM: vm.ID, ManagedSave: true, Snapshots: true}
	if r.clonesOnly() {
		undefine.Disks = r.diskLabels(vm.ID)
	}
	r.quietly(undefine)
	r.absent(backend.KindVM, backend.Ref{}, name)
}

// badNames are names that no server takes for a VM, pool, network or volume.
func badNames() []string { return []string{"", "hvdt-a/b", "hvdt-a\nb"} }

// badVolumeNames are names that no server takes for a volume; where they are paths, those
// that lead out of the pool.
func (r *run) badVolumeNames() []string {
	if r.Pool == "" {
		return badNames()
	}
	return []string{"", "hvdt-a\nb", "../hvdt-a", "/hvdt-a", "hvdt-a/../../b"}
}
