package vsphere_test

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/vsphere"
)

// TestFaultsWithoutATextAreSaidInWords: most servers send no text with these.
func TestFaultsWithoutATextAreSaidInWords(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		fault       types.BaseMethodFault
		says, class string
	}{
		{&types.InvalidPowerState{RequestedState: "poweredOff", ExistingState: "poweredOn"}, "it is powered on; it has to be powered off", "conflict"},
		{&types.InvalidPowerState{ExistingState: "suspended"}, "it is suspended already", "conflict"},
		{&types.InvalidState{}, "its state does not allow this", "conflict"},
		{&types.InvalidHostState{}, "the state of the host does not allow this; it may be in maintenance mode", "conflict"},
		{&types.InvalidHostConnectionState{}, "the host is not connected", "conflict"},
		{&types.HostNotConnected{}, "the host is not connected", "conflict"},
		{&types.HostNotReachable{}, "the host does not answer", "conflict"},
		{&types.NoHost{HostConnectFault: types.HostConnectFault{}, Name: "esx-01"}, "the host esx-01 can't be reached", "conflict"},
		{&types.TaskInProgress{}, "another task is running on it", "busy"},
		{&types.ToolsUnavailable{}, "VMware Tools are not running in the guest", "conflict"},
		{&types.DuplicateName{Name: "web"}, `the name "web" is taken`, "conflict"},
		{&types.AlreadyExists{Name: "web"}, "it exists already: web", "conflict"},
		{&types.InvalidName{Name: "a/b"}, `the name "a/b" is not allowed`, "invalid"},
		{&types.InvalidArgument{InvalidProperty: "spec.pool"}, "the server refused the value of spec.pool", "invalid"},
		{&types.InvalidFolder{}, "the folder can't take it", "invalid"},
		{&types.OutOfBounds{ArgumentName: "timeout"}, "the value of timeout is out of bounds", "invalid"},
		{&types.NotSupported{}, "the server does not support this here", "not supported"},
		{&types.MethodDisabled{Source: "com.backup"}, "the server has disabled this for it: com.backup", "not supported"},
		{&types.RestrictedVersion{}, "the licence of this server does not allow changes through the API", "not supported"},
		{&types.NoPermission{PrivilegeId: "VirtualMachine.Interact.PowerOn"}, "this user lacks the privilege VirtualMachine.Interact.PowerOn", "denied"},
		{&types.InvalidLogin{}, "the user name or the password is wrong", "denied"},
		{&types.RequestCanceled{}, "cancelled", "cancelled"},
		{&types.Timedout{}, "it took longer than the time allowed", "failed"},
		{&types.SystemError{Reason: "out of memory"}, "the server failed: out of memory", "failed"},
		{&types.ResourceInUse{Name: "ds1"}, "it is in use: ds1", "busy"},
		{&types.ManagedObjectNotFound{}, "it no longer exists", "not found"},

		{&types.GenericVmConfigFault{Reason: "bad"}, "the configuration of the VM does not allow this: bad", "conflict"},
		{&types.CpuHotPlugNotSupported{}, "vCPUs can't be changed while it runs", "conflict"},
		{&types.MemoryHotPlugNotSupported{}, "memory can't be changed so while it runs", "conflict"},
		{&types.MemorySizeNotSupported{MemorySizeMB: 3, MinMemorySizeMB: 4, MaxMemorySizeMB: 99}, "3 MiB of memory are not possible here: 4 to 99 are", "conflict"},
		{&types.NotEnoughCpus{NumCpuVm: 8, NumCpuDest: 4}, "it has 8 vCPUs; the host can give it 4", "conflict"},
		{&types.NumVirtualCpusNotSupported{NumCpuVm: 9, MaxSupportedVcpusDest: 8}, "it has 9 vCPUs; the host supports 8 at most", "conflict"},
		{&types.VirtualHardwareVersionNotSupported{HostName: "esx-01"}, "the host esx-01 does not support the version of its virtual hardware", "conflict"},
		{&types.UnsupportedGuest{UnsupportedGuestOS: "os2"}, "the host does not support the guest system os2", "conflict"},

		{&types.InsufficientCpuResourcesFault{Requested: 2000, Unreserved: 100}, "not enough CPU is left: 2000 MHz are needed, 100 MHz are free", "conflict"},
		{&types.InsufficientMemoryResourcesFault{Requested: 4096 * mib, Unreserved: 5 * mib}, "not enough memory is left: 4096 MiB are needed, 5 MiB are free", "conflict"},
		{&types.InsufficientHostMemoryCapacityFault{Requested: 8 * mib}, "the host has not enough memory: 8 MiB are needed, 0 MiB are free", "conflict"},
		{&types.InsufficientFailoverResourcesFault{}, "the cluster would no longer have enough left for a failover (HA admission control)", "conflict"},
		{&types.InsufficientStorageSpace{}, "not enough space is left in the datastores", "conflict"},

		{&types.VMotionNotConfigured{VMotionInterfaceIssue: types.VMotionInterfaceIssue{AtSourceHost: true, FailedHost: "esx-01"}}, "vMotion is not configured on the source host esx-01", "conflict"},
		{&types.VMotionNotLicensed{}, "vMotion is not licensed for the destination host", "conflict"},
		{&types.CpuIncompatible81EDX{}, "the processors of the host lack features that the VM uses (CPUID level 0x0, register )", "conflict"},
		{&types.NoCompatibleHost{Error: []types.LocalizedMethodFault{{Fault: &types.HostNotConnected{}}, {Fault: &types.HostNotConnected{}}}}, "no host can take it: the host is not connected", "failed"},
		{&types.DisallowedMigrationDeviceAttached{Fault: types.LocalizedMethodFault{Fault: &types.RDMNotSupported{}}}, "a device keeps it from moving: raw device mappings are not supported", "conflict"},
		{&types.CannotAccessNetwork{CannotAccessVmDevice: types.CannotAccessVmDevice{Backing: "VM Network"}}, "the network VM Network is not there", "conflict"},
		{&types.CannotMoveVmWithDeltaDisk{Device: "Hard disk 1"}, "a disk of it stands on another and can't be moved: Hard disk 1", "conflict"},
		{&types.SSLVerifyFault{SelfSigned: true, Thumbprint: "AA:BB"}, "the certificate of the host is self-signed: AA:BB", "conflict"},
		{&types.MultipleCertificatesVerifyFault{ThumbprintData: []types.MultipleCertificatesVerifyFaultThumbprintData{{Port: 443, Thumbprint: "AA"}, {Port: 902, Thumbprint: "BB"}}},
			"certificates of the host are not trusted: port 443 AA, port 902 BB", "conflict"},

		{&types.NoDiskSpace{Datastore: "ds1"}, "the datastore ds1 is full", "conflict"},
		{&types.InaccessibleDatastore{InvalidDatastore: types.InvalidDatastore{Name: "ds1"}}, "the datastore ds1 can't be accessed from there", "conflict"},
		{&types.InvalidDatastorePath{DatastorePath: "ds1 x"}, `"ds1 x" is no path in a datastore`, "invalid"},
		{&types.FileNotFound{FileFault: types.FileFault{File: "a.vmx"}}, "there is no such file: a.vmx", "not found"},
		{&types.FileLocked{FileFault: types.FileFault{File: "a.vmdk"}}, "the file is locked: a.vmdk", "busy"},
		{&types.FileAlreadyExists{FileFault: types.FileFault{File: "a"}}, "the file exists already: a", "conflict"},
		{&types.CannotDeleteFile{FileFault: types.FileFault{File: "a"}}, "the file can't be deleted: a", "conflict"},

		{&types.TooManySnapshotLevels{}, "there are too many snapshots on top of each other", "conflict"},
		{&types.FilesystemQuiesceFault{}, "file systems of the guest could not be quiesced", "conflict"},
		{&types.SnapshotIncompatibleDeviceInVm{Fault: types.LocalizedMethodFault{Fault: &types.RDMNotSupported{DeviceNotSupported: types.DeviceNotSupported{Device: "disk 2"}}}},
			"a device does not allow snapshots: raw device mappings are not supported: disk 2", "conflict"},

		{&types.OvfUnsupportedType{Name: "usb", InstanceId: "7", DeviceType: 23}, "the server has no such hardware: usb (item 7, resource type 23)", "failed"},
		{&types.OvfMissingElement{OvfElement: types.OvfElement{OvfInvalidPackage: types.OvfInvalidPackage{LineNumber: 12}, Name: "Disk"}}, "the element Disk is missing (line 12)", "failed"},
		{&types.OvfUnsupportedDiskProvisioning{DiskProvisioning: "odd", SupportedDiskProvisioning: "thin,thick"}, `disks can't be provisioned as "odd": thin,thick`, "failed"},
		{&types.DasConfigFault{}, "das config", "failed"},
	} {
		if got := vsphere.FaultWords(c.fault, ""); got != c.says {
			t.Errorf("%T: %q, want %q", c.fault, got, c.says)
		}
		if got := vsphere.FaultClass(c.fault); got != c.class {
			t.Errorf("%T: class %s, want %s", c.fault, got, c.class)
		}
	}
}

