package mem

import (
	"context"
	"time"

	"hvdeck/backend"
)

// Config describes a hypervisor. The zero value is one host without VMs, whose clock
// stands still and whose operations take no time.
type Config struct {
	ID   backend.ConnID
	Seed uint64

	URI      string // "" is "mem:///<ID>"
	Product  string // "" is "QEMU"
	Version  string // of the product; "" is "9.2.0"
	HostName string // of the first host; "" is the ID
	Hosts    int    // 0: 1; further ones are named HostName-2 …
	CPUs     int    // of each host; 0: 16
	Cells    int    // NUMA cells of each host; 0: 2
	Memory   uint64 // of each host, bytes; 0: 128 GiB

	Specs    []VMSpec      // VMs with properties of their choice, first in the list
	VMs      int           // further VMs, made up
	Pools    []PoolSpec    // nil: one "default" with the disks of all VMs
	Networks []NetworkSpec // nil: one "default"
	Secrets  []SecretSpec
	// Interfaces and Devices of every host; nil: an ethernet card each.
	Interfaces []InterfaceSpec
	Devices    []backend.NodeDevice

	ReadOnly bool
	// DuplicateNames allows several snapshots of a VM to have one name, as vSphere does.
	DuplicateNames bool
	// Uncancellable: operations can't be stopped once they run.
	Uncancellable bool

	// Now is the clock; nil stands still at Epoch.
	Now func() time.Time
	// OpTime is how long an operation takes; 0 is no time.
	OpTime time.Duration
	// Wait lets time pass; nil waits for a real timer. It returns ctx.Err() when ctx
	// ends first.
	Wait func(ctx context.Context, d time.Duration) error
	// CallTime is the driver's own deadline of a call, over OpTime; 0: 30 s.
	CallTime time.Duration
}

// VMSpec describes one VM. Zero fields are made up from the seed.
type VMSpec struct {
	Name   string
	State  backend.PowerState // PowerUnknown: made up
	Reason string
	Guest  string
	VCPUs  int
	Memory uint64 // bytes
	Load   float64
	Host   int // index of its host
	Notes  string
	Agent  bool // a guest agent answers: quiesce and standby work
	// Deaf guests ignore a request to shut down or reboot.
	Deaf      bool
	Autostart bool
	Question  *backend.Question
	Snapshots []SnapshotSpec // parents before children
}

// SnapshotSpec describes one snapshot of a VMSpec.
type SnapshotSpec struct {
	Name        string
	Parent      int // 1 is the first of the VM's Snapshots; 0: a root
	Description string
	Age         time.Duration
	State       backend.PowerState
	DiskOnly    bool
	Size        uint64
	Current     bool
}

// PoolSpec describes a storage pool.
type PoolSpec struct {
	Name, Type, Path string
	State            backend.PoolState
	Capacity         uint64 // bytes
	Disks            bool   // holds the disks of the VMs
	Files            []string
	// Orphans are disk images that no VM uses.
	Orphans []string
	// Source is where it comes from, "nas:/export".
	Source string
}

// InterfaceSpec describes an interface of the host.
type InterfaceSpec struct {
	Name, Type, MAC, Address string
	Ports                    []string // of a bridge or bond
	Inactive                 bool
}

// SecretSpec describes a secret and its value.
type SecretSpec struct {
	Usage, ID, Description, Value string
	Private                       bool
}

// NetworkSpec describes a virtual network.
type NetworkSpec struct {
	Name, Bridge, Forward, Address string
	Inactive                       bool
	Leases                         bool // the running VMs have their addresses here
}

// Epoch is what the clock shows when none is given.
func Epoch() time.Time { return time.Date(2026, time.March, 14, 3, 0, 0, 0, time.UTC) }

const (
	mib = uint64(1) << 20
	gib = uint64(1) << 30
	tib = uint64(1) << 40
)

func (c Config) withDefaults() Config {
	c.ID = or(c.ID, "mem")
	c.URI = or(c.URI, "mem:///"+string(c.ID))
	c.Product = or(c.Product, "QEMU")
	c.Version = or(c.Version, "9.2.0")
	c.HostName = or(c.HostName, string(c.ID))
	c.Hosts = or(c.Hosts, 1)
	c.CPUs = or(c.CPUs, 16)
	c.Cells = or(c.Cells, 2)
	c.Memory = or(c.Memory, 128*gib)
	c.CallTime = or(c.CallTime, 30*time.Second)
	if c.Now == nil {
		c.Now = Epoch
	}
	if c.Wait == nil {
		c.Wait = waitTimer
	}
	if c.Pools == nil {
		c.Pools = []PoolSpec{{Name: "default", Type: "dir", Path: "/var/lib/libvirt/images", State: backend.PoolRunning, Capacity: 2 * tib, Disks: true}}
	}
	if c.Networks == nil {
		c.Networks = []NetworkSpec{{Name: "default", Bridge: "virbr0", Forward: "nat", Address: "192.168.122.1/24", Leases: true}}
	}
	if c.Interfaces == nil {
		c.Interfaces = []InterfaceSpec{{Name: "enp1s0", Type: "ethernet", MAC: "a8:a1:59:00:10:01", Address: "10.20.0.11/24"}}
	}
	if c.Devices == nil {
		c.Devices = demoDevices()
	}
	return c
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func waitTimer(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
