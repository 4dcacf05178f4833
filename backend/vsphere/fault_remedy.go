package vsphere

import "github.com/vmware/govmomi/vim25/types"

// remedyOf is what to do about a fault, where the fault alone tells; "" for others.
func remedyOf(f types.BaseMethodFault) string {
	switch f.(type) {
	case *types.ToolsUnavailable:
		return "install or start VMware Tools in the guest"
	case *types.TaskInProgress:
		return "wait until the other task has ended"
	case *types.DuplicateName:
		return "choose another name"
	case *types.InvalidHostState:
		return "take the host out of maintenance mode, or choose another"
	case *types.InvalidHostConnectionState, *types.HostNotConnected:
		return "reconnect the host, or choose another"
	case *types.NoDiskSpace, *types.InsufficientStorageSpace:
		return "free space there, or choose another datastore"
	case *types.InaccessibleDatastore:
		return "choose a datastore that the host has mounted"
	case *types.SSLVerifyFault, *types.MultipleCertificatesVerifyFault:
		return "add the host to vCenter anew, where its certificate can be looked at and accepted"
	case *types.CpuHotPlugNotSupported, *types.MemoryHotPlugNotSupported:
		return "power the VM off first"
	case *types.ApplicationQuiesceFault, *types.FilesystemQuiesceFault:
		return "take the snapshot without quiescing, or look into the guest"
	case *types.MemorySnapshotOnIndependentDisk:
		return "take the snapshot without memory"
	case *types.TooManySnapshotLevels:
		return "delete snapshots first"
	default:
		return ""
	}
}
