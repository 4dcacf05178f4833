package vcsim

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// placeReceiver gives the stand-ins for calls on where VMs are and what they have.
func (s *Server) placeReceiver(call *simulator.Method) mo.Reference {
	switch call.Name {
	case "RelocateVM_Task", "CloneVM_Task", "ReconfigVM_Task", "AcquireTicket", "Rename_Task", "UnregisterVM":
		if vm := s.standIn(call.This); vm != nil {
			return vm
		}
	case "CheckRelocate_Task", "CheckClone_Task", "CheckPowerOn_Task":
		return s.checkReceiver(call)
	case "RegisterVM_Task":
		if f, ok := s.model.Map().Get(call.This).(*simulator.Folder); ok {
			return &registrar{Self: f.Self, srv: s, folder: f}
		}
	case "EnterMaintenanceMode_Task", "ExitMaintenanceMode_Task", "DisconnectHost_Task", "ReconnectHost_Task":
		if h, ok := s.model.Map().Get(call.This).(*simulator.HostSystem); ok {
			return &host{Self: h.Self, srv: s, host: h}
		}
	}
	return nil
}

// computeOf is the cluster or compute resource of a host or resource pool.
func computeOf(reg *simulator.Registry, ref *types.ManagedObjectReference) types.ManagedObjectReference {
	if ref == nil {
		return types.ManagedObjectReference{}
	}
	switch o := reg.Get(*ref).(type) {
	case *simulator.HostSystem:
		return *o.Parent
	case *simulator.ResourcePool:
		return o.Owner
	case *simulator.VirtualApp:
		return o.Owner
	}
	return types.ManagedObjectReference{}
}

// rootPool is the pool that the compute resource of a host has.
func rootPool(reg *simulator.Registry, host *types.ManagedObjectReference) types.ManagedObjectReference {
	var root *types.ManagedObjectReference
	switch o := reg.Get(computeOf(reg, host)).(type) {
	case *simulator.ClusterComputeResource:
		root = o.ResourcePool
	case *mo.ComputeResource:
		root = o.ResourcePool
	}
	if root == nil {
		return types.ManagedObjectReference{}
	}
	return *root
}

// usable says why nothing can run on a host; nil when it can.
func usable(reg *simulator.Registry, ref types.ManagedObjectReference) types.BaseMethodFault {
	h, ok := reg.Get(ref).(*simulator.HostSystem)
	switch {
	case !ok:
		return &types.ManagedObjectNotFound{Obj: ref}
	case h.Runtime.ConnectionState != types.HostSystemConnectionStateConnected:
		return &types.InvalidHostConnectionState{InvalidHostState: types.InvalidHostState{Host: &ref}}
	case h.Runtime.InMaintenanceMode:
		return &types.InvalidHostState{Host: &ref}
	}
	return nil
}

// runHost is the host on which a VM starts: the given one, which has to be of the
// same compute resource; else its own, or where that can't be and the cluster's
// scheduler is on, another.
func (m *machine) runHost(reg *simulator.Registry, asked *types.ManagedObjectReference) (types.ManagedObjectReference, types.BaseMethodFault) {
	if asked == nil {
		own := *m.vm.Runtime.Host
		fault := usable(reg, own)
		if fault == nil {
			return own, nil
		}
		if other := m.otherHost(reg); other != nil {
			return *other, nil
		}
		return own, fault
	}
	if fault := usable(reg, *asked); fault != nil {
		return *asked, fault
	}
	if computeOf(reg, asked) != computeOf(reg, m.vm.ResourcePool) {
		return *asked, &types.InvalidArgument{InvalidProperty: "host"}
	}
	return *asked, nil
}

// otherHost is where the cluster's scheduler would move the VM; nil when it is off or
// there is no other host.
func (m *machine) otherHost(reg *simulator.Registry) *types.ManagedObjectReference {
	owner := computeOf(reg, m.vm.Runtime.Host)
	if !scheduled(reg, owner) {
		return nil
	}
	return freeHost(reg, owner, m.vm.Runtime.Host)
}

// scheduled tells whether the cluster moves VMs by itself.
func scheduled(reg *simulator.Registry, owner types.ManagedObjectReference) bool {
	c, ok := reg.Get(owner).(*simulator.ClusterComputeResource)
	if !ok {
		return false
	}
	cfg, ok := c.ConfigurationEx.(*types.ClusterConfigInfoEx)
	if !ok || cfg.DrsConfig.Enabled == nil || !*cfg.DrsConfig.Enabled {
		return false
	}
	how := cfg.DrsConfig.DefaultVmBehavior
	return how == "" || how == types.DrsBehaviorFullyAutomated
}

// freeHost is the usable host of a compute resource with the fewest VMs.
func freeHost(reg *simulator.Registry, owner types.ManagedObjectReference, not *types.ManagedObjectReference) *types.ManagedObjectReference {
	var best *simulator.HostSystem
	for _, h := range hostsOf(reg, owner) {
		if not != nil && h.Self == *not || usable(reg, h.Self) != nil {
			continue
		}
		if best == nil || len(h.Vm) < len(best.Vm) {
			best = h
		}
	}
	if best == nil {
		return nil
	}
	ref := best.Self
	return &ref
}

