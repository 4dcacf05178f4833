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
	got, err := a.c.retrieveOne(ctx, a.doing, a.c.moref(op.VM), "parent", "resourcePool", "runtime.host", "datastore", "config.template", "config.hardware.device")
	if err != nil {
		return nil, err
	}
	folder, err := a.cloneFolder(ctx, op, got)
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
	if op.Linked {
		if err := a.checkBases(ctx, s, got); err != nil {
			return nil, err
		}
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

// cloneFolder is the folder of a clone; without a choice that of the original, or the
// top one of the datacenter that the clone goes to. All that was chosen has to be in one
// datacenter.
func (a *action) cloneFolder(ctx context.Context, op backend.VMCloneOp, now props) (moref, error) {
	dc, err := a.oneDatacenter(ctx, a.spotsOf(op.To, now))
	if err != nil {
		return moref{}, err
	}
	if !op.To.Folder.IsZero() {
		return a.vmFolder(ctx, op.To.Folder)
	}
	own := as[moref](now["parent"])
	other, err := a.otherFolder(ctx, dc, own)
	switch {
	case err != nil:
		return own, err
	case other != nil:
		return *other, nil
	case own.Value == "":
		return own, a.refuse(backend.ClassInvalid, "the VM is in no folder; choose one for the clone")
	}
	return own, nil
}
