package vsphere

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// undefine unregisters a VM, or deletes it with all its files. Sources: UnregisterVM,
// Destroy_Task.
func (a *action) undefine(ctx context.Context, op backend.VMUndefineOp) (backend.Result, error) {
	got, err := a.c.retrieveOne(ctx, a.doing, a.c.moref(op.VM),
		"runtime.powerState", "config.hardware.device", "config.files.vmPathName", "layoutEx.file", "datastore")
	if err != nil {
		return backend.Result{}, err
	}
	if power := as[types.VirtualMachinePowerState](got["runtime.powerState"]); power == types.VirtualMachinePowerStatePoweredOn {
		e := a.refuse(backend.ClassConflict, "it is %s; it has to be powered off", powerWord(power))
		e.Remedy = "power it off first"
		return backend.Result{}, e
	}
	if len(op.Disks) == 0 {
		return backend.Result{}, a.unregister(ctx, op.VM)
	}
	if err := a.checkAllDisks(op.Disks, as[types.ArrayOfVirtualDevice](got["config.hardware.device"]).VirtualDevice); err != nil {
		return backend.Result{}, err
	}
	if err := a.checkUnused(ctx, op.VM, got); err != nil {
		return backend.Result{}, err
	}
	return backend.Result{}, a.destroy(ctx, op.VM)
}

// checkAllDisks refuses a list that is not all of the VM's disks: vSphere deletes a VM
// with all its files.
func (a *action) checkAllDisks(labels []string, devices []types.BaseVirtualDevice) error {
	var own []string
	for _, dev := range devices {
		if disk, ok := dev.(*types.VirtualDisk); ok {
			own = append(own, label(&disk.VirtualDevice))
		}
	}
	for _, l := range labels {
		if !slices.Contains(own, l) {
			return a.refuse(backend.ClassInvalid, "it has no disk %q", l)
		}
	}
	for _, l := range own {
		if !slices.Contains(labels, l) {
			return a.refuse(backend.ClassConflict, "vSphere deletes a VM with all its disks; %s was not named", l)
		}
	}
	return nil
}

// checkUnused refuses to delete disks that other VMs use too: shared ones, attached ones,
// and those on which others stand, as linked clones do.
func (a *action) checkUnused(ctx context.Context, vm backend.Ref, got props) error {
	own := a.ownDisks(got)
	home := path.Dir(as[string](got["config.files.vmPathName"])) + "/"
	var users []string
	for _, ref := range as[types.ArrayOfManagedObjectReference](got["datastore"]).ManagedObjectReference {
		s, err := a.c.anyStore(ctx, a.doing, a.c.ref(backend.KindPool, ref.Value))
		if err != nil {
			return err
		}
		here := strings.HasPrefix(home, s.path("")) || slices.ContainsFunc(own, func(f string) bool { return strings.HasPrefix(f, s.path("")) })
		if !here { // only an image in a drive, say
			continue
		}
		u, err := a.c.fileUse(ctx, a.doing, s, vm.ID)
		if err != nil {
			return err
		}
		if !u.known {
			e := a.refuse(backend.ClassConflict, "%s; they may stand on this one's disks", u.blind())
			e.Remedy = blindRemedy
			return e
		}
		for _, f := range own {
			users = append(users, u.of(f, false)...)
		}
		users = append(users, u.disksIn(home)...)
	}
	if len(users) == 0 {
		return nil
	}
	slices.Sort(users)
	e := a.refuse(backend.ClassConflict, "its disks are used by %s as well, directly or as the base of a linked clone", listed(slices.Compact(users)))
	e.Remedy = "detach the disks that are shared, or delete the linked clones, first"
	return e
}

// ownDisks are the disk files that go with a VM: those of its disks, and what they stand
// on. A vCenter spares what a linked clone stands on in the folder of another VM, a host
// knows of no such thing.
func (a *action) ownDisks(got props) []string {
	dirs := map[string]bool{path.Dir(as[string](got["config.files.vmPathName"])): true}
	for _, d := range as[types.ArrayOfVirtualDevice](got["config.hardware.device"]).VirtualDevice {
		if disk, ok := d.(*types.VirtualDisk); ok {
			if all := layers(disk.Backing); len(all) > 0 {
				dirs[path.Dir(all[0].path)] = true
			}
		}
	}
	return slices.DeleteFunc(filesOf(got), func(f string) bool {
		_, disk := descriptorOf(f)
		return !disk || a.c.vc.IsVC() && !dirs[path.Dir(f)]
	})
}

func (a *action) unregister(ctx context.Context, vm backend.Ref) error {
	return a.call(ctx, func(ctx context.Context) error {
		_, err := methods.UnregisterVM(ctx, a.c.vc, &types.UnregisterVM{This: a.c.moref(vm)})
		return err
	})
}

func (a *action) destroy(ctx context.Context, vm backend.Ref) error {
	_, err := a.task(ctx, startOf(a.c, methods.Destroy_Task, &types.Destroy_Task{This: a.c.moref(vm)}))
	return err
}
