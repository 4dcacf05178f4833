package effect

import (
	"context"
	"strings"

	"hvdeck/backend"
)

// place is where a VM is in an inventory.
func place(op backend.Op, was Known) (Trace, bool) {
	o, is := op.(backend.VMRelocateOp)
	if !is {
		return Trace{}, false
	}
	to := o.To
	if to.Host.IsZero() && to.Folder.IsZero() && to.ResourcePool.IsZero() && to.Datastore.IsZero() || to.Provisioning != "" {
		return hidden("look where the VM and its disks are before you move it again")
	}
	store := was.Object(to.Datastore)
	if !to.Datastore.IsZero() && store == nil {
		return hidden("look where the VM and its disks are before you move it again")
	}
	return changes(was, o.VM, func(vm *backend.VM) bool {
		return (to.Host.IsZero() || vm.Host == to.Host) && (to.Folder.IsZero() || vm.FolderRef == to.Folder) &&
			(to.ResourcePool.IsZero() || vm.PoolRef == to.ResourcePool) &&
			(store == nil || strings.HasPrefix(vm.Path, "["+store.Title()+"]"))
	})
}

// size is how many vCPUs and how much memory a VM has. A change that waits for the next
// start does not show.
func size(op backend.Op, was Known) (Trace, bool) {
	o, is := op.(backend.VMResourcesOp)
	if !is {
		return Trace{}, false
	}
	return redetailed(was, o.VM, func(d *backend.Detail) bool {
		vm := d.VM
		return vm != nil && wants(o.VCPUs, vm.VCPUs) && wants(o.MaxVCPUs, vm.MaxVCPUs) && wants(o.Memory, vm.Memory) &&
			wants(o.MaxMemory, vm.MaxMemory) && wants(o.CoresPerSocket, vm.CoresPerSocket)
	})
}

// wants: zero leaves a value as it is.
func wants[T int | uint64](wanted, is T) bool { return wanted == 0 || is == wanted }

// running is what objects of several kinds have alike.
func running(op backend.Op, was Known) (Trace, bool) {
	switch op := op.(type) {
	case backend.StartOp:
		return becomes(was, op.Object, active(true))
	case backend.StopOp:
		return stopped(op.Object, was)
	case backend.AutostartOp:
		return changes(was, op.Object, func(o backend.Object) bool {
			on, has := autostart(o)
			return has && on == op.On
		})
	case backend.UndefineOp:
		return undefinedObject(op.Object)
	default:
		return Trace{}, false
	}
}

// active reports whether a pool, network or interface runs, or does not.
func active(want bool) func(backend.Object) bool {
	return func(o backend.Object) bool {
		switch o := o.(type) {
		case *backend.Pool:
			return want && o.State == backend.PoolRunning || !want && o.State == backend.PoolInactive
		case *backend.Network:
			return o.Active == want
		case *backend.Interface:
			return o.Active == want
		default:
			return false
		}
	}
}

// lasts reports whether an object has a lasting definition.
func lasts(o backend.Object) bool {
	switch o := o.(type) {
	case *backend.Pool:
		return o.Persistent
	case *backend.Network:
		return o.Persistent
	default:
		return true
	}
}

// stopped: what has no lasting definition vanishes when it stops.
func stopped(r backend.Ref, was Known) (Trace, bool) {
	before := was.Object(r)
	t, mine := becomes(was, r, active(false))
	if t.Hidden() || before == nil || lasts(before) {
		return t, mine
	}
	return goes(r)
}

func autostart(o backend.Object) (on, has bool) {
	switch o := o.(type) {
	case *backend.VM:
		return o.Autostart, true
	case *backend.Pool:
		return o.Autostart, true
	case *backend.Network:
		return o.Autostart, true
	default:
		return false, false
	}
}

// undefinedObject: the server answers, and the object is not there, or runs on without
// a lasting definition.
func undefinedObject(r backend.Ref) (Trace, bool) {
	switch r.Kind {
	case backend.KindPool, backend.KindNetwork, backend.KindInterface, backend.KindSecret:
	default:
		return hidden(lookThere)
	}
	return when(func(ctx context.Context, s *server) bool {
		o, ok := s.find(ctx, r)
		return ok && (o == nil || !lasts(o))
	})
}