// target is where a VM goes, as far as it was said.
type target struct{ host, pool, datastore, folder types.ManagedObjectReference }

// aim resolves a relocate spec as the API describes its defaults.
func (m *machine) aim(reg *simulator.Registry, spec types.VirtualMachineRelocateSpec, runs bool) (target, types.BaseMethodFault) {
	to := target{host: *m.vm.Runtime.Host}
	if m.vm.ResourcePool != nil {
		to.pool = *m.vm.ResourcePool
	}
	if len(m.vm.Datastore) > 0 {
		to.datastore = m.vm.Datastore[0]
	}
	if spec.Datastore != nil {
		to.datastore = *spec.Datastore
	}
	if spec.Pool != nil {
		to.pool = *spec.Pool
	}
	if to.pool.Value == "" { // a template is in none
		to.pool = rootPool(reg, cmp.Or(spec.Host, m.vm.Runtime.Host))
	}
	owner := computeOf(reg, &to.pool)
	switch {
	case spec.Host != nil:
		to.host = *spec.Host
		if computeOf(reg, spec.Host) != owner {
			return to, &types.InvalidArgument{InvalidProperty: "spec.pool"}
		}
	case spec.Pool != nil && computeOf(reg, &to.host) != owner:
		if runs && owner.Type == "ClusterComputeResource" && !scheduled(reg, owner) {
			return to, &types.InvalidArgument{InvalidProperty: "spec.host"}
		}
		free := freeHost(reg, owner, nil)
		if free == nil {
			return to, &types.NoCompatibleHost{}
		}
		to.host = *free
	}
	to.folder = m.folderFor(reg, spec, to.host)
	return to, nil
}

// folderFor is the folder of a target: without a choice the VM's own, or the top one of
// VMs of another datacenter that it goes to.
func (m *machine) folderFor(reg *simulator.Registry, spec types.VirtualMachineRelocateSpec, host types.ManagedObjectReference) types.ManagedObjectReference {
	if spec.Folder != nil {
		return *spec.Folder
	}
	there := datacenterOf(reg, &host).Datacenter
	if dc, ok := reg.Get(there).(*simulator.Datacenter); ok && (m.vm.Parent == nil || there != datacenterOf(reg, m.vm.Parent).Datacenter) {
		return dc.VmFolder
	}
	if m.vm.Parent == nil {
		return types.ManagedObjectReference{}
	}
	return *m.vm.Parent
}

// astray is the fault of a folder that is not in the datacenter of a host; nil for one
// that is.
func astray(reg *simulator.Registry, folder, host types.ManagedObjectReference, property string) types.BaseMethodFault {
	if datacenterOf(reg, &folder).Datacenter == datacenterOf(reg, &host).Datacenter {
		return nil
	}
	return &types.InvalidArgument{InvalidProperty: property}
}

// unreached is the fault of a datastore that a host does not have; nil for one it has.
func unreached(reg *simulator.Registry, host types.ManagedObjectReference, ds *simulator.Datastore) types.BaseMethodFault {
	if h, ok := reg.Get(host).(*simulator.HostSystem); !ok || slices.Contains(h.Datastore, ds.Self) {
		return nil
	}
	return &types.InaccessibleDatastore{InvalidDatastore: types.InvalidDatastore{Datastore: &ds.Self, Name: ds.Name}}
}

// obstacles are what speaks against a target: what CheckRelocate_Task reports, and the
// first of which a task fails with.
func (m *machine) obstacles(reg *simulator.Registry, to target) []types.BaseMethodFault {
	var all []types.BaseMethodFault
	if fault := usable(reg, to.host); fault != nil {
		all = append(all, fault)
	}
	ds, ok := reg.Get(to.datastore).(*simulator.Datastore)
	if !ok {
		return append(all, &types.ManagedObjectNotFound{Obj: to.datastore})
	}
	if fault := unreached(reg, to.host, ds); fault != nil {
		all = append(all, fault)
	}
	if fault := astray(reg, to.folder, to.host, "spec.folder"); fault != nil && to.folder.Value != "" {
		all = append(all, fault)
	}
	return append(all, m.full(ds)...)
}

// full tells whether what the VM takes does not fit into another datastore.
func (m *machine) full(ds *simulator.Datastore) []types.BaseMethodFault {
	if slices.Contains(m.vm.Datastore, ds.Self) || m.vm.Summary.Storage == nil {
		return nil
	}
	if ds.Summary.FreeSpace >= m.vm.Summary.Storage.Committed {
		return nil
	}
	return []types.BaseMethodFault{&types.NoDiskSpace{
		FileFault: types.FileFault{File: m.vm.Config.Files.VmPathName}, Datastore: ds.Name,
	}}
}
