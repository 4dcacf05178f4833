package vcsim

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// place is where copied VMs go.
type place struct {
	folder *simulator.Folder
	pool   *simulator.ResourcePool
	ds     *simulator.Datastore
	host   *simulator.HostSystem
}

// addFast adds n VMs by copying one in the registry: they have no files of their
// own, but power, snapshots, properties and live updates work on them.
func (s *Server) addFast(n int) {
	reg := s.model.Map()
	tmpl := reg.Any("VirtualMachine").(*simulator.VirtualMachine)
	at := place{
		folder: reg.Get(*tmpl.Parent).(*simulator.Folder),
		pool:   reg.Get(*tmpl.ResourcePool).(*simulator.ResourcePool),
		ds:     reg.Get(tmpl.Datastore[0]).(*simulator.Datastore),
	}
	hosts := hostsOf(reg, at.pool.Owner)
	for i := range n {
		at.host = hosts[i%len(hosts)]
		vm := copyVM(tmpl, 1000000+i, fmt.Sprintf("fast-%05d", i), at)
		vm.Guest.IpAddress = fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
		vm.Summary.Guest.IpAddress = vm.Guest.IpAddress
		at.add(reg, vm)
	}
}

// hostsOf are the hosts of a compute resource.
func hostsOf(reg *simulator.Registry, owner types.ManagedObjectReference) []*simulator.HostSystem {
	var hosts []*simulator.HostSystem
	for _, e := range reg.All("HostSystem") {
		h := e.(*simulator.HostSystem)
		if h.Parent != nil && *h.Parent == owner {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// copyVM is a VM like the template with an identity of its own. What the simulator
// changes in place is copied; the rest is shared.
func copyVM(tmpl *simulator.VirtualMachine, number int, name string, at place) *simulator.VirtualMachine {
	vm := &simulator.VirtualMachine{}
	vm.VirtualMachine = tmpl.VirtualMachine
	vm.Self = types.ManagedObjectReference{Type: "VirtualMachine", Value: fmt.Sprintf("vm-%d", number)}
	vm.Name = name
	cfg, guest, summary := *tmpl.Config, *tmpl.Guest, *tmpl.Summary.Guest
	cfg.Name, cfg.Uuid, cfg.InstanceUuid = name, uuid.NewString(), uuid.NewString()
	vm.Config, vm.Guest, vm.Summary.Guest = &cfg, &guest, &summary
	if tmpl.LayoutEx != nil {
		layout := *tmpl.LayoutEx
		layout.File = slices.Clip(layout.File)
		vm.LayoutEx = &layout
	}
	if tmpl.Layout != nil {
		layout := *tmpl.Layout
		vm.Layout = &layout
	}
	self, host, pool := vm.Self, at.host.Self, at.pool.Self
	vm.Summary.Vm, vm.Summary.Config.Name, vm.Summary.Config.Uuid = &self, name, cfg.Uuid
	vm.Runtime.Host, vm.Summary.Runtime.Host, vm.ResourcePool = &host, &host, &pool
	vm.RecentTask, vm.Snapshot, vm.RootSnapshot = nil, nil, nil
	vm.Datastore = []types.ManagedObjectReference{at.ds.Self}
	return vm
}

// add registers the VM in all lists that name it.
func (at place) add(reg *simulator.Registry, vm *simulator.VirtualMachine) {
	reg.PutEntity(at.folder, vm)
	at.folder.ChildEntity = append(at.folder.ChildEntity, vm.Self)
	at.pool.Vm = append(at.pool.Vm, vm.Self)
	at.host.Vm = append(at.host.Vm, vm.Self)
	at.ds.Vm = append(at.ds.Vm, vm.Self)
}

// byName finds an entity; nil when there is none.
func byName(reg *simulator.Registry, kind, name string) mo.Entity {
	for _, e := range reg.All(kind) {
		if e.Entity().Name == name {
			return e
		}
	}
	return nil
}
