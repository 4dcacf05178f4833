package backendtest

import (
	"path"
	"slices"
	"strings"

	"hvdeck/backend"
)

// The cases of VMs for a server that makes them by cloning only: their disks are files
// in folders of datastores, and all go with the VM or none.

// clonesOnly tells whether a VM can be had by cloning a fixture, and not otherwise.
func (r *run) clonesOnly() bool {
	caps := r.b.Caps()
	return caps.Why(backend.VerbVMNew) != "" && caps.Why(backend.VerbVMClone) == ""
}

// plainVM is a VM that is off and goes with the case.
func (r *run) plainVM() backend.Ref {
	if !r.clonesOnly() {
		return r.makeVM(r.smallVM())
	}
	return r.cloned(backend.VMCloneOp{VM: r.ensureOff(r.Off), Name: prefix + "vm"})
}

// cloned makes a clone that goes with the case.
func (r *run) cloned(op backend.VMCloneOp) backend.Ref {
	r.dropVM(op.Name)
	r.later(func() { r.dropVM(op.Name) })
	made := r.do(op).Created
	if vm := r.vmAt(made); vm.Name != op.Name {
		r.errorf("the clone is called %q, want %q", vm.Name, op.Name)
	}
	return made
}

// ownDisks are a VM's disks without drives.
func (r *run) ownDisks(vm backend.Ref) []backend.Disk {
	return slices.DeleteFunc(r.vmDetail(vm).Disks, func(d backend.Disk) bool { return !strings.HasSuffix(d.Path, ".vmdk") })
}

// diskLabels are the labels of those.
func (r *run) diskLabels(vm backend.Ref) []string {
	var all []string
	for _, d := range r.ownDisks(vm) {
		all = append(all, d.Label)
	}
	return all
}

// homeOf is the folder of a VM's files: its datastore, and its own name there.
func (r *run) homeOf(vm backend.Ref) (pool backend.Ref, folder string) {
	store, file, ok := strings.Cut(strings.TrimPrefix(r.vmAt(vm).Path, "["), "] ")
	if !ok {
		r.fatalf("the VM is at %q", r.vmAt(vm).Path)
	}
	p := r.named(backend.KindPool, backend.Ref{}, store)
	if p == nil {
		r.fatalf("there is no datastore %q", store)
	}
	return p.Ref(), path.Dir(file)
}

// vmxOf is the file that a VM is registered by.
func (r *run) vmxOf(pool backend.Ref, folder string) backend.Ref {
	dir := r.named(backend.KindVolume, pool, folder)
	if dir == nil {
		r.fatalf("there is no folder %s", folder)
	}
	for _, f := range r.seen(backend.KindVolume, dir.Ref()) {
		if strings.HasSuffix(f.Title(), ".vmx") {
			return f.Ref()
		}
	}
	r.fatalf("there is no .vmx file in %s", folder)
	return backend.Ref{}
}

func clonedUndefine(r *run) {
	vm := r.plainVM()
	pool, folder := r.homeOf(vm)
	r.do(backend.VMUndefineOp{VM: vm})
	r.absent(backend.KindVM, backend.Ref{}, prefix+"vm")
	r.refused(backend.VMUndefineOp{VM: vm}, backend.ClassNotFound)
	if r.named(backend.KindVolume, pool, folder) == nil {
		r.errorf("the files went with the VM, and nobody had asked for that")
	}
	r.needs(backend.VerbVMRegister)
	r.do(backend.VMRegisterOp{File: r.vmxOf(pool, folder), To: backend.Placement{ResourcePool: r.vm(r.Off).PoolRef, Host: r.vm(r.Off).Host}})
	r.await("the VM is back", func() bool { return r.named(backend.KindVM, backend.Ref{}, prefix+"vm") != nil })
}

func clonedUndefineRunning(r *run) {
	vm := r.plainVM()
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	r.refused(backend.VMUndefineOp{VM: vm}, backend.ClassConflict)
	r.refused(backend.VMUndefineOp{VM: vm, Disks: r.diskLabels(vm)}, backend.ClassConflict)
	if now := r.vmAt(vm); !isOn(now.State) {
		r.errorf("after a refused undefine the VM is %s", now.State)
	}
}

func clonedUndefineDisk(r *run) {
	vm := r.plainVM()
	pool, folder := r.homeOf(vm)
	labels := r.diskLabels(vm)
	if len(labels) == 0 {
		r.fatalf("the VM has no disk")
	}
	r.refused(backend.VMUndefineOp{VM: vm, Disks: append(slices.Clone(labels), "vdz")}, backend.ClassInvalid, backend.ClassNotFound)
	r.vmAt(vm)
	r.do(backend.VMUndefineOp{VM: vm, Disks: labels})
	r.absent(backend.KindVM, backend.Ref{}, prefix+"vm")
	r.absent(backend.KindVolume, pool, folder)
}

// clonedUndefineBacking: what a linked clone stands on is not deleted under it.
func clonedUndefineBacking(r *run) {
	r.needs(backend.VerbVMLinkedClone)
	vm := r.plainVM()
	base := r.do(backend.SnapshotCreateOp{VM: vm, Name: "base"}).Created
	r.refused(backend.VMCloneOp{VM: vm, Name: prefix + "linked", Linked: true}, backend.ClassInvalid)
	link := r.cloned(backend.VMCloneOp{VM: vm, Name: prefix + "linked", Linked: true, Snapshot: base})
	below, above := r.ownDisks(vm), r.ownDisks(link)
	if len(above) == 0 || len(above[0].Backing) == 0 || !slices.ContainsFunc(below, func(d backend.Disk) bool { return d.Path == above[0].Backing[0] }) {
		r.errorf("the clone's disk does not stand on that of the original: %+v, %+v", above, below)
	}
	r.refused(backend.VMUndefineOp{VM: vm, Disks: r.diskLabels(vm)}, backend.ClassConflict)
	r.vmAt(vm)
	r.do(backend.VMUndefineOp{VM: link, Disks: r.diskLabels(link)})
	r.do(backend.VMUndefineOp{VM: vm, Disks: r.diskLabels(vm)})
	r.absent(backend.KindVM, backend.Ref{}, prefix+"vm")
}

