package vcsim

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// linkNetworks fills in the hosts and VMs of networks, which the simulator knows only
// from their other side.
func (s *Server) linkNetworks() {
	reg := s.model.Map()
	hosts := make(map[types.ManagedObjectReference][]types.ManagedObjectReference)
	vms := make(map[types.ManagedObjectReference][]types.ManagedObjectReference)
	for _, e := range reg.All("HostSystem") {
		for _, net := range e.(*simulator.HostSystem).Network {
			hosts[net] = append(hosts[net], e.Reference())
		}
	}
	for _, e := range reg.All("VirtualMachine") {
		for _, net := range e.(*simulator.VirtualMachine).Network {
			vms[net] = append(vms[net], e.Reference())
		}
	}
	for _, kind := range []string{"Network", "DistributedVirtualPortgroup"} {
		for _, e := range reg.All(kind) {
			net := simulatedNetwork(e)
			if net == nil {
				continue
			}
			if len(net.Host) == 0 {
				net.Host = hosts[net.Self]
			}
			net.Vm = union(net.Vm, vms[net.Self])
		}
	}
}

// union adds what is not there yet.
func union(list, more []types.ManagedObjectReference) []types.ManagedObjectReference {
	has := make(map[types.ManagedObjectReference]bool, len(list))
	for _, r := range list {
		has[r] = true
	}
	for _, r := range more {
		if !has[r] {
			list, has[r] = append(list, r), true
		}
	}
	return list
}

// simulatedNetwork is what all kinds of networks have; nil for what is none.
func simulatedNetwork(e mo.Entity) *mo.Network {
	switch net := e.(type) {
	case *mo.Network:
		return net
	case *simulator.DistributedVirtualPortgroup:
		return &net.Network
	default:
		return nil
	}
}

// announceEvery is how often the use of pools and clusters is told to watchers: the
// simulator collects all that they watch for each time.
const announceEvery = 30 * time.Second

// used is what the VMs in a place take.
type used struct {
	cpu    int64 // MHz
	memory int64 // MiB
}

// moveUse sums up what the VMs take, for the pools and clusters that they are in.
func (s *Server) moveUse(bg *simulator.Context) {
	pools := make(map[types.ManagedObjectReference]used)
	for _, e := range bg.Map.All("VirtualMachine") {
		vm := e.(*simulator.VirtualMachine)
		var q types.VirtualMachineQuickStats
		var in *types.ManagedObjectReference
		bg.Map.WithLock(bg, vm, func() { q, in = vm.Summary.QuickStats, vm.ResourcePool })
		for in != nil {
			u := pools[*in]
			pools[*in] = used{cpu: u.cpu + int64(q.OverallCpuUsage), memory: u.memory + int64(q.HostMemoryUsage)}
			pool, ok := bg.Map.Get(*in).(*simulator.ResourcePool)
			if !ok {
				break
			}
			in = pool.Parent
		}
	}
	for _, e := range bg.Map.All("ResourcePool") {
		if pool, ok := e.(*simulator.ResourcePool); ok {
			usePool(bg, pool, pools[pool.Self])
		}
	}
	for _, e := range bg.Map.All("ClusterComputeResource") {
		useCluster(bg, e.(*simulator.ClusterComputeResource), pools)
	}
}

func usePool(bg *simulator.Context, pool *simulator.ResourcePool, u used) {
	var run types.ResourcePoolRuntimeInfo
	bg.Map.WithLock(bg, pool, func() { run = pool.Runtime })
	run.Cpu.OverallUsage, run.Memory.OverallUsage = u.cpu, u.memory<<20
	update(bg, pool, types.PropertyChange{Name: "runtime", Val: run})
}

// useCluster sets the demand in a new summary: readers may hold the old one.
func useCluster(bg *simulator.Context, c *simulator.ClusterComputeResource, pools map[types.ManagedObjectReference]used) {
	var sum *types.ClusterComputeResourceSummary
	var root *types.ManagedObjectReference
	bg.Map.WithLock(bg, c, func() {
		root = c.ResourcePool
		if old, ok := c.Summary.(*types.ClusterComputeResourceSummary); ok && old.UsageSummary != nil {
			now := *old
			usage := *old.UsageSummary
			now.UsageSummary = &usage
			sum = &now
		}
	})
	if sum == nil || root == nil {
		return
	}
	hosts := int64(sum.NumHosts)
	sum.UsageSummary.CpuDemandMhz = int32(pools[*root].cpu + 900*hosts)
	sum.UsageSummary.MemDemandMB = int32(pools[*root].memory + 9000*hosts)
	update(bg, c, types.PropertyChange{Name: "summary", Val: sum})
}
