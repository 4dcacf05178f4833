package vsphere

import (
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// entity is what the driver remembers of one object of the inventory: as little as
// it takes to make the neutral object anew when a property changes.
type entity interface {
	// set stores a property, nil for unset, and says whether it knows the path.
	set(n *names, path string, val any) bool
	// object makes the neutral object, which belongs to the receiver; nil for what is
	// not told.
	object(c *Conn, moid string) backend.Object
}

// newEntity is an empty entity for a managed object's type; nil for mere places.
func newEntity(moType string) entity {
	switch kindOf(moType) {
	case backend.KindVM:
		return &vmState{snaps: 0}
	case backend.KindHost:
		return &hostState{vms: -1, active: -1}
	case backend.KindCluster:
		return &clusterState{}
	case backend.KindResourcePool:
		return &resourcePoolState{kind: moType, cpuLimit: -1, memLimit: -1}
	case backend.KindPool:
		return &datastoreState{hosts: -1, vms: -1}
	case backend.KindFolder:
		return newFolder(moType)
	case backend.KindNetwork:
		return &networkState{kind: moType, hosts: -1, vms: -1}
	default:
		return nil
	}
}

// The lean sets: what a list shows and a watch keeps. Figures that move all the
// time (quickStats) are left to Stats. Which VMs a place has is told by the VMs: the
// lists of references at the places grow with the inventory, and the server sends them
// whole whenever a VM comes or goes.
func leanPaths(moType string) []string {
	switch moType {
	case "VirtualMachine":
		return []string{
			"name", "parent", "resourcePool", "overallStatus",
			"runtime.powerState", "runtime.connectionState", "runtime.host", "runtime.bootTime", "runtime.question",
			"summary.config.numCpu", "summary.config.memorySizeMB", "summary.config.uuid",
			"summary.config.template", "summary.config.vmPathName", "summary.config.guestFullName",
			"guest.ipAddress", "guest.guestFullName", "guest.toolsRunningStatus", "guest.toolsVersionStatus2", "snapshot",
			"datastore", "network",
		}
	case "Folder":
		return []string{"name", "parent", "overallStatus", "childType"}
	case "Datacenter", "StoragePod":
		return []string{"name", "parent", "overallStatus"}
	case "HostSystem":
		return []string{
			"name", "parent", "overallStatus", "runtime.connectionState", "runtime.inMaintenanceMode",
			"runtime.standbyMode", "runtime.bootTime", "summary.config.product", "summary.hardware",
		}
	case "ClusterComputeResource":
		return []string{"name", "parent", "overallStatus", "summary", "configurationEx"}
	case "ResourcePool", "VirtualApp":
		return []string{
			"name", "parent", "owner", "overallStatus", "config.cpuAllocation.limit", "config.memoryAllocation.limit",
			"runtime.cpu.overallUsage", "runtime.memory.overallUsage",
		}
	case "Datastore":
		return []string{"name", "parent", "overallStatus", "summary", "host"}
	case "Network", "OpaqueNetwork":
		return []string{"name", "parent", "overallStatus", "summary", "host"}
	case "DistributedVirtualPortgroup":
		return []string{"name", "parent", "overallStatus", "summary", "host", "config.defaultPortConfig", "config.distributedVirtualSwitch"}
	default:
		return []string{"name", "parent"}
	}
}

// infraTypes are the places and objects other than VMs, in the order in which
// names are needed.
func infraTypes() []string {
	return []string{
		"Datacenter", "Folder", "StoragePod", "ComputeResource", "ClusterComputeResource", "HostSystem",
		"ResourcePool", "VirtualApp", "Datastore", "DistributedVirtualSwitch", "VmwareDistributedVirtualSwitch",
		"Network", "DistributedVirtualPortgroup", "OpaqueNetwork",
	}
}

// typesOf are the managed object types of a neutral kind.
func typesOf(k backend.Kind) []string {
	var list []string
	for _, t := range append(infraTypes(), "VirtualMachine") {
		if kindOf(t) == k {
			list = append(list, t)
		}
	}
	return list
}

func health(val any) backend.Health {
	switch val {
	case types.ManagedEntityStatusGreen:
		return backend.HealthGreen
	case types.ManagedEntityStatusYellow:
		return backend.HealthYellow
	case types.ManagedEntityStatusRed:
		return backend.HealthRed
	default:
		return backend.HealthUnknown
	}
}

// moidOf is the moid in a property's value; "" when it is unset.
func moidOf(val any) string {
	if ref, ok := val.(types.ManagedObjectReference); ok {
		return ref.Value
	}
	return ""
}

// as is the value as T; the zero value when it is unset or something else.
func as[T any](val any) T {
	v, _ := val.(T)
	return v
}

// propsOf are the properties of a fetched object by path.
func propsOf(o types.ObjectContent) props {
	got := make(props, len(o.PropSet))
	for _, p := range o.PropSet {
		got[p.Name] = p.Val
	}
	return got
}
