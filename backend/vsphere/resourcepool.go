package vsphere

import "hvdeck/backend"

// resourcePoolState is what is remembered of a ResourcePool or VirtualApp.
type resourcePoolState struct {
	name, owner        string
	alarm              backend.Health
	cpuLimit, memLimit int64 // MHz and MB; -1 unlimited
	cpuUsed, memUsed   int64 // MHz and bytes
	vms                int
}

func (p *resourcePoolState) set(_ *names, path string, val any) bool {
	switch path {
	case "name":
		p.name = unescape(as[string](val))
	case "parent":
	case "owner":
		p.owner = moidOf(val)
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
		return v
	case *int64:
		if v != nil {
			return *v
		}
	}
	return -1
}

func (p *resourcePoolState) object(c *Conn, moid string) backend.Object {
	pool := &backend.ResourcePool{
		Meta: backend.Meta{ID: c.ref(backend.KindResourcePool, moid), Name: p.name},
		Path: c.names.path(moid, "ClusterComputeResource", "ComputeResource"), Cluster: c.names.place(p.owner),
		VMs: p.vms, CPUUsedMHz: uint64(max(p.cpuUsed, 0)), CPULimitMHz: p.cpuLimit,
		MemoryUsed: uint64(max(p.memUsed, 0)), MemoryLimit: p.memLimit, Alarm: p.alarm,
	}
	if p.memLimit > 0 {
		pool.MemoryLimit = p.memLimit << 20
	}
	return pool
}