func clonedClone(r *run) {
	vm := r.plainVM()
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	made := r.cloned(backend.VMCloneOp{VM: vm, Name: prefix + "clone", To: backend.Placement{Provisioning: "thin"}})
	was, now := r.vmAt(vm), r.vmAt(made)
	if now.UUID == was.UUID || !isOff(now.State) || now.Template || now.Path == was.Path || now.FolderRef != was.FolderRef {
		r.errorf("the clone is %+v", now)
	}
	a, b := r.vmDetail(vm), r.vmDetail(made)
	if len(a.NICs) == 0 || len(b.NICs) != len(a.NICs) || b.NICs[0].MAC == a.NICs[0].MAC || b.NICs[0].MAC == "" {
		r.errorf("the NICs are %+v and %+v", a.NICs, b.NICs)
	}
	from, to := r.ownDisks(vm), r.ownDisks(made)
	if len(from) == 0 || len(to) != len(from) || to[0].Path == from[0].Path || to[0].Path == "" || len(to[0].Backing) != 0 {
		r.errorf("the disks are %+v and %+v", from, to)
	}
	r.refused(backend.VMCloneOp{VM: vm, Name: prefix + "clone"}, backend.ClassConflict)
	for _, name := range badNames() {
		r.refused(backend.VMCloneOp{VM: vm, Name: name}, backend.ClassInvalid)
	}
	r.refused(backend.VMCloneOp{VM: vm, Name: prefix + "other", To: backend.Placement{Provisioning: "thickest"}}, backend.ClassInvalid)
	r.refused(backend.VMCloneOp{VM: vm, Name: prefix + "other", Template: true, PowerOn: true}, backend.ClassInvalid)
	// Two VMs that write to one disk destroy it.
	shared := []backend.CloneDisk{{Target: from[0].Label, Fate: backend.DiskShared}}
	r.refused(backend.VMCloneOp{VM: vm, Name: prefix + "other", Disks: shared}, backend.ClassConflict)
	r.absent(backend.KindVM, backend.Ref{}, prefix+"other")
	clonedTemplate(r, made)
}

// clonedTemplate: a template is in no pool, so a VM of it needs one.
func clonedTemplate(r *run, vm backend.Ref) {
	template := r.cloned(backend.VMCloneOp{VM: vm, Name: prefix + "template", Template: true})
	if !r.vmAt(template).Template {
		r.errorf("the clone is no template")
	}
	r.refused(backend.VMCloneOp{VM: template, Name: prefix + "of"}, backend.ClassInvalid)
	r.refused(backend.PowerOnOp{VM: template}, backend.ClassConflict)
	made := r.cloned(backend.VMCloneOp{VM: template, Name: prefix + "of", PowerOn: true, To: backend.Placement{Host: r.vmAt(vm).Host}})
	if now := r.vmAt(made); !isOn(now.State) || now.Host != r.vmAt(vm).Host {
		r.errorf("the VM of the template is %s on %s", now.State, now.HostName)
	}
}

func clonedResources(r *run) {
	r.needs(backend.VerbVMResources)
	vm := r.plainVM()
	was := r.vmDetail(vm)
	is := func(vcpus, cores int, memory uint64) {
		d := r.vmDetail(vm)
		if d.VCPUs != vcpus || d.Memory != memory || d.CoresPerSocket != cores {
			r.errorf("%d vCPUs with %d in a socket, %d bytes of memory, want %d with %d, %d", d.VCPUs, d.CoresPerSocket, d.Memory, vcpus, cores, memory)
		}
	}
	r.do(backend.VMResourcesOp{VM: vm, VCPUs: 4, CoresPerSocket: 2, Memory: 96 * mib})
	is(4, 2, 96*mib)
	// Zeros leave things as they are, and a maximum that says the same is none.
	r.do(backend.VMResourcesOp{VM: vm, VCPUs: 2, MaxVCPUs: 2})
	is(2, 2, 96*mib)
	r.refused(backend.VMResourcesOp{VM: vm, MaxVCPUs: 9}, backend.ClassUnsupported)
	r.refused(backend.VMResourcesOp{VM: vm, VCPUs: 3}, backend.ClassInvalid)
	r.refused(backend.VMResourcesOp{VM: vm, VCPUs: -1}, backend.ClassInvalid)
	r.refused(backend.VMResourcesOp{VM: vm, Memory: 97*mib + 1}, backend.ClassInvalid)
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	if !was.HotAddCPU {
		r.refused(backend.VMResourcesOp{VM: vm, VCPUs: 4}, backend.ClassConflict)
	}
	if !was.HotAddMemory {
		r.refused(backend.VMResourcesOp{VM: vm, Memory: 128 * mib}, backend.ClassConflict)
	}
	r.refused(backend.VMResourcesOp{VM: vm, Memory: 64 * mib}, backend.ClassConflict)
	r.refused(backend.VMResourcesOp{VM: vm, CoresPerSocket: 1}, backend.ClassConflict)
	is(2, 2, 96*mib)
}
