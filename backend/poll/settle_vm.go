package poll

import (
	"context"

	"hvdeck/backend"
)

// vmEffect reports whether a VM is for certain what the operation should have made of
// it. Drivers refuse a new VM whose name is taken before anything is sent, so one of
// that name is the new one. What changes sizes or devices is never certain: a list
// does not show all of it.
func vmEffect(ctx context.Context, b backend.Backend, op backend.Op) bool {
	switch op := op.(type) {
	case backend.VMNewOp:
		return vmMade(ctx, b, op.Name, func(vm *backend.VM) bool {
			return vm.VCPUs == op.VCPUs && vm.Autostart == op.Autostart && (!op.Start || vm.State.Running())
		})
	case backend.VMCloneOp:
		return vmMade(ctx, b, op.Name, func(vm *backend.VM) bool { return vm.ID != op.VM })
	case backend.VMUndefineOp:
		return vmUndefined(ctx, b, op)
	case backend.VMRenameOp:
		return vmIs(ctx, b, op.VM, func(vm *backend.VM) bool { return vm.Name == op.Name })
	case backend.VMManagedSaveOp:
		return stateIs(ctx, b, op.VM, backend.PowerSaved)
	case backend.VMManagedSaveRemoveOp:
		return stateIs(ctx, b, op.VM, backend.PowerOff)
	case backend.AutostartOp:
		return vmIs(ctx, b, op.Object, func(vm *backend.VM) bool { return vm.Autostart == op.On })
	case backend.VMMigrateOp:
		return vmLeft(ctx, b, op)
	default:
		return false
	}
}

// vmIs reports whether the VM is there and fits.
func vmIs(ctx context.Context, b backend.Backend, r backend.Ref, fits func(*backend.VM) bool) bool {
	if r.Kind != backend.KindVM {
		return false
	}
	o, _ := found(ctx, b, r, backend.Ref{})
	vm, is := o.(*backend.VM)
	return is && fits(vm)
}

// vmMade reports whether there is exactly one VM of a name, and it fits.
func vmMade(ctx context.Context, b backend.Backend, name string, fits func(*backend.VM) bool) bool {
	var all []*backend.VM
	err := b.List(ctx, backend.Query{Kind: backend.KindVM}, func(page []backend.Object) {
		for _, o := range page {
			if vm, is := o.(*backend.VM); is && vm.Name == name {
				all = append(all, vm)
			}
		}
	})
	return err == nil && len(all) == 1 && fits(all[0])
}

// vmUndefined: the server answers, and the VM is not there or runs on without a lasting
// definition. Where disks were to go as well nobody can tell: which volumes they were
// went with the definition.
func vmUndefined(ctx context.Context, b backend.Backend, op backend.VMUndefineOp) bool {
	if len(op.Disks) > 0 {
		return false
	}
	o, ok := found(ctx, b, op.VM, backend.Ref{})
	vm, is := o.(*backend.VM)
	return ok && (!is || !vm.Persistent)
}

// vmLeft: the server takes the definition away only when the VM runs elsewhere, and
// says so of a VM whose definition stays.
func vmLeft(ctx context.Context, b backend.Backend, op backend.VMMigrateOp) bool {
	o, ok := found(ctx, b, op.VM, backend.Ref{})
	vm, here := o.(*backend.VM)
	switch {
	case !ok:
		return false
	case here:
		return vm.State == backend.PowerOff && vm.Reason == "migrated"
	default:
		return op.Undefine
	}
}
