package backend

import "time"

// Link is whether a manager (vCenter) reaches a host.
// Source: HostSystemConnectionState; a libvirt host is LinkConnected while its
// connection is.
type Link uint8

// The links.
const (
	LinkUnknown Link = iota
	LinkConnected
	LinkDisconnected
	LinkNotResponding
)

var linkNames = [...]string{"unknown", "connected", "disconnected", "not responding"}

func (l Link) String() string {
	if int(l) < len(linkNames) {
		return linkNames[l]
	}
	return "unknown"
}

// Host is a hypervisor node: a libvirt host or a vSphere HostSystem.
type Host struct {
	Meta
	Link        Link
	Maintenance bool
	Standby     bool
	Alarm       Health
	Version     string // product and version in words
	Model       string // hardware vendor and model
	CPUModel    string
	CPUs        int    // logical CPUs
	MHz         int    // of one CPU; 0 unknown
	Memory      uint64 // bytes
	VMs, Active int    // VMs known to the host and how many run; -1 unknown
	Booted      time.Time
	Datacenter  string
	Cluster     string
	ClusterRef  Ref
	FolderRef   Ref // the folder of a host in no cluster
}

// HostDetail is fetched for the host in focus (N3).
type HostDetail struct {
	Sockets, Cores, Threads, Cells int
	CPUMap                         string   // "0-3,8 online of 16 present"
	CellFree                       []uint64 // free bytes by NUMA cell
	Hypervisor, Library            string
	// Sharing is how the host shares equal memory pages; nil where it does not say.
	Sharing *MemorySharing
}

// MemorySharing is the state of KSM. Pages are of the host's page size. Source:
// virNodeGetMemoryParameters.
type MemorySharing struct {
	PagesToScan, SleepMillis            uint64
	MergeAcross                         bool   // across NUMA nodes
	Shared, Sharing, Unshared, Volatile uint64 // pages
	FullScans                           uint64
}

// Cluster is a vSphere ClusterComputeResource.
type Cluster struct {
	Meta
	Datacenter         string
	FolderRef          Ref
	Hosts, HostsUp     int
	VMs                int
	CPUMHz, CPUUsedMHz uint64
	Memory, MemoryUsed uint64 // bytes
	DRS, HA            bool
	Alarm              Health
}

// ResourcePool is a vSphere ResourcePool or VirtualApp; Path runs from below its cluster
// or host, and is "" for the root pool that each of those has.
type ResourcePool struct {
	Meta
	// Up is the pool that it is in; the cluster or host for a root pool.
	Up          Ref
	Path        string
	Cluster     string
	VApp        bool
	VMs         int // direct and nested
	CPUUsedMHz  uint64
	CPULimitMHz int64 // -1 unlimited
	MemoryUsed  uint64
	MemoryLimit int64 // bytes; -1 unlimited
	Alarm       Health
}
