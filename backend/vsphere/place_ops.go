package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// Operations on where VMs are: moves, registration.

func placeVerbs() []backend.Verb {
	return []backend.Verb{backend.VerbVMRelocate, backend.VerbVMRegister}
}

func (a *action) placeWork(op backend.Op) work {
	switch op := op.(type) {
	case backend.VMRelocateOp:
		return bind(op, a.relocate)
	case backend.VMRegisterOp:
		return bind(op, a.register)
	default:
		return nil
	}
}

// relocate moves the VM to another host, pool or datastore first, as that may fail in
// many ways, and into its folder after that.
func (a *action) relocate(ctx context.Context, op backend.VMRelocateOp) (backend.Result, error) {
	spec, err := a.relocateSpec(ctx, op.VM, op.To)
	if err != nil {
		return backend.Result{}, err
	}
	if spec == nil && op.To.Folder.IsZero() {
		return backend.Result{}, a.refuse(backend.ClassInvalid, "no place was named")
	}
	if spec != nil {
		if err := a.relocateTo(ctx, op, *spec); err != nil {
			return backend.Result{}, err
		}
	}
	if op.To.Folder.IsZero() || spec != nil && spec.Folder != nil {
		return backend.Result{}, nil
	}
	return backend.Result{}, a.afterMove(spec != nil, a.intoFolder(ctx, op.VM, op.To.Folder))
}

// relocateSpec is what RelocateVM_Task takes; nil when only the folder changes. The folder
// is in it where the VM goes to another datacenter.
func (a *action) relocateSpec(ctx context.Context, vm backend.Ref, to backend.Placement) (*types.VirtualMachineRelocateSpec, error) {
	if to == (backend.Placement{}) {
		return nil, nil
	}
	got, err := a.c.retrieveOne(ctx, a.doing, a.c.moref(vm), "parent", "resourcePool", "runtime.host", "datastore", "config.hardware.device")
	if err != nil {
		return nil, err
	}
	dc, err := a.oneDatacenter(ctx, a.spotsOf(to, got))
	if err != nil {
		return nil, err
	}
	inPlace := to
	inPlace.Folder = backend.Ref{}
	if inPlace == (backend.Placement{}) {
		return nil, nil
	}
	folder, err := a.otherFolder(ctx, dc, as[moref](got["parent"]))
	if err != nil {
		return nil, err
	}
	if folder != nil && !to.Folder.IsZero() {
		if *folder, err = a.vmFolder(ctx, to.Folder); err != nil {
			return nil, err
		}
	}
	s, err := a.seatOf(ctx, to, as[moref](got["resourcePool"]))
	if err != nil {
		return nil, err
	}
	disks, err := a.locators(to.Provisioning, as[types.ArrayOfVirtualDevice](got["config.hardware.device"]).VirtualDevice, s.datastore)
	if err != nil {
		return nil, err
	}
	return &types.VirtualMachineRelocateSpec{Pool: s.pool, Host: s.host, Datastore: s.datastore, Disk: disks, Folder: folder}, nil
}

func (a *action) relocateTo(ctx context.Context, op backend.VMRelocateOp, spec types.VirtualMachineRelocateSpec) error {
	priority := types.VirtualMachineMovePriorityDefaultPriority
	if op.HighPriority {
		priority = types.VirtualMachineMovePriorityHighPriority
	}
	_, err := a.task(ctx, startOf(a.c, methods.RelocateVM_Task, &types.RelocateVM_Task{This: a.c.moref(op.VM), Spec: spec, Priority: priority}))
	return err
}

// intoFolder moves a VM to a folder. Source: MoveIntoFolder_Task.
func (a *action) intoFolder(ctx context.Context, vm, folder backend.Ref) error {
	to, err := a.vmFolder(ctx, folder)
	if err != nil {
		return err
	}
	_, err = a.task(ctx, startOf(a.c, methods.MoveIntoFolder_Task, &types.MoveIntoFolder_Task{
		This: to, List: []moref{a.c.moref(vm)},
	}))
	return err
}

// vmFolder is the folder that VMs go into for a folder or a datacenter, which stands for
// its folder of VMs. Source: Datacenter.vmFolder.
func (a *action) vmFolder(ctx context.Context, r backend.Ref) (moref, error) {
	ref := a.c.moref(r)
	if ref.Type != "Datacenter" {
		return moref{Type: "Folder", Value: r.ID}, nil
	}
	got, err := a.c.retrieveOne(ctx, a.doing, ref, "vmFolder")
	return as[moref](got["vmFolder"]), err
}

// afterMove says what has been done already when the folder could not be changed.
func (a *action) afterMove(moved bool, err error) error {
	if err == nil || !moved {
		return err
	}
	e := *fail(a.doing, a.object, err)
	e.Message = "it was moved, but not into the folder: " + e.Message
	return &e
}
