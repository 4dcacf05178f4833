package effect

import (
	"context"
	"strings"

	"hvdeck/backend"
)

// life is the beginning and end of VMs, and their names. Drivers refuse a new VM whose
// name is taken before anything is sent, so the one of that name is the new one.
func life(op backend.Op, was Known) (Trace, bool) {
	switch op := op.(type) {
	case backend.VMNewOp:
		return made(op.Name, func(vm *backend.VM) bool {
			return (vm.VCPUs == op.VCPUs || vm.VCPUs == 0) && vm.Autostart == op.Autostart && (!op.Start || vm.State.Running())
		})
	case backend.VMCloneOp:
		return made(op.Name, func(vm *backend.VM) bool {
			return vm.ID != op.VM && vm.Template == op.Template && (!op.PowerOn || vm.State.Running())
		})
	case backend.VMUndefineOp:
		return undefined(op, was)
	case backend.VMRenameOp:
		return becomes(was, op.VM, func(vm *backend.VM) bool { return vm.Name == op.Name })
	case backend.VMManagedSaveOp:
		return becomes(was, op.VM, inState(backend.PowerSaved))
	case backend.VMManagedSaveRemoveOp:
		return becomes(was, op.VM, isOff)
	case backend.VMMigrateOp:
		return when(func(ctx context.Context, s *server) bool { return s.left(ctx, op) })
	case backend.VMRegisterOp:
		return registered(op, was)
	case backend.VMSendKeyOp:
		return hidden("keys leave nothing to see at the server: look at the guest's console before you send them again")
	default:
		return Trace{}, false
	}
}

// made: there is exactly one VM of a name, and it fits.
func made(name string, fits func(*backend.VM) bool) (Trace, bool) {
	return Trace{
		shows: func(ctx context.Context, s *server) bool {
			vm, ok := only(ctx, s, backend.KindVM, backend.Ref{}, func(vm *backend.VM) bool { return vm.Name == name })
			return ok && fits(vm)
		},
		look: "look for a VM of that name, and for disks of it, before you make it again",
	}, true
}

// undefined: the server answers, and the VM is not there or runs on without a lasting
// definition, and the disks that had to go as well are not there.
func undefined(op backend.VMUndefineOp, was Known) (Trace, bool) {
	disks, known := pathsOf(was.Detail(op.VM), op.Disks)
	return Trace{
		shows: func(ctx context.Context, s *server) bool {
			o, ok := s.find(ctx, op.VM)
			vm, is := o.(*backend.VM)
			if !ok || is && vm.Persistent {
				return false
			}
			// vSphere deletes a VM with its files as one.
			return s.Caps().Places || known && s.noVolumes(ctx, disks)
		},
		look: "look for the VM, and for disks of it, before you do it again",
	}, true
}

// pathsOf are the paths of some disks of a VM; false when one is not known.
func pathsOf(d *backend.Detail, labels []string) ([]string, bool) {
	var paths []string
	for _, label := range labels {
		disk := diskOf(d, label)
		if disk == nil || disk.Path == "" {
			return nil, false
		}
		paths = append(paths, disk.Path)
	}
	return paths, true
}

// noVolumes: each path lies in a pool that runs, and no volume has it.
func (s *server) noVolumes(ctx context.Context, paths []string) bool {
	if len(paths) == 0 {
		return true
	}
	pools, ok := s.list(ctx, backend.Query{Kind: backend.KindPool})
	if !ok {
		return false
	}
	for _, path := range paths {
		if !s.missing(ctx, pools, path) {
			return false
		}
	}
	return true
}

// missing: a pool that runs is where the path lies, and has no such volume.
func (s *server) missing(ctx context.Context, pools []backend.Object, path string) bool {
	looked := false
	for _, o := range pools {
		p, is := o.(*backend.Pool)
		if !is || p.State != backend.PoolRunning || p.Path == "" || !strings.HasPrefix(path, strings.TrimSuffix(p.Path, "/")+"/") {
			continue
		}
		volumes, ok := s.list(ctx, backend.Query{Kind: backend.KindVolume, Parent: p.ID})
		if !ok {
			return false
		}
		for _, o := range volumes {
			if v, is := o.(*backend.Volume); is && v.Path == path {
				return false
			}
		}
		looked = true
	}
	return looked
}

// left: the server takes the definition away only when the VM runs elsewhere, and says
// so of a VM whose definition stays.
func (s *server) left(ctx context.Context, op backend.VMMigrateOp) bool {
	o, ok := s.find(ctx, op.VM)
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

// registered: there is a VM of that file. A server has one at most.
func registered(op backend.VMRegisterOp, was Known) (Trace, bool) {
	file, known := was.Object(op.File).(*backend.Volume)
	if !known || file.Path == "" {
		return hidden("look for the VM of that file before you register it again")
	}
	return when(func(ctx context.Context, s *server) bool {
		vm, ok := only(ctx, s, backend.KindVM, backend.Ref{}, func(vm *backend.VM) bool { return vm.Path == file.Path })
		return ok && vm.Template == op.Template && (op.Name == "" || vm.Name == op.Name)
	})
}
