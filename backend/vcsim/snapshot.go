package vcsim

import (
	"fmt"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// snapshotSpec is what a snapshot is taken with.
type snapshotSpec struct {
	name, description string
	memory, quiesce   bool
	at                time.Time
}

// CreateSnapshotTask takes a snapshot.
func (m *machine) CreateSnapshotTask(ctx *simulator.Context, req *types.CreateSnapshot_Task) soap.HasFault {
	ref, fault := m.startCreate(ctx, snapshotSpec{name: req.Name, description: req.Description, memory: req.Memory, quiesce: req.Quiesce})
	if fault != nil {
		return &methods.CreateSnapshot_TaskBody{Fault_: fault}
	}
	return &methods.CreateSnapshot_TaskBody{Res: &types.CreateSnapshot_TaskResponse{Returnval: ref}}
}

// CreateSnapshotExTask takes a snapshot.
func (m *machine) CreateSnapshotExTask(ctx *simulator.Context, req *types.CreateSnapshotEx_Task) soap.HasFault {
	ref, fault := m.startCreate(ctx, snapshotSpec{name: req.Name, description: req.Description, memory: req.Memory, quiesce: req.QuiesceSpec != nil})
	if fault != nil {
		return &methods.CreateSnapshotEx_TaskBody{Fault_: fault}
	}
	return &methods.CreateSnapshotEx_TaskBody{Res: &types.CreateSnapshotEx_TaskResponse{Returnval: ref}}
}

func (m *machine) startCreate(ctx *simulator.Context, spec snapshotSpec) (types.ManagedObjectReference, *soap.Fault) {
	if len(spec.name) > 80 {
		return types.ManagedObjectReference{}, simulator.Fault("the name is longer than 80 characters", &types.InvalidName{Name: spec.name})
	}
	ref := m.run(ctx, job{id: "createSnapshot", last: m.srv.opts.TaskTime, finish: func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		spec.at = time.Now()
		return m.take(bg, spec), nil
	}})
	return ref, nil
}

// take adds the snapshot below the current one and makes it current. The caller
// holds the VM's lock.
func (m *machine) take(bg *simulator.Context, spec snapshotSpec) types.ManagedObjectReference {
	sn := &simulator.VirtualMachineSnapshot{}
	sn.Self, sn.Vm = m.srv.newRef("VirtualMachineSnapshot", "snapshot"), m.Self
	if m.vm.Config != nil {
		sn.Config = *m.vm.Config
	}
	bg.Map.Put(sn)
	info := cloneInfo(m.vm.Snapshot)
	node := types.VirtualMachineSnapshotTree{
		Snapshot: sn.Self, Vm: m.Self, Name: spec.name, Description: spec.description,
		Id: nextNumber(info.RootSnapshotList) + 1, CreateTime: spec.at,
		State: types.VirtualMachinePowerStatePoweredOff, Quiesced: spec.quiesce, ReplaySupported: types.NewBool(false),
	}
	if spec.memory {
		node.State = m.vm.Runtime.PowerState
	}
	parent := (*types.VirtualMachineSnapshotTree)(nil)
	if info.CurrentSnapshot != nil {
		parent = find(info.RootSnapshotList, *info.CurrentSnapshot)
	}
	if parent == nil {
		info.RootSnapshotList = append(info.RootSnapshotList, node)
	} else {
		parent.ChildSnapshotList = append(parent.ChildSnapshotList, node)
	}
	info.CurrentSnapshot = &sn.Self
	m.addLayout(sn.Self, node)
	m.setTree(bg, info)
	return sn.Self
}

