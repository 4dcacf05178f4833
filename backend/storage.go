package backend

import "time"

// PoolState is the state of a storage pool or datastore.
// Source: virStoragePoolState; a datastore is PoolRunning while accessible.
type PoolState uint8

// The pool states.
const (
	PoolUnknown PoolState = iota
	PoolInactive
	PoolBuilding
	PoolRunning
	PoolDegraded
	PoolInaccessible
)

var poolStateNames = [...]string{"unknown", "inactive", "building", "running", "degraded", "inaccessible"}

func (s PoolState) String() string {
	if int(s) < len(poolStateNames) {
		return poolStateNames[s]
	}
	return "unknown"
}

// Pool is a libvirt storage pool or a vSphere datastore.
type Pool struct {
	Meta
	UUID                            string
	State                           PoolState
	Type                            string // dir, logical, VMFS, NFS …
	Path                            string // target path or URL
	Source                          string // where it comes from: "nas:/export", "/dev/sdb1"; "" for itself
	Capacity, Allocation, Available uint64 // bytes; 0 while inactive
	Autostart, Persistent           bool
	Hosts, VMs                      int // vSphere; -1 unknown
	Maintenance                     bool
	// Rev changes whenever its volumes may have changed; 0 unknown.
	Rev uint64
}

// Volume is a libvirt volume or a file in a datastore. Owner() is the pool.
type Volume struct {
	Meta
	Path                 string
	Type                 string // file, block, dir, network …
	Format               string // raw, qcow2, vmdk, iso …
	Capacity, Allocation uint64 // bytes
	Backing              string // path of the file below; empty for none
	// Modified is when a file was written last; zero where nobody says.
	Modified time.Time
	// UsedBy are the names of the VMs that have it as a disk or medium, or in the
	// chain below one. UsedKnown is set once all VMs have been looked at: only then
	// does an empty UsedBy mean that nobody uses it.
	UsedBy    []string
	UsedKnown bool
	// Under are the names of the volumes of the same pool that stand on this one.
	Under []string
}
