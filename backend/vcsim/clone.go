package vcsim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// CloneVMTask copies the VM. Cancelled, nothing of the clone stays.
func (m *machine) CloneVMTask(ctx *simulator.Context, req *types.CloneVM_Task) soap.HasFault {
	j := job{id: "clone", last: m.srv.opts.TaskTime}
	j.before = func(bg *simulator.Context, _ *simulator.Task, _ <-chan struct{}) types.BaseMethodFault {
		return m.cloneable(bg, req)
	}
	j.finish = func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if fault := m.cloneable(bg, req); fault != nil {
			return nil, fault
		}
		to, fault := m.reach(bg, req.Spec.Location)
		if fault != nil {
			return nil, fault
		}
		return m.copyTo(bg, req, to)
	}
	return &methods.CloneVM_TaskBody{Res: &types.CloneVM_TaskResponse{Returnval: m.run(ctx, j)}}
}

// cloneable says why there can't be such a clone.
func (m *machine) cloneable(bg *simulator.Context, req *types.CloneVM_Task) types.BaseMethodFault {
	folder, ok := bg.Map.Get(req.Folder).(*simulator.Folder)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: req.Folder}
	}
	if !slices.Contains(folder.ChildType, "VirtualMachine") {
		return &types.InvalidFolder{Target: req.Folder}
	}
	if req.Name == "" || len(req.Name) > 80 {
		return &types.InvalidName{Name: req.Name}
	}
	if there := bg.Map.FindByName(req.Name, folder.ChildEntity); there != nil {
		return &types.DuplicateName{Name: req.Name, Object: there.Reference()}
	}
	if m.vm.Config.Template && !req.Spec.Template && req.Spec.Location.Pool == nil {
		return &types.InvalidArgument{InvalidProperty: "spec.location.pool"}
	}
	if sn := req.Spec.Snapshot; sn != nil && find(cloneInfo(m.vm.Snapshot).RootSnapshotList, *sn) == nil {
		return &types.InvalidArgument{InvalidProperty: "spec.snapshot"}
	}
	if linked(req.Spec) && req.Spec.Snapshot == nil {
		return &types.InvalidArgument{InvalidProperty: "spec.location.diskMoveType"}
	}
	to, fault := m.reach(bg, req.Spec.Location)
	if fault != nil {
		return fault
	}
	if fault := astray(bg.Map, req.Folder, to.host, "folder"); fault != nil {
		return fault
	}
	if linked(req.Spec) {
		return m.baseless(bg.Map, to.host)
	}
	return nil
}

// baseless is the fault of a host that does not have the disks a linked clone stands on.
func (m *machine) baseless(reg *simulator.Registry, host types.ManagedObjectReference) types.BaseMethodFault {
	for _, dev := range m.vm.Config.Hardware.Device {
		for _, ref := range m.vm.Datastore {
			ds, ok := reg.Get(ref).(*simulator.Datastore)
			if !ok || !strings.HasPrefix(fileOf(dev), "["+ds.Name+"] ") {
				continue
			}
			if fault := unreached(reg, host, ds); fault != nil {
				return fault
			}
		}
	}
	return nil
}

func linked(spec types.VirtualMachineCloneSpec) bool {
	return spec.Location.DiskMoveType == string(types.VirtualMachineRelocateDiskMoveOptionsCreateNewChildDiskBacking)
}

// copyTo makes the clone and puts it into the inventory.
func (m *machine) copyTo(bg *simulator.Context, req *types.CloneVM_Task, to target) (types.AnyType, types.BaseMethodFault) {
	at, ok := m.placeOf(bg, req.Folder, to)
	if !ok {
		return nil, &types.InvalidArgument{InvalidProperty: "spec.location.pool"}
	}
	src := *m.vm.Config
	if req.Spec.Snapshot != nil {
		if sn, ok := bg.Map.Get(*req.Spec.Snapshot).(*simulator.VirtualMachineSnapshot); ok {
			src = sn.Config
		}
	}
	number := m.srv.newRef("VirtualMachine", "vm")
	vm := copyVM(m.vm, 0, req.Name, at)
	vm.Self, vm.Summary.Vm = number, &number
	home := "[" + at.ds.Name + "] " + freeFolder(at.ds, req.Name)
	m.furnish(vm, src, home, req)
	clone := &machine{Self: vm.Self, srv: m.srv, vm: vm}
	at.write(bg.Map, vm, src.Hardware.Device)
	at.enter(bg, vm)
	storage := vm.Summary.Storage
	vm.RefreshStorageInfo(bg, nil)
	if !linked(req.Spec) {
		vm.Summary.Storage = storage // as that of the original, which may have no files
	}
	post(bg, &types.VmClonedEvent{VmCloneEvent: types.VmCloneEvent{VmEvent: clone.event(bg)}, SourceVm: *m.event(bg).Vm})
	if req.Spec.PowerOn && !req.Spec.Template {
		clone.setPower(bg, types.VirtualMachinePowerStatePoweredOn)
		clone.postPower(bg, types.VirtualMachinePowerStatePoweredOn)
	}
	return vm.Self, nil
}

func (m *machine) placeOf(bg *simulator.Context, folder types.ManagedObjectReference, to target) (place, bool) {
	f, okF := bg.Map.Get(folder).(*simulator.Folder)
	p, okP := bg.Map.Get(to.pool).(*simulator.ResourcePool)
	d, okD := bg.Map.Get(to.datastore).(*simulator.Datastore)
	h, okH := bg.Map.Get(to.host).(*simulator.HostSystem)
	return place{folder: f, pool: p, ds: d, host: h}, okF && okP && okD && okH
}