func TestFaultsTellTheirTextAndCauses(t *testing.T) {
	deep := &types.SystemError{Reason: "the array is full"}
	middle := &types.FileFault{File: "a.vmdk"}
	middle.FaultCause = &types.LocalizedMethodFault{Fault: deep, LocalizedMessage: "no space on the array"}
	top := &types.GenericVmConfigFault{}
	top.FaultCause = &types.LocalizedMethodFault{Fault: middle}
	top.FaultMessage = []types.LocalizableMessage{{Message: "An error occurred."}}
	got := vsphere.FaultWords(top, "the server's text")
	for _, want := range []string{"the configuration of the VM", "the server's text", "An error occurred.", "a file can't be used: a.vmdk", "the array is full", "no space on the array"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	loop := &types.SystemError{Reason: "x"}
	loop.FaultCause = &types.LocalizedMethodFault{Fault: loop}
	if got := vsphere.FaultWords(loop, ""); len(got) > 100 {
		t.Errorf("a fault that causes itself: %d bytes", len(got))
	}
	var none *types.SystemError
	if got := vsphere.FaultWords(none, "only text"); got != "only text" {
		t.Errorf("no fault: %q", got)
	}
	if got := vsphere.FaultWords(nil, ""); got != "the server gave no reason" {
		t.Errorf("nothing: %q", got)
	}
}
