package vsphere

import (
	"fmt"
	"hash/fnv"
	"path"
	"strings"

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
	pool.UUID, pool.Rev = storeUUID(d.sum.Url), d.rev()
	if dc := c.names.datacenter(moid); dc != "" {
		pool.Extra = append(pool.Extra, backend.Field{Name: "Datacenter", Value: dc})
	}
	return pool
}

// storeUUID is the name of a datastore's folder at its hosts: "ds:///vmfs/volumes/UUID/";
// "" where its URL is another one.
func storeUUID(url string) string {
	if rest, ok := strings.CutPrefix(url, "ds:///vmfs/volumes/"); ok {
		return path.Clean(rest)
	}
	return ""
}

// rev changes with what files do to a datastore: its free space, and the VMs on it.
func (d *datastoreState) rev() uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, d.sum.FreeSpace, d.sum.Uncommitted, d.vms, d.sum.Accessible)
	return max(h.Sum64(), 1)
}
