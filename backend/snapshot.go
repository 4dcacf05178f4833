package backend

import "time"

// Storage is where a snapshot keeps disk state.
type Storage uint8

// Internal: inside the qcow2 image. External: an overlay file; every vSphere
// snapshot is external (a delta disk).
const (
	StorageUnknown Storage = iota
	StorageInternal
	StorageExternal
	StorageMixed
)

var storageNames = [...]string{"", "internal", "external", "mixed"}

func (s Storage) String() string {
	if int(s) < len(storageNames) {
		return storageNames[s]
	}
	return ""
}

// Snapshot is one node of a VM's snapshot tree. Owner() is the VM.
type Snapshot struct {
	Meta
	// Up is the parent snapshot; zero for a root.
	Up Ref
	// Path runs from the root, "/base/updated"; where siblings or cousins give
	// the same path, an index follows: "/base/updated[1]". See PathOf.
	Path        string
	Description string `clean:"text"`
	Created     time.Time
	// State is the state of the VM when it was taken; PowerOn means that guest
	// memory was kept. Disk-only snapshots have DiskOnly set.
	State    PowerState
	DiskOnly bool
	Quiesced bool
	Current  bool // the VM's disks descend from this one
	Storage  Storage
	Size     uint64 // bytes; 0 unknown
	// Disks say where the disks' state of that moment is; nil where nobody says.
	Disks []SnapshotDisk
	// Why the server would not delete it, delete it with all below it, or revert to it,
	// as far as that is known beforehand; "" where nothing speaks against it.
	NoDelete, NoDeleteTree, NoRevert string
}

// SnapshotDisk is where one disk's state at the moment of a snapshot is kept.
type SnapshotDisk struct {
	Label string // of the disk, as in Disk.Label
	Image string // the file that has it
	// Overlay is the file in which an external snapshot let the disk go on; "" where
	// the state is inside Image.
	Overlay string
}
