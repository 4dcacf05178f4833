package vsphere

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// fileWords are of faults about datastores and files.
func fileWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.FileNotFound:
		return with("there is no such file", f.File)
	case *types.FileAlreadyExists:
		return with("the file exists already", f.File)
	case *types.FileLocked:
		return with("the file is locked", f.File)
	case *types.CannotAccessFile:
		return with("the file can't be accessed", f.File)
	case *types.CannotCreateFile:
		return with("the file can't be created", f.File)
	case *types.CannotDeleteFile:
		return with("the file can't be deleted", f.File)
	case *types.FileNotWritable:
		return with("the file can't be written to", f.File)
	case *types.DirectoryNotEmpty:
		return with("the folder is not empty", f.File)
	case *types.FileTooLarge:
		return fmt.Sprintf("the file %s is too large for %s", f.File, named("datastore", f.Datastore))
	case *types.NoDiskSpace:
		return named("datastore", f.Datastore) + " is full"
	case *types.InvalidDatastorePath:
		return fmt.Sprintf("%q is no path in a datastore", f.DatastorePath)
	case *types.InaccessibleDatastore:
		return with(named("datastore", f.Name)+" can't be accessed from there", f.Detail)
	case *types.DatastoreNotWritableOnHost:
		return named("datastore", f.Name) + " can't be written to from that host"
	case *types.InvalidDatastore:
		return named("datastore", f.Name) + " can't be used for this"
	case *types.InvalidDiskFormat:
		return "the format of the disk is invalid"
	case *types.FileFault:
		return with("a file can't be used", f.File)
	default:
		return ""
	}
}

// deviceWords are of faults about what a VM is connected to.
func deviceWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.CannotAccessNetwork:
		return "the network " + orDefault(f.Backing, "of "+f.Device) + " is not there"
	case *types.CannotAccessVmDisk:
		return with("the disk "+orDefault(f.Backing, f.Device)+" can't be accessed", wordsOf(f.Fault))
	case *types.CannotAccessVmDevice:
		return f.Device + " is connected to " + orDefault(f.Backing, "something") + ", which can't be accessed"
	case *types.RDMNotSupported:
		return with("raw device mappings are not supported", f.Device)
	case *types.DeviceNotSupported:
		return with(orDefault(f.Device, "a device")+" is not supported", f.Reason)
	case *types.DeltaDiskFormatNotSupported:
		return "the datastore does not take the format of its disks: " + f.DeltaDiskFormat
	default:
		return ""
	}
}

// snapshotWords are of faults about snapshots.
func snapshotWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.TooManySnapshotLevels:
		return "there are too many snapshots on top of each other"
	case *types.MultipleSnapshotsNotSupported:
		return "it can have one snapshot only"
	case *types.SnapshotDisabled:
		return "snapshots are disabled for this VM"
	case *types.SnapshotNoChange:
		return "nothing has changed since the snapshot"
	case *types.SnapshotLocked:
		return "the snapshot is locked by another operation"
	case *types.SnapshotIncompatibleDeviceInVm:
		return with("a device does not allow snapshots", wordsOf(f.Fault))
	case *types.SnapshotRevertIssue:
		return with("the snapshot can't be gone back to", f.SnapshotName)
	case *types.SnapshotCloneNotSupported:
		return "a VM with snapshots can't be cloned here"
	case *types.MemorySnapshotOnIndependentDisk:
		return "a VM that runs and has an independent disk takes no snapshot with memory"
	case *types.ApplicationQuiesceFault:
		return "applications in the guest could not be quiesced"
	case *types.FilesystemQuiesceFault:
		return "file systems of the guest could not be quiesced"
	case *types.SnapshotFault:
		return "the snapshots of the VM do not allow this"
	default:
		return ""
	}
}
