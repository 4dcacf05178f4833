package backend

import "time"

// PowerState is the power state of a VM as the hypervisor reports it.
// Sources: virDomainState (libvirt-domain), VirtualMachinePowerState (vSphere).
type PowerState uint8

// The power states. Idle (libvirt "blocked": running, no vCPU busy) counts as on.
const (
	PowerUnknown PowerState = iota
	PowerOn
	PowerIdle
	PowerPaused // libvirt paused; memory kept in the hypervisor
	PowerShuttingDown
	PowerOff
	PowerCrashed
	PowerSuspended // guest memory kept: vSphere suspended, libvirt pmsuspended
	PowerSaved     // libvirt: off, with a managed save image
)

var powerNames = [...]string{"unknown", "running", "idle", "paused", "in shutdown", "off", "crashed", "suspended", "saved"}

func (s PowerState) String() string {
	if int(s) < len(powerNames) {
		return powerNames[s]
	}
	return "unknown"
}

// Running reports whether the guest has a live process: on, idle, paused, in
// shutdown or PM-suspended on libvirt; on for vSphere.
func (s PowerState) Running() bool {
	switch s {
	case PowerOn, PowerIdle, PowerPaused, PowerShuttingDown:
		return true
	default:
		return false
	}
}

// Activity is a state implied by a running task; it is shown in place of the power
// state while it lasts.
type Activity string

// The activities.
const (
	ActivityNone         Activity = ""
	ActivityPoweringOn   Activity = "powering on"
	ActivityPoweringOff  Activity = "powering off"
	ActivitySuspending   Activity = "suspending"
	ActivityResetting    Activity = "resetting"
	ActivityShuttingDown Activity = "shutting down"
	ActivityReverting    Activity = "reverting"
	ActivitySnapshotting Activity = "snapshotting"
	ActivityDeleting     Activity = "deleting snapshot"
	ActivityMigrating    Activity = "migrating"
	ActivityCloning      Activity = "cloning"
	ActivityBlocked      Activity = "waiting for an answer"
)

// VM is a virtual machine: a libvirt domain or a vSphere VirtualMachine.
type VM struct {
	Meta
	UUID  string
	State PowerState
	// Reason says why it is in this state, in libvirt's words ("saved",
	// "I/O error"); empty when there is nothing to say.
	Reason   string
	Activity Activity

	Host     Ref
	HostName string
	// Place in a vSphere inventory; empty for libvirt. Pool is the name of the resource
	// pool, PoolPath the pools from below the cluster or host down to it, as in
	// ResourcePool.Path; Folder is the path below the datacenter.
	Datacenter, Cluster, Pool, PoolPath, Folder string
	PoolRef, FolderRef                          Ref
	// Tags are those attached in vSphere, as "category/name", sorted; nil while unknown.
	Tags []string

	VCPUs  int    // configured; 0 when unknown
	Memory uint64 // configured, bytes; 0 when unknown

	IP    string // the first address to try; empty when unknown
	Guest string // guest OS in words, or libvirt's OS type
	Tools string // guest tools or agent state in words

	DomainID   int // libvirt id of a running domain; -1 otherwise
	Autostart  bool
	Persistent bool
	Template   bool
	Path       string // .vmx datastore path; empty for libvirt

	Booted time.Time // when the guest was started; zero when unknown or off

	// Snapshots is how many it has; -1 when there are some but nobody counted.
	Snapshots int
	// SnapshotRev changes whenever the snapshot tree may have changed; the
	// watcher re-lists the tree of the VM in focus when it does. 0: unknown.
	SnapshotRev uint64

	Question *Question // pending, nil when there is none
	Alarm    Health
}

// Question is asked by a hypervisor and blocks the VM until someone answers.
// Source: VirtualMachineQuestionInfo.
type Question struct {
	ID      string `clean:"keep"` // sent back to the server, never shown
	Text    string `clean:"text"`
	Choices []Choice
	Default int // index into Choices; -1 for none
}

// Choice is one answer to a Question.
type Choice struct {
	Key   string `clean:"keep"` // sent back to the server, never shown
	Label string
}

// Health is a hypervisor's own judgement of an object.
// Source: ManagedEntityStatus; libvirt objects stay at HealthUnknown.
type Health uint8

// The healths.
const (
	HealthUnknown Health = iota
	HealthGreen
	HealthYellow
	HealthRed
)

// NIC is a virtual network interface of a VM.
type NIC struct {
	Label, Model, MAC, Network string
	IPs                        []string
	Connected                  bool
}

// Disk is a virtual disk or removable medium of a VM.
type Disk struct {
	Label, Device, Bus, Format string
	Path                       string // file, device or datastore path; empty drive: ""
	Capacity, Allocation       uint64 // bytes; 0 unknown
	// Backing is the chain of files below Path, nearest first.
	Backing  []string
	ReadOnly bool
}

// VMDetail is what is dear to ask for and so only fetched for the VM in focus.
type VMDetail struct {
	GuestID, GuestName, HostName string
	Firmware, Machine            string
	Notes                        string `clean:"text"`
	IPs                          []string
	NICs                         []NIC
	Disks                        []Disk
	ResourcePool                 string
	Tools                        string
	CPUTime                      time.Duration
	MaxMemory, Memory            uint64 // bytes
	MaxVCPUs, VCPUs              int
	Console                      []Field // graphics addresses, serial ports
	// Consoles are the devices that OpenConsole takes, the first one first.
	Consoles []string
	// CoresPerSocket is 0 where nobody says.
	CoresPerSocket int
	// HotAddCPU, HotRemoveCPU and HotAddMemory say what vSphere changes while the VM
	// runs; elsewhere they are not set, and the server decides.
	HotAddCPU, HotRemoveCPU, HotAddMemory bool
	// Headless is set where it is known that the VM has no display, so that there is
	// no picture to take of it.
	Headless bool
}