// addLayout gives the snapshot files with sizes, as a host does.
func (m *machine) addLayout(ref types.ManagedObjectReference, node types.VirtualMachineSnapshotTree) {
	if m.vm.LayoutEx == nil {
		return
	}
	l := *m.vm.LayoutEx
	l.File = slices.Clone(l.File)
	l.Snapshot = slices.Clone(l.Snapshot)
	key := int32(len(l.File) + 1000*int(node.Id))
	file := func(suffix string, kind types.VirtualMachineFileLayoutExFileType, size int64) int32 {
		key++
		name := fmt.Sprintf("%s%s-%s", dirOf(m.vm.Config.Files.VmPathName), m.vm.Name, fmt.Sprintf(suffix, node.Id))
		l.File = append(l.File, types.VirtualMachineFileLayoutExFileInfo{
			Key: key, Name: name, Type: string(kind), Size: size, UniqueSize: size, Accessible: types.NewBool(true),
		})
		return key
	}
	lay := types.VirtualMachineFileLayoutExSnapshotLayout{Key: ref, MemoryKey: -1}
	lay.DataKey = file("Snapshot%d.vmsn", types.VirtualMachineFileLayoutExFileTypeSnapshotData, 28<<10)
	if node.State == types.VirtualMachinePowerStatePoweredOn {
		lay.MemoryKey = file("Snapshot%d.vmem", types.VirtualMachineFileLayoutExFileTypeSnapshotMemory, int64(m.vm.Config.Hardware.MemoryMB)<<20)
	}
	delta := file("%06d-delta.vmdk", types.VirtualMachineFileLayoutExFileTypeDiskExtent, int64(node.Id)*(300<<20)+17<<20)
	chain := []types.VirtualMachineFileLayoutExDiskUnit{{FileKey: []int32{delta}}}
	lay.Disk = []types.VirtualMachineFileLayoutExDiskLayout{{Key: 2000, Chain: chain}}
	l.Snapshot = append(l.Snapshot, lay)
	m.vm.LayoutEx = &l
}

// setTree publishes the tree.
func (m *machine) setTree(bg *simulator.Context, info *types.VirtualMachineSnapshotInfo) {
	if len(info.RootSnapshotList) == 0 {
		bg.Map.Update(bg, m.vm, []types.PropertyChange{{Name: "snapshot", Val: nil}, {Name: "rootSnapshot", Val: nil}})
		return
	}
	roots := make([]types.ManagedObjectReference, 0, len(info.RootSnapshotList))
	for _, r := range info.RootSnapshotList {
		roots = append(roots, r.Snapshot)
	}
	bg.Map.Update(bg, m.vm, []types.PropertyChange{{Name: "snapshot", Val: info}, {Name: "rootSnapshot", Val: roots}})
}

// RevertToCurrentSnapshotTask goes back to the current snapshot.
func (m *machine) RevertToCurrentSnapshotTask(ctx *simulator.Context, req *types.RevertToCurrentSnapshot_Task) soap.HasFault {
	if m.vm.Snapshot == nil || m.vm.Snapshot.CurrentSnapshot == nil {
		return &methods.RevertToCurrentSnapshot_TaskBody{Fault_: simulator.Fault("the virtual machine has no current snapshot", &types.NotFound{})}
	}
	ref := m.startRevert(ctx, "revertToCurrentSnapshot", *m.vm.Snapshot.CurrentSnapshot, req.Host, req.SuppressPowerOn)
	return &methods.RevertToCurrentSnapshot_TaskBody{Res: &types.RevertToCurrentSnapshot_TaskResponse{Returnval: ref}}
}

// RevertToSnapshotTask goes back to this snapshot.
func (s *snapshot) RevertToSnapshotTask(ctx *simulator.Context, req *types.RevertToSnapshot_Task) soap.HasFault {
	ref := s.startRevert(ctx, "revertToSnapshot", s.of, req.Host, req.SuppressPowerOn)
	return &methods.RevertToSnapshot_TaskBody{Res: &types.RevertToSnapshot_TaskResponse{Returnval: ref}}
}

func (m *machine) startRevert(
	ctx *simulator.Context, id string, to types.ManagedObjectReference, host *types.ManagedObjectReference, stayOff *bool,
) types.ManagedObjectReference {
	return m.run(ctx, job{id: id, last: m.srv.opts.TaskTime, finish: func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		info := cloneInfo(m.vm.Snapshot)
		node := find(info.RootSnapshotList, to)
		if node == nil {
			return nil, &types.ManagedObjectNotFound{Obj: to}
		}
		power := node.State
		if power == types.VirtualMachinePowerStatePoweredOn || host != nil {
			at, fault := m.runHost(bg.Map, host)
			if fault == nil {
				fault = m.move(bg, at)
			}
			if fault != nil {
				return nil, fault
			}
		}
		info.CurrentSnapshot = &node.Snapshot
		m.setTree(bg, info)
		if stayOff != nil && *stayOff && power == types.VirtualMachinePowerStatePoweredOn {
			power = types.VirtualMachinePowerStateSuspended
		}
		if power != m.vm.Runtime.PowerState {
			m.setPower(bg, power)
		}
		return nil, nil
	}})
}

