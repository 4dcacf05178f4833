package vsphere

import (
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// datastoreState is what is remembered of a Datastore.
type datastoreState struct {
	name       string
	sum        types.DatastoreSummary
	hosts, vms int
}

func (d *datastoreState) set(_ *names, path string, val any) bool {
	switch path {
	case "name":
		d.name = unescape(as[string](val))
	case "parent", "overallStatus":
	case "summary":
		d.sum = as[types.DatastoreSummary](val)
	case "host":
		d.hosts = len(as[types.ArrayOfDatastoreHostMount](val).DatastoreHostMount)
	case "vm":
		d.vms = len(as[types.ArrayOfManagedObjectReference](val).ManagedObjectReference)
	default:
		return false
	}
	return true
}

func (d *datastoreState) object(c *Conn, moid string) backend.Object {
	capacity, free := uint64(max(d.sum.Capacity, 0)), uint64(max(d.sum.FreeSpace, 0))
	pool := &backend.Pool{
		Meta: backend.Meta{ID: c.ref(backend.KindPool, moid), Name: d.name},
		Type: d.sum.Type, Path: d.sum.Url, State: backend.PoolInaccessible,
		Capacity: capacity, Available: free, Persistent: true, Hosts: d.hosts, VMs: d.vms,
	}
	if capacity > free {
		pool.Allocation = capacity - free
	}
	if d.sum.Accessible {
		pool.State = backend.PoolRunning
	}
	pool.Maintenance = d.sum.MaintenanceMode != "" && d.sum.MaintenanceMode != string(types.DatastoreSummaryMaintenanceModeStateNormal)
	if dc := c.names.datacenter(moid); dc != "" {
		pool.Extra = append(pool.Extra, backend.Field{Name: "Datacenter", Value: dc})
	}
	return pool
}
