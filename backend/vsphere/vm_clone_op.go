package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// clone copies a VM or a template. Source: CloneVM_Task.
func (a *action) clone(ctx context.Context, op backend.VMCloneOp) (backend.Result, error) {
	req, err := a.cloneSpec(ctx, op)
	if err != nil {
		return backend.Result{}, err
	}
	made, err := a.task(ctx, startOf(a.c, methods.CloneVM_Task, req))
	return a.madeVM(made), err
}

// checkClonable refuses what can't be asked for.
func (a *action) checkClonable(op backend.VMCloneOp) error {
	if err := a.checkVMName(op.Name); err != nil {
		return err
	}
	switch {
	case op.Linked && op.Snapshot.IsZero():
		return a.refuse(backend.ClassInvalid, "a linked clone stands on a snapshot; none was named")
	case op.Template && op.PowerOn:
		return a.refuse(backend.ClassInvalid, "a template can't be powered on")
	}
	for _, d := range op.Disks {
		switch d.Fate {
		case backend.DiskShared:
			return a.refuse(backend.ClassConflict, "two VMs that write to the disk %s would destroy it", d.Target)
		case backend.DiskLeftOut:
			return a.refuse(backend.ClassUnsupported, "vSphere clones all disks; %s can't be left out", d.Target)
		case backend.DiskCopied:
		}
	}
	return nil
}

// cloneSpec is what CloneVM_Task takes. Without a folder the clone comes beside the
// original.
func (a *action) cloneSpec(ctx context.Context, op backend.VMCloneOp) (*types.CloneVM_Task, error) {
	if err := a.checkClonable(op); err != nil {
		return nil, err
	}
	got, err := a.c.retrieveOne(ctx, a.doing, a.c.moref(op.VM), "parent", "resourcePool", "config.template", "config.hardware.device")
	if err != nil {
		return nil, err
	}
	folder, err := a.cloneFolder(ctx, op.To.Folder, as[moref](got["parent"]))
	if err != nil {
		return nil, err
	}
	s, err := a.seatOf(ctx, op.To, as[moref](got["resourcePool"]))
	if err != nil {
		return nil, err
	}
	if as[bool](got["config.template"]) && !op.Template && s.pool == nil {
		return nil, a.refuse(backend.ClassInvalid, "a template is in no resource pool; choose a host, a cluster or a pool for the clone")
	}
	disks, err := a.locators(op.To.Provisioning, as[types.ArrayOfVirtualDevice](got["config.hardware.device"]).VirtualDevice, s.datastore)
	if err != nil {
		return nil, err
	}
	req := &types.CloneVM_Task{This: a.c.moref(op.VM), Folder: folder, Name: escape(op.Name)}
	req.Spec = types.VirtualMachineCloneSpec{
		Location: types.VirtualMachineRelocateSpec{Pool: s.pool, Host: s.host, Datastore: s.datastore, Disk: disks},
		Template: op.Template, PowerOn: op.PowerOn,
	}
	if !op.Snapshot.IsZero() {
		snapshot := snapshotRef(op.Snapshot)
		req.Spec.Snapshot = &snapshot
	}
	if op.Linked {
		req.Spec.Location.DiskMoveType = string(types.VirtualMachineRelocateDiskMoveOptionsCreateNewChildDiskBacking)
		req.Spec.Location.Disk = nil // new disks of their own kind: they hold what differs from the snapshot
	}
	return req, nil
}

// cloneFolder is the folder of a clone; without a choice that of the original.
func (a *action) cloneFolder(ctx context.Context, to backend.Ref, own moref) (moref, error) {
	if !to.IsZero() {
		return a.vmFolder(ctx, to)
	}
	if own.Value == "" {
		return own, a.refuse(backend.ClassInvalid, "the VM is in no folder; choose one for the clone")
	}
	return own, nil
}