// furnish gives the clone its identity, devices and files. It is off, whatever the
// original is, and has neither its snapshots nor its question.
func (m *machine) furnish(vm *simulator.VirtualMachine, src types.VirtualMachineConfigInfo, home string, req *types.CloneVM_Task) {
	cfg := src
	cfg.Name, cfg.Uuid, cfg.InstanceUuid, cfg.Template = req.Name, vm.Config.Uuid, uuid.NewString(), req.Spec.Template
	base := home + "/" + req.Name
	cfg.Files = types.VirtualMachineFileInfo{
		VmPathName: base + ".vmx", SnapshotDirectory: home + "/", SuspendDirectory: home + "/", LogDirectory: home + "/",
	}
	cfg.Hardware.Device = cloneDevices(src.Hardware.Device, base, linked(req.Spec), req.Spec.Location)
	vm.Config = &cfg
	off := types.VirtualMachinePowerStatePoweredOff
	vm.Runtime.PowerState, vm.Runtime.BootTime, vm.Runtime.Question = off, nil, nil
	vm.Summary.Runtime.PowerState, vm.Summary.Runtime.BootTime, vm.Summary.Runtime.Question = off, nil, nil
	vm.Summary.Config.InstanceUuid, vm.Summary.Config.VmPathName = cfg.InstanceUuid, cfg.Files.VmPathName
	vm.Summary.Config.Template, vm.Summary.Config.NumCpu = cfg.Template, cfg.Hardware.NumCPU
	vm.Summary.Config.MemorySizeMB = cfg.Hardware.MemoryMB
	vm.Guest = &types.GuestInfo{ToolsStatus: types.VirtualMachineToolsStatusToolsNotRunning,
		ToolsRunningStatus: string(types.VirtualMachineToolsRunningStatusGuestToolsNotRunning)}
	vm.Summary.Guest = &types.VirtualMachineGuestSummary{ToolsStatus: vm.Guest.ToolsStatus}
	vm.TriggeredAlarmState, vm.DeclaredAlarmState = nil, slices.Clone(vm.DeclaredAlarmState)
	vm.Layout, vm.LayoutEx = &types.VirtualMachineFileLayout{}, &types.VirtualMachineFileLayoutEx{}
	if vm.Summary.Storage != nil {
		storage := *vm.Summary.Storage
		vm.Summary.Storage = &storage
	}
	if cfg.Template {
		vm.ResourcePool = nil
	}
}

// cloneDevices copies devices: disks with files of the clone, cards with a new address.
func cloneDevices(devices []types.BaseVirtualDevice, base string, link bool, to types.VirtualMachineRelocateSpec) []types.BaseVirtualDevice {
	all := slices.Clone(devices)
	disks := 0
	for i, dev := range all {
		if disk, ok := dev.(*types.VirtualDisk); ok {
			all[i] = cloneDisk(disk, diskName(base, disks), link, to)
			disks++
			continue
		}
		if card := newCard(dev); card != nil {
			all[i] = card
		}
	}
	return all
}

func diskName(base string, n int) string {
	if n == 0 {
		return base + ".vmdk"
	}
	return fmt.Sprintf("%s_%d.vmdk", base, n)
}

func cloneDisk(disk *types.VirtualDisk, file string, link bool, to types.VirtualMachineRelocateSpec) *types.VirtualDisk {
	d := *disk
	flat, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if !ok {
		return &d
	}
	b := *flat
	b.FileName, b.Uuid, b.Parent = file, uuid.NewString(), nil
	if link {
		parent := *flat
		b.Parent = &parent
	}
	if to.Datastore != nil {
		b.Datastore = to.Datastore
	}
	for _, l := range to.Disk {
		if how, ok := l.DiskBackingInfo.(*types.VirtualDiskFlatVer2BackingInfo); ok && l.DiskId == d.Key {
			b.ThinProvisioned, b.EagerlyScrub = how.ThinProvisioned, how.EagerlyScrub
		}
	}
	d.Backing = &b
	return &d
}

// newCard copies a network card with an address of its own; nil for other devices.
func newCard(dev types.BaseVirtualDevice) types.BaseVirtualDevice {
	mac := fmt.Sprintf("00:50:56:%02x:%02x:%02x", rand.IntN(0x40), rand.IntN(256), rand.IntN(256))
	switch c := dev.(type) {
	case *types.VirtualE1000:
		card := *c
		card.MacAddress = mac
		return &card
	case *types.VirtualE1000e:
		card := *c
		card.MacAddress = mac
		return &card
	case *types.VirtualVmxnet3:
		card := *c
		card.MacAddress = mac
		return &card
	}
	return nil
}

// enter registers the VM in all lists that name it, while others read them.
func (at place) enter(bg *simulator.Context, vm *simulator.VirtualMachine) {
	bg.Map.AppendReference(bg, at.folder, &at.folder.ChildEntity, vm.Self)
	if !vm.Config.Template {
		bg.Map.AppendReference(bg, at.pool, &at.pool.Vm, vm.Self)
	}
	bg.Map.AppendReference(bg, at.host, &at.host.Vm, vm.Self)
	bg.Map.AppendReference(bg, at.ds, &at.ds.Vm, vm.Self)
	bg.Map.PutEntity(at.folder, vm)
}

var _ mo.Reference = (*machine)(nil)
