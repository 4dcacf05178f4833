package vsphere

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// classOfFault maps the API's fault types. What it does not know is Other: never
// Unreachable, because a server that answers with a fault is there.
func classOfFault(name string, f types.BaseMethodFault) backend.Class {
	switch name {
	case "ManagedObjectNotFound", "NotFound", "FileNotFound", "SnapshotNotFound":
		return backend.ClassNotFound
	case "InvalidLogin", "NotAuthenticated", "NoPermission", "InvalidLocale", "PasswordExpired", "NoClientCertificate":
		return backend.ClassDenied
	case "TaskInProgress", "ResourceInUse", "FileLocked", "ConcurrentAccess", "MultipleSnapshotsNotSupported", "VAppTaskInProgress":
		return backend.ClassBusy
	case "NotSupported", "MethodNotFound", "NotImplemented", "MethodDisabled", "RestrictedVersion", "RestrictedByAdministrator":
		return backend.ClassUnsupported
	case "InvalidName", "InvalidArgument", "InvalidRequest", "InvalidType", "InvalidProperty", "NameTooLong":
		return backend.ClassInvalid
	case "RequestCanceled":
		return backend.ClassCancelled
	case "InvalidPowerState", "InvalidState", "InvalidHostState", "InvalidHostConnectionState", "DuplicateName",
		"AlreadyExists", "FileAlreadyExists", "ToolsUnavailable", "InsufficientResourcesFault", "TooManySnapshotLevels":
		return backend.ClassConflict
	}
	switch f.(type) {
	case types.BaseSnapshotFault, types.BaseInvalidState, types.BaseInsufficientResourcesFault, types.BaseVmConfigFault:
		return backend.ClassConflict
	case types.BaseNotSupported:
		return backend.ClassUnsupported
	case types.BaseSecurityError:
		return backend.ClassDenied
	}
	return backend.ClassOther
}

// faultWords says what the fault means, and adds the server's text and causes.
func faultWords(f types.BaseMethodFault, text string) string {
	words := ownWords(f)
	for _, more := range append([]string{text}, causes(f)...) {
		switch {
		case more == "" || strings.Contains(words, more):
		case words == "":
			words = more
		default:
			words += ": " + more
		}
	}
	if words == "" {
		return faultName(f)
	}
	return words
}

func ownWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.InvalidPowerState:
		return powerWords(f)
	case *types.NoPermission:
		return permissionWords(f)
	case *types.ToolsUnavailable:
		return "VMware Tools are not running in the guest"
	case *types.DuplicateName:
		return fmt.Sprintf("the name %q is taken", f.Name)
	case *types.InvalidName:
		return fmt.Sprintf("the name %q is not allowed", f.Name)
	case *types.TaskInProgress:
		return "another task is running on it"
	case *types.NotSupported:
		return "the server does not support this here"
	case *types.MethodNotFound:
		return "the server does not know the method " + f.Method
	case *types.NotAuthenticated:
		return "the session has ended"
	case *types.ManagedObjectNotFound:
		return "it no longer exists"
	case *types.NotFound:
		return "not found"
	case *types.InvalidArgument:
		return "the server refused the value of " + orDefault(f.InvalidProperty, "an argument")
	case *types.RequestCanceled:
		return "cancelled"
	case *types.InvalidState:
		return "its state does not allow this"
	case *types.RestrictedVersion:
		return "the licence of this server does not allow changes through the API"
	default:
		return ""
	}
}

func powerWords(f *types.InvalidPowerState) string {
	is := powerWord(f.ExistingState)
	if f.RequestedState == "" || f.RequestedState == f.ExistingState {
		return "it is " + is + " already"
	}
	return fmt.Sprintf("it is %s; it has to be %s", is, powerWord(f.RequestedState))
}

func powerWord(s types.VirtualMachinePowerState) string {
	switch s {
	case types.VirtualMachinePowerStatePoweredOn:
		return "powered on"
	case types.VirtualMachinePowerStatePoweredOff:
		return "powered off"
	case types.VirtualMachinePowerStateSuspended:
		return "suspended"
	default:
		return "in an unknown power state"
	}
}

func permissionWords(f *types.NoPermission) string {
	var missing []string
	for _, m := range f.MissingPrivileges {
		missing = append(missing, m.PrivilegeIds...)
	}
	if len(missing) == 0 && f.PrivilegeId != "" {
		missing = []string{f.PrivilegeId}
	}
	if len(missing) == 0 {
		return "this user may not do this"
	}
	return "this user lacks the privilege " + strings.Join(missing, ", ")
}

// causes are the messages below the fault's own.
func causes(f types.BaseMethodFault) []string {
	base := f.GetMethodFault()
	if base == nil {
		return nil
	}
	var all []string
	for _, m := range base.FaultMessage {
		all = append(all, strings.TrimSpace(m.Message))
	}
	if base.FaultCause != nil {
		all = append(all, strings.TrimSpace(base.FaultCause.LocalizedMessage))
	}
	return all
}

func orDefault(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
