package vsphere

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// hostWords are of faults about hosts and vCenter's link to them.
func hostWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.HostNotConnected:
		return "the host is not connected"
	case *types.HostNotReachable:
		return "the host does not answer"
	case *types.InvalidHostConnectionState:
		return "the host is not connected"
	case *types.InvalidHostState:
		return "the state of the host does not allow this; it may be in maintenance mode"
	case *types.NoHost:
		return named("host", f.Name) + " can't be reached"
	case *types.NoActiveHostInCluster:
		return "no host of the cluster is connected and out of maintenance mode"
	case *types.NoCompatibleHost:
		return with("no host can take it", errorsOf(f.Error))
	case *types.DisallowedOperationOnFailoverHost:
		return named("host", f.Hostname) + " is kept free for failovers"
	case *types.AlreadyConnected:
		return with("the host is connected already", f.Name)
	case *types.AlreadyBeingManaged:
		return "the host is managed by another vCenter: " + f.IpAddress
	case *types.HostCommunication:
		return "the server can't talk to the host"
	case *types.HostConnectFault:
		return "the server can't connect to the host"
	default:
		return ""
	}
}

// errorsOf are the faults in a list, each once.
func errorsOf(list []types.LocalizedMethodFault) string {
	var all []string
	for _, f := range list {
		if words := wordsOf(f); !slices.Contains(all, words) {
			all = append(all, words)
		}
	}
	return strings.Join(all, "; ")
}

// certificateWords are of faults about the certificates of hosts.
func certificateWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.SSLVerifyFault:
		what := "the certificate of the host is not trusted"
		if f.SelfSigned {
			what = "the certificate of the host is self-signed"
		}
		return with(what, f.Thumbprint)
	case *types.MultipleCertificatesVerifyFault:
		var all []string
		for _, d := range f.ThumbprintData {
			all = append(all, fmt.Sprintf("port %d %s", d.Port, d.Thumbprint))
		}
		return with("certificates of the host are not trusted", strings.Join(all, ", "))
	case *types.NoClientCertificate:
		return "the server wants a certificate of the client"
	case *types.PasswordExpired:
		return "the password has expired"
	default:
		return ""
	}
}

// moveWords are of faults about moving a VM.
func moveWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.VMotionNotConfigured:
		return "vMotion is not configured on " + vmotionHost(f.VMotionInterfaceIssue)
	case *types.VMotionNotSupported:
		return "vMotion is not supported by " + vmotionHost(f.VMotionInterfaceIssue)
	case *types.VMotionNotLicensed:
		return "vMotion is not licensed for " + vmotionHost(f.VMotionInterfaceIssue)
	case *types.VMotionLinkDown:
		return with("the link of the vMotion network is down on "+vmotionHost(f.VMotionInterfaceIssue), f.Network)
	case *types.VMotionInterfaceIssue:
		return "the vMotion network does not work on " + vmotionHost(*f)
	case *types.DisallowedMigrationDeviceAttached:
		return with("a device keeps it from moving", wordsOf(f.Fault))
	case *types.MigrationNotReady:
		return with("it is not ready to move", f.Reason)
	case *types.CannotMoveVmWithDeltaDisk:
		return with("a disk of it stands on another and can't be moved", f.Device)
	case *types.CannotMoveVmWithNativeDeltaDisk:
		return "its disks stand on those of another VM and can't be moved"
	case *types.SuspendedRelocateNotSupported:
		return "a suspended VM can't be moved to this host"
	case *types.MaintenanceModeFileMove:
		return "its files can't be moved: the datastore is in maintenance mode"
	case *types.VmAlreadyExistsInDatacenter:
		return named("host", f.Hostname) + " has VMs that the datacenter has already"
	case *types.MigrationFault:
		return "it can't be moved"
	default:
		return ""
	}
}

func vmotionHost(f types.VMotionInterfaceIssue) string {
	side := "the destination host"
	if f.AtSourceHost {
		side = "the source host"
	}
	if f.FailedHost != "" {
		side += " " + f.FailedHost
	}
	return side
}

// cpuWords are of faults about a host's processors.
func cpuWords(f types.BaseMethodFault) string {
	var at *types.CpuIncompatible
	switch f := f.(type) {
	case *types.CpuIncompatible:
		at = f
	case *types.CpuIncompatible81EDX:
		at = &f.CpuIncompatible
	case *types.CpuIncompatible1ECX:
		at = &f.CpuIncompatible
	default:
		return ""
	}
	level := uint32(at.Level) //nolint:gosec // levels are bit patterns
	return fmt.Sprintf("the processors of the host lack features that the VM uses (CPUID level %#x, register %s)", level, at.RegisterName)
}