// RemoveSnapshotTask deletes this snapshot, with its descendants if asked to.
func (s *snapshot) RemoveSnapshotTask(ctx *simulator.Context, req *types.RemoveSnapshot_Task) soap.HasFault {
	ref := s.run(ctx, job{id: "removeSnapshot", last: s.srv.opts.TaskTime, finish: func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		info := cloneInfo(s.vm.Snapshot)
		if find(info.RootSnapshotList, s.of) == nil {
			return nil, &types.ManagedObjectNotFound{Obj: s.of}
		}
		s.drop(bg, info, s.of, req.RemoveChildren)
		return nil, nil
	}})
	return &methods.RemoveSnapshot_TaskBody{Res: &types.RemoveSnapshot_TaskResponse{Returnval: ref}}
}

// RemoveAllSnapshotsTask deletes the tree.
func (m *machine) RemoveAllSnapshotsTask(ctx *simulator.Context, _ *types.RemoveAllSnapshots_Task) soap.HasFault {
	ref := m.run(ctx, job{id: "removeAllSnapshots", last: m.srv.opts.TaskTime, finish: func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		for info := cloneInfo(m.vm.Snapshot); len(info.RootSnapshotList) > 0; info = cloneInfo(m.vm.Snapshot) {
			m.drop(bg, info, info.RootSnapshotList[0].Snapshot, true)
		}
		return nil, nil
	}})
	return &methods.RemoveAllSnapshots_TaskBody{Res: &types.RemoveAllSnapshots_TaskResponse{Returnval: ref}}
}

// drop takes a snapshot out of the tree; where the current one goes, its nearest
// remaining ancestor becomes current.
func (m *machine) drop(bg *simulator.Context, info *types.VirtualMachineSnapshotInfo, ref types.ManagedObjectReference, children bool) {
	above := ancestors(info.RootSnapshotList, ref)
	gone := []types.ManagedObjectReference{ref}
	if node := find(info.RootSnapshotList, ref); children && node != nil {
		gone = append(gone, all(node.ChildSnapshotList)...)
	}
	info.RootSnapshotList = without(info.RootSnapshotList, ref, children)
	if info.CurrentSnapshot != nil && slices.Contains(gone, *info.CurrentSnapshot) {
		info.CurrentSnapshot = nil
		if len(above) > 0 {
			info.CurrentSnapshot = &above[len(above)-1]
		}
	}
	m.dropLayout(gone)
	m.setTree(bg, info)
	for _, r := range gone {
		bg.Map.Remove(bg, r)
	}
}

func (m *machine) dropLayout(gone []types.ManagedObjectReference) {
	if m.vm.LayoutEx == nil {
		return
	}
	l := *m.vm.LayoutEx
	l.Snapshot = slices.DeleteFunc(slices.Clone(l.Snapshot), func(s types.VirtualMachineFileLayoutExSnapshotLayout) bool {
		return slices.Contains(gone, s.Key)
	})
	m.vm.LayoutEx = &l
}

// RenameSnapshot changes the name and the description.
func (s *snapshot) RenameSnapshot(ctx *simulator.Context, req *types.RenameSnapshot) soap.HasFault {
	if len(req.Name) > 80 {
		return &methods.RenameSnapshotBody{Fault_: simulator.Fault("the name is longer than 80 characters", &types.InvalidName{Name: req.Name})}
	}
	info := cloneInfo(s.vm.Snapshot)
	node := find(info.RootSnapshotList, s.of)
	if node == nil {
		return &methods.RenameSnapshotBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: s.of})}
	}
	if req.Name != "" {
		node.Name = req.Name
	}
	if req.Description != "" { // an argument that is not given changes nothing
		node.Description = req.Description
	}
	s.setTree(ctx, info)
	return &methods.RenameSnapshotBody{Res: &types.RenameSnapshotResponse{}}
}

var _ mo.Reference = (*snapshot)(nil)
