package vsphere

import (
	"math"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// resourcePoolState is what is remembered of a ResourcePool or VirtualApp.
type resourcePoolState struct {
	kind, name         string
	owner, parent      string
	alarm              backend.Health
	cpuLimit, memLimit int64 // MHz and MB; -1 unlimited
	cpuUsed, memUsed   int64 // MHz and bytes
	vms                int   // direct and nested, counted by the tally
	direct             int   // as the server lists them; only asked for by List
}

func (p *resourcePoolState) set(n *names, path string, val any) bool {
	switch path {
	case "name":
		p.name = unescape(as[string](val))
	case "parent":
		p.parent = n.intern(moidOf(val))
	case "owner":
		p.owner = n.intern(moidOf(val))
	case "vm":
		p.direct = len(as[types.ArrayOfManagedObjectReference](val).ManagedObjectReference)
	case "overallStatus":
		p.alarm = health(val)
	case "config.cpuAllocation.limit":
		p.cpuLimit = limitOf(val)
	case "config.memoryAllocation.limit":
		p.memLimit = limitOf(val)
	case "runtime.cpu.overallUsage":
		p.cpuUsed = as[int64](val)
	case "runtime.memory.overallUsage":
		p.memUsed = as[int64](val)
	default:
		return false
	}
	return true
}

// limitOf is -1 where nothing limits.
func limitOf(val any) int64 {
	switch v := val.(type) {
	case int64:
		return max(v, -1)
	case *int64:
		if v != nil {
			return max(*v, -1)
		}
	}
	return -1
}

func (p *resourcePoolState) object(c *Conn, moid string) backend.Object {
	pool := &backend.ResourcePool{
		Meta: backend.Meta{ID: c.ref(backend.KindResourcePool, moid), Name: p.name},
		Up:   c.above(p.parent), Path: c.names.poolPath(moid), Cluster: c.names.place(p.owner), VApp: p.kind == "VirtualApp",
		VMs: p.vms, CPUUsedMHz: uint64(max(p.cpuUsed, 0)), CPULimitMHz: p.cpuLimit,
		MemoryUsed: uint64(max(p.memUsed, 0)), MemoryLimit: p.memLimit, Alarm: p.alarm,
	}
	if p.memLimit > 0 {
		pool.MemoryLimit = min(p.memLimit, math.MaxInt64>>20) << 20
	}
	return pool
}

// above is what a resource pool is in: a pool, the cluster, or the host that a
// ComputeResource, which is not told, has just one of.
func (c *Conn) above(parent string) backend.Ref {
	p, ok := c.names.at(parent)
	switch {
	case !ok:
		return backend.Ref{}
	case p.kind != "ComputeResource":
		return c.ref(kindOf(p.kind), parent)
	}
	if host := c.names.hostOf(parent); host != "" {
		return c.ref(backend.KindHost, host)
	}
	return backend.Ref{}
}

// at is a known place.
func (n *names) at(moid string) (place, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, ok := n.places[moid]
	return p, ok
}

// hostOf is the host of a ComputeResource that has just one.
func (n *names) hostOf(compute string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for moid, p := range n.places {
		if p.kind == "HostSystem" && p.parent == compute {
			return moid
		}
	}
	return ""
}
