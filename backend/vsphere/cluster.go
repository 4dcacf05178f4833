package vsphere

import (
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// clusterState is what is remembered of a ClusterComputeResource.
type clusterState struct {
	name, parent    string
	alarm           backend.Health
	hosts, up       int
	vms             int
	cpuMHz, cpuUsed uint64
	memory, memUsed uint64
	drs, ha         bool
	told            bool // the server sums up the use itself
}

func (s *clusterState) set(n *names, path string, val any) bool {
	switch path {
	case "name":
		s.name = unescape(as[string](val))
	case "parent":
		s.parent = n.intern(moidOf(val))
	case "overallStatus":
		s.alarm = health(val)
	case "summary":
		s.setSummary(val)
	case "configurationEx":
		cfg := as[types.ClusterConfigInfoEx](val)
		s.drs = cfg.DrsConfig.Enabled != nil && *cfg.DrsConfig.Enabled
		s.ha = cfg.DasConfig.Enabled != nil && *cfg.DasConfig.Enabled
	default:
		return false
	}
	return true
}

func (s *clusterState) setSummary(val any) {
	var base types.ComputeResourceSummary
	switch sum := val.(type) {
	case types.ClusterComputeResourceSummary:
		base = sum.ComputeResourceSummary
		if u := sum.UsageSummary; u != nil {
			s.cpuUsed, s.memUsed = uint64(max(u.CpuDemandMhz, 0)), uint64(max(u.MemDemandMB, 0))<<20
			s.vms, s.told = int(max(u.TotalVmCount, 0)), true
		}
	case types.ComputeResourceSummary:
		base = sum
	}
	s.hosts, s.up = int(max(base.NumHosts, 0)), int(max(base.NumEffectiveHosts, 0))
	s.cpuMHz, s.memory = uint64(max(base.TotalCpu, 0)), uint64(max(base.TotalMemory, 0))
}

func (s *clusterState) object(c *Conn, moid string) backend.Object {
	return &backend.Cluster{
		Meta:       backend.Meta{ID: c.ref(backend.KindCluster, moid), Name: s.name},
		Datacenter: c.names.datacenter(moid), FolderRef: c.folderRef(s.parent), Hosts: s.hosts, HostsUp: s.up, VMs: s.vms,
		CPUMHz: s.cpuMHz, CPUUsedMHz: s.cpuUsed, Memory: s.memory, MemoryUsed: s.memUsed,
		DRS: s.drs, HA: s.ha, Alarm: s.alarm,
	}
}
