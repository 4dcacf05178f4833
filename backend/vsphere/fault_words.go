package vsphere

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// The words of faults, by what they are about. Many servers send no text with them, or
// only the name of the type.

// plainWords are of faults that have nothing to tell but themselves.
func plainWords(f types.BaseMethodFault) string {
	switch f.(type) {
	case *types.ToolsUnavailable:
		return "VMware Tools are not running in the guest"
	case *types.TaskInProgress:
		return "another task is running on it"
	case *types.ConcurrentAccess:
		return "somebody else has changed it meanwhile"
	case *types.NotSupported:
		return "the server does not support this here"
	case *types.NotImplemented:
		return "the server has not implemented this"
	case *types.NotAuthenticated:
		return "the session has ended"
	case *types.InvalidLogin:
		return "the user name or the password is wrong"
	case *types.ManagedObjectNotFound:
		return "it no longer exists"
	case *types.NotFound:
		return "not found"
	case *types.RequestCanceled:
		return "cancelled"
	case *types.Timedout:
		return "it took longer than the time allowed"
	case *types.InvalidState:
		return "its state does not allow this"
	case *types.RestrictedVersion:
		return "the licence of this server does not allow changes through the API"
	case *types.NotEnoughLicenses, *types.LicenseRestricted:
		return "there are not enough licences for this"
	default:
		return ""
	}
}

// requestWords are of faults about what was asked for.
func requestWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.NoPermission:
		return permissionWords(f)
	case *types.DuplicateName:
		return fmt.Sprintf("the name %q is taken", f.Name)
	case *types.AlreadyExists:
		return with("it exists already", f.Name)
	case *types.InvalidName:
		return fmt.Sprintf("the name %q is not allowed", f.Name)
	case *types.InvalidArgument:
		return "the server refused the value of " + orDefault(f.InvalidProperty, "an argument")
	case *types.OutOfBounds:
		return "the value of " + orDefault(f.ArgumentName, "an argument") + " is out of bounds"
	case *types.InvalidProperty:
		return "the server knows no property " + f.Name
	case *types.InvalidType:
		return "the server refused the type of " + orDefault(f.Argument, "an argument")
	case *types.InvalidFolder:
		return "the folder can't take it"
	case *types.MethodNotFound:
		return "the server does not know the method " + f.Method
	case *types.MethodDisabled:
		return with("the server has disabled this for it", f.Source)
	case *types.RestrictedByAdministrator:
		return with("an administrator has restricted this", f.Details)
	case *types.ResourceInUse:
		return with("it is in use", f.Name)
	case *types.ResourceNotAvailable:
		return with("it is not available", f.Type)
	case *types.SystemError:
		return with("the server failed", f.Reason)
	case *types.SystemErrorFault:
		return with("the server failed", f.Reason)
	default:
		return ""
	}
}

// with adds what a fault names, if it does.
func with(words, more string) string {
	if more == "" {
		return words
	}
	return words + ": " + more
}

// named is "the datastore ds1", or "a datastore" without its name.
func named(kind, name string) string {
	if name == "" {
		return "a " + kind
	}
	return "the " + kind + " " + name
}

// vmWords are of faults about a VM's state and configuration.
func vmWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.InvalidPowerState:
		return powerWords(f)
	case *types.InvalidVmState:
		return "the state of the VM does not allow this"
	case *types.VmPowerOnDisabled:
		return "powering it on is disabled"
	case *types.GenericVmConfigFault:
		return with("the configuration of the VM does not allow this", f.Reason)
	case *types.InvalidVmConfig:
		return with("the configuration of the VM is invalid", f.Property)
	case *types.CpuHotPlugNotSupported:
		return "vCPUs can't be changed while it runs"
	case *types.MemoryHotPlugNotSupported:
		return "memory can't be changed so while it runs"
	case *types.MemorySizeNotSupported:
		return fmt.Sprintf("%d MiB of memory are not possible here: %d to %d are", f.MemorySizeMB, f.MinMemorySizeMB, f.MaxMemorySizeMB)
	case *types.NotEnoughCpus:
		return fmt.Sprintf("it has %d vCPUs; the host can give it %d", f.NumCpuVm, f.NumCpuDest)
	case *types.NumVirtualCpusNotSupported:
		return fmt.Sprintf("it has %d vCPUs; the host supports %d at most", f.NumCpuVm, f.MaxSupportedVcpusDest)
	case *types.UnsupportedGuest:
		return "the host does not support the guest system " + f.UnsupportedGuestOS
	case *types.VirtualHardwareVersionNotSupported:
		return named("host", f.HostName) + " does not support the version of its virtual hardware"
	case *types.UncustomizableGuest:
		return "the guest system " + f.UncustomizableGuestOS + " can't be customized"
	case *types.DrsDisabledOnVm:
		return "the cluster's scheduler (DRS) is disabled for this VM"
	case *types.MismatchedBundle:
		return "the bundle is of another host"
	default:
		return ""
	}
}

// resourceWords are of faults about what a host or cluster has left. CPU is told in MHz
// and memory in bytes.
func resourceWords(f types.BaseMethodFault) string {
	const mem = "not enough memory is left"
	switch f := f.(type) {
	case *types.InsufficientCpuResourcesFault:
		return fmt.Sprintf("not enough CPU is left: %d MHz are needed, %d MHz are free", f.Requested, f.Unreserved)
	case *types.InsufficientHostCpuCapacityFault:
		return fmt.Sprintf("the host has not enough CPU: %d MHz are needed, %d MHz are free", f.Requested, f.Unreserved)
	case *types.InsufficientMemoryResourcesFault:
		return fmt.Sprintf(mem+": %s are needed, %s are free", mib(f.Requested>>20), mib(f.Unreserved>>20))
	case *types.InsufficientHostMemoryCapacityFault:
		return fmt.Sprintf("the host has not enough memory: %s are needed, %s are free", mib(f.Requested>>20), mib(f.Unreserved>>20))
	case *types.InsufficientFailoverResourcesFault:
		return "the cluster would no longer have enough left for a failover (HA admission control)"
	case *types.InsufficientStorageSpace:
		return "not enough space is left in the datastores"
	case *types.InsufficientHostCapacityFault:
		return "the host has not enough left for it"
	case *types.InsufficientResourcesFault:
		return "not enough CPU, memory or other resources are left"
	default:
		return ""
	}
}
