package vsphere

import (
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// hostState is what is remembered of a HostSystem.
type hostState struct {
	name, parent         string
	alarm                backend.Health
	link                 backend.Link
	maintenance, standby bool
	booted               time.Time
	version, model, cpu  string
	cpus, mhz            int
	memory               uint64
	vms, active          int // counted by the watch; -1 unknown
}

func (h *hostState) set(_ *names, path string, val any) bool {
	switch path {
	case "name":
		h.name = unescape(as[string](val))
	case "parent":
		h.parent = moidOf(val)
	case "overallStatus":
		h.alarm = health(val)
	case "runtime.connectionState":
		h.link = hostLink(as[types.HostSystemConnectionState](val))
	case "runtime.inMaintenanceMode":
		h.maintenance = as[bool](val)
	case "runtime.standbyMode":
		h.standby = as[string](val) == string(types.HostStandbyModeIn)
	case "runtime.bootTime":
		h.booted = as[time.Time](val)
	case "summary.config.product":
		p := as[types.AboutInfo](val)
		h.version = orDefault(p.FullName, p.Name+" "+p.Version)
	case "summary.hardware":
		h.setHardware(as[types.HostHardwareSummary](val))
	case "vm":
		h.vms = len(as[types.ArrayOfManagedObjectReference](val).ManagedObjectReference)
	default:
		return false
	}
	return true
}

func (h *hostState) setHardware(hw types.HostHardwareSummary) {
	h.model = hw.Vendor
	if hw.Model != "" {
		h.model += " " + hw.Model
	}
	h.cpu, h.cpus, h.mhz = hw.CpuModel, int(max(hw.NumCpuThreads, 0)), int(max(hw.CpuMhz, 0))
	h.memory = uint64(max(hw.MemorySize, 0))
}

func (h *hostState) object(c *Conn, moid string) backend.Object {
	host := &backend.Host{
		Meta: backend.Meta{ID: c.ref(backend.KindHost, moid), Name: h.name},
		Link: h.link, Maintenance: h.maintenance, Standby: h.standby, Alarm: h.alarm,
		Version: h.version, Model: h.model, CPUModel: h.cpu, CPUs: h.cpus, MHz: h.mhz, Memory: h.memory,
		VMs: h.vms, Active: h.active, Booted: c.ours(h.booted), Datacenter: c.names.datacenter(moid),
	}
	if id, cluster := c.names.above(moid, "ClusterComputeResource"); id != "" {
		host.Cluster, host.ClusterRef = cluster.name, c.ref(backend.KindCluster, id)
		return host
	}
	_, compute := c.names.above(moid, "ComputeResource")
	host.FolderRef = c.folderRef(compute.parent)
	return host
}

func hostLink(s types.HostSystemConnectionState) backend.Link {
	switch s {
	case types.HostSystemConnectionStateConnected:
		return backend.LinkConnected
	case types.HostSystemConnectionStateDisconnected:
		return backend.LinkDisconnected
	case types.HostSystemConnectionStateNotResponding:
		return backend.LinkNotResponding
	default:
		return backend.LinkUnknown
	}
}
