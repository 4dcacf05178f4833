package vcsim

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// RelocateVMTask moves the VM to another host, pool or datastore. Cancelled, it stays
// where it was.
func (m *machine) RelocateVMTask(ctx *simulator.Context, req *types.RelocateVM_Task) soap.HasFault {
	j := job{id: "relocate", last: m.srv.opts.TaskTime}
	var into types.ManagedObjectReference
	j.before = func(bg *simulator.Context, _ *simulator.Task, _ <-chan struct{}) types.BaseMethodFault {
		_, fault := m.reach(bg, req.Spec)
		return fault
	}
	j.finish = func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		to, fault := m.reach(bg, req.Spec)
		if fault != nil {
			return nil, fault
		}
		post(bg, &types.VmMigratedEvent{VmEvent: m.event(bg), SourceHost: hostArgument(bg.Map, *m.vm.Runtime.Host)})
		m.store(bg, to.datastore)
		m.pool(bg, to.pool)
		into = to.folder
		return nil, m.move(bg, to.host)
	}
	j.after = func(bg *simulator.Context) { m.file(bg, into) }
	return &methods.RelocateVM_TaskBody{Res: &types.RelocateVM_TaskResponse{Returnval: m.run(ctx, j)}}
}

// reach is the target of a spec, or the first thing that speaks against it.
func (m *machine) reach(bg *simulator.Context, spec types.VirtualMachineRelocateSpec) (target, types.BaseMethodFault) {
	to, fault := m.aim(bg.Map, spec, m.vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn)
	if fault != nil {
		return to, fault
	}
	if against := m.obstacles(bg.Map, to); len(against) > 0 {
		return to, against[0]
	}
	return to, nil
}

// file puts the VM into a folder. No other object is locked meanwhile: who moves a
// folder's children locks them in the opposite order.
func (m *machine) file(bg *simulator.Context, to types.ManagedObjectReference) {
	from := m.vm.Parent
	next, ok := bg.Map.Get(to).(*simulator.Folder)
	if !ok || from == nil || *from == to {
		return
	}
	if old, ok := bg.Map.Get(*from).(*simulator.Folder); ok {
		bg.Map.RemoveReference(bg, old, &old.ChildEntity, m.Self)
	}
	bg.Map.AddReference(bg, next, &next.ChildEntity, m.Self)
	update(bg, m.vm, types.PropertyChange{Name: "parent", Val: &to})
}

func hostArgument(reg *simulator.Registry, ref types.ManagedObjectReference) types.HostEventArgument {
	arg := types.HostEventArgument{Host: ref}
	if h, ok := reg.Get(ref).(mo.Entity); ok {
		arg.Name = h.Entity().Name
	}
	return arg
}

// vmsOf is the list of VMs in a resource pool.
func vmsOf(o mo.Reference) *[]types.ManagedObjectReference {
	switch p := o.(type) {
	case *simulator.ResourcePool:
		return &p.Vm
	case *simulator.VirtualApp:
		return &p.Vm
	}
	return nil
}

// pool puts the VM into a resource pool.
func (m *machine) pool(bg *simulator.Context, to types.ManagedObjectReference) {
	from := m.vm.ResourcePool
	if from != nil && *from == to {
		return
	}
	if from != nil {
		if old := bg.Map.Get(*from); vmsOf(old) != nil {
			bg.Map.RemoveReference(bg, old, vmsOf(old), m.Self)
		}
	}
	if next := bg.Map.Get(to); vmsOf(next) != nil {
		bg.Map.AddReference(bg, next, vmsOf(next), m.Self)
	}
	bg.Map.Update(bg, m.vm, []types.PropertyChange{{Name: "resourcePool", Val: &to}})
}

// store moves the VM's folder to another datastore, with all paths that name it.
func (m *machine) store(bg *simulator.Context, to types.ManagedObjectReference) {
	next, ok := bg.Map.Get(to).(*simulator.Datastore)
	if !ok || slices.Contains(m.vm.Datastore, to) {
		return
	}
	old := "[]"
	for _, ref := range m.vm.Datastore {
		ds, ok := bg.Map.Get(ref).(*simulator.Datastore)
		if !ok {
			continue
		}
		if strings.HasPrefix(m.vm.Config.Files.VmPathName, "["+ds.Name+"]") {
			old = "[" + ds.Name + "]"
			moveFolder(ds, next, folderIn(m.vm.Config.Files.VmPathName))
		}
		bg.Map.RemoveReference(bg, ds, &ds.Vm, m.Self)
	}
	bg.Map.AddReference(bg, next, &next.Vm, m.Self)
	m.rename(bg, old, "["+next.Name+"]")
	bg.Map.Update(bg, m.vm, []types.PropertyChange{{Name: "datastore", Val: []types.ManagedObjectReference{to}}})
}

// folderIn is the folder in a datastore path: "web-01" of "[ds] web-01/web-01.vmx".
func folderIn(p string) string {
	_, rel, _ := strings.Cut(p, "] ")
	return path.Dir(rel)
}

// dirOnDisk is where the simulator keeps the files of a datastore.
func dirOnDisk(ds *simulator.Datastore) string {
	if ds.Info == nil {
		return ""
	}
	return ds.Info.GetDatastoreInfo().Url
}

// moveFolder moves files on disk; copied VMs have none.
func moveFolder(from, to *simulator.Datastore, folder string) {
	src, dst := dirOnDisk(from), dirOnDisk(to)
	if src == "" || dst == "" || folder == "." || folder == "" {
		return
	}
	_ = os.Rename(filepath.Join(src, folder), filepath.Join(dst, folder))
}

// rename replaces the datastore's name at the beginning of all paths of the VM.
func (m *machine) rename(bg *simulator.Context, old, name string) {
	swap := func(p string) string {
		if rest, ok := strings.CutPrefix(p, old); ok {
			return name + rest
		}
		return p
	}
	files := m.vm.Config.Files
	files.VmPathName, files.SnapshotDirectory = swap(files.VmPathName), swap(files.SnapshotDirectory)
	files.SuspendDirectory, files.LogDirectory = swap(files.SuspendDirectory), swap(files.LogDirectory)
	changes := []types.PropertyChange{
		{Name: "config.files", Val: files}, {Name: "summary.config.vmPathName", Val: files.VmPathName},
		{Name: "config.hardware.device", Val: withPaths(m.vm.Config.Hardware.Device, swap)},
	}
	if m.vm.LayoutEx != nil {
		layout := *m.vm.LayoutEx
		layout.File = slices.Clone(layout.File)
		for i := range layout.File {
			layout.File[i].Name = swap(layout.File[i].Name)
		}
		changes = append(changes, types.PropertyChange{Name: "layoutEx", Val: &layout})
	}
	bg.Map.Update(bg, m.vm, changes)
}

// withPaths copies devices, with the paths of their disks changed.
func withPaths(devices []types.BaseVirtualDevice, swap func(string) string) []types.BaseVirtualDevice {
	all := slices.Clone(devices)
	for i, dev := range all {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		flat, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if !ok {
			continue
		}
		d, b := *disk, *flat
		b.FileName = swap(b.FileName)
		d.Backing = &b
		all[i] = &d
	}
	return all
}
