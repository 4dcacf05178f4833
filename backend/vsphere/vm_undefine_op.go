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
		"runtime.powerState", "config.hardware.device", "config.files.vmPathName", "datastore")
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

// checkUnused refuses to delete files on which the disks of other VMs stand, as those
// of linked clones do.
func (a *action) checkUnused(ctx context.Context, vm backend.Ref, got props) error {
	home := path.Dir(as[string](got["config.files.vmPathName"])) + "/"
	skip := true
	spec := types.PropertyFilterSpec{PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{"name", "layoutEx.file"}}}}
	for _, store := range as[types.ArrayOfManagedObjectReference](got["datastore"]).ManagedObjectReference {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: store, Skip: &skip, SelectSet: []types.BaseSelectionSpec{
			&types.TraversalSpec{Type: "Datastore", Path: "vm"},
		}})
	}
	if len(spec.ObjectSet) == 0 {
		return nil
	}
	var users []string
	err := a.c.readWithin(ctx, pageTimeout, a.doing, a.object, func(ctx context.Context) error {
		users = nil
		return a.c.retrieve(ctx, spec, func(page []types.ObjectContent) {
			for _, o := range page {
				if got := propsOf(o); o.Obj.Value != vm.ID && standsIn(home, got) {
					users = append(users, unescape(as[string](got["name"])))
				}
			}
		})
	})
	if err != nil || len(users) == 0 {
		return err
	}
	slices.Sort(users)
	return a.refuse(backend.ClassConflict, "disks of %s stand on its files, as those of linked clones do", listed(slices.Compact(users)))
}

// standsIn tells whether a VM has a disk file in this folder of another.
func standsIn(home string, got props) bool {
	for _, f := range as[types.ArrayOfVirtualMachineFileLayoutExFileInfo](got["layoutEx.file"]).VirtualMachineFileLayoutExFileInfo {
		if strings.HasPrefix(f.Name, home) && strings.HasSuffix(f.Name, ".vmdk") {
			return true
		}
	}
	return false
}

func (a *action) unregister(ctx context.Context, vm backend.Ref) error {
	return a.call(ctx, func(ctx context.Context) error {
		_, err := methods.UnregisterVM(ctx, a.c.vc, &types.UnregisterVM{This: a.c.moref(vm)})
		return err
	})
}

func (a *action) destroy(ctx context.Context, vm backend.Ref) error {
	_, err := a.task(ctx, func(ctx context.Context) (moref, error) {
		res, err := methods.Destroy_Task(ctx, a.c.vc, &types.Destroy_Task{This: a.c.moref(vm)})
		if err != nil {
			return moref{}, err
		}
		return res.Returnval, nil
	})
	return err
}
