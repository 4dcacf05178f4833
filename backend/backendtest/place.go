package backendtest

import "hvdeck/backend"

func placeCases() []testCase {
	return []testCase{
		{name: "place/relocate", ops: []backend.Op{backend.VMRelocateOp{}}, run: vmRelocate},
		{name: "place/register", ops: []backend.Op{backend.VMRegisterOp{}}, run: vmRegister},
	}
}

// otherHost is another host of the cluster that a VM is in.
func (r *run) otherHost(vm backend.Ref) backend.Ref {
	here := r.vmAt(vm).Host
	cluster := byRef[*backend.Host](r, here, backend.Ref{}).ClusterRef
	for _, o := range r.seen(backend.KindHost, backend.Ref{}) {
		if h, ok := o.(*backend.Host); ok && h.ID != here && h.ClusterRef == cluster && !cluster.IsZero() && !h.Maintenance {
			return h.ID
		}
	}
	r.fatalf("the cluster has no other host")
	return backend.Ref{}
}

func vmRelocate(r *run) {
	r.needs(backend.VerbVMRelocate)
	vm := r.plainVM()
	was := r.vmAt(vm)
	r.refused(backend.VMRelocateOp{VM: vm}, backend.ClassInvalid)
	r.refused(backend.VMRelocateOp{VM: vm, To: backend.Placement{Host: r.unknown(backend.KindHost)}}, backend.ClassNotFound)
	r.refused(backend.VMRelocateOp{VM: vm, To: backend.Placement{Host: was.Host, Provisioning: "thickest"}}, backend.ClassInvalid)
	first := r.otherHost(vm)
	r.do(backend.VMRelocateOp{VM: vm, To: backend.Placement{Host: first}})
	if now := r.vmAt(vm); now.Host != first || now.PoolRef != was.PoolRef || now.Path != was.Path {
		r.errorf("the VM is on %s in pool %s at %s", now.HostName, now.Pool, now.Path)
	}
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	r.do(backend.VMRelocateOp{VM: vm, To: backend.Placement{Host: was.Host}, HighPriority: true})
	if now := r.vmAt(vm); now.Host != was.Host || !isOn(now.State) {
		r.errorf("the VM is %s on %s", now.State, now.HostName)
	}
}

func vmRegister(r *run) {
	r.needs(backend.VerbVMRegister)
	vm := r.plainVM()
	at := r.vmAt(vm)
	pool, folder := r.homeOf(vm)
	file := r.vmxOf(pool, folder)
	to := backend.Placement{ResourcePool: at.PoolRef, Host: at.Host, Folder: at.FolderRef}
	r.refused(backend.VMRegisterOp{File: file, To: to}, backend.ClassConflict)
	r.do(backend.VMUndefineOp{VM: vm})
	r.refused(backend.VMRegisterOp{File: pool, To: to}, backend.ClassInvalid)
	made := r.do(backend.VMRegisterOp{File: file, To: to}).Created
	if now := r.vmAt(made); now.Path != at.Path || now.PoolRef != at.PoolRef || now.FolderRef != at.FolderRef || !isOff(now.State) {
		r.errorf("the VM that was registered is %+v", now)
	}
}
