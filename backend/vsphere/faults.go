package vsphere

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// classOfFault maps the API's fault types. What it does not know is Other: never
// Unreachable, because a server that answers with a fault is there.
func classOfFault(name string, f types.BaseMethodFault) backend.Class {
	switch name {
	case "ManagedObjectNotFound", "NotFound", "FileNotFound", "SnapshotNotFound", "UserNotFound":
		return backend.ClassNotFound
	case "InvalidLogin", "NotAuthenticated", "NoPermission", "InvalidLocale", "PasswordExpired", "NoClientCertificate":
		return backend.ClassDenied
	case "TaskInProgress", "ResourceInUse", "FileLocked", "ConcurrentAccess", "MultipleSnapshotsNotSupported", "VAppTaskInProgress":
		return backend.ClassBusy
	case "NotSupported", "MethodNotFound", "NotImplemented", "MethodDisabled", "RestrictedVersion", "RestrictedByAdministrator":
		return backend.ClassUnsupported
	case "InvalidName", "InvalidArgument", "InvalidRequest", "InvalidType", "InvalidProperty", "NameTooLong", "OutOfBounds",
		"InvalidDatastorePath", "InvalidFolder":
		return backend.ClassInvalid
	case "RequestCanceled":
		return backend.ClassCancelled
	case "InvalidPowerState", "InvalidState", "InvalidHostState", "InvalidHostConnectionState", "DuplicateName",
		"AlreadyExists", "FileAlreadyExists", "ToolsUnavailable", "InsufficientResourcesFault", "TooManySnapshotLevels":
		return backend.ClassConflict
	}
	switch f.(type) {
	case types.BaseSnapshotFault, types.BaseInvalidState, types.BaseInsufficientResourcesFault, types.BaseVmConfigFault,
		types.BaseMigrationFault, types.BaseHostCommunication, types.BaseInvalidDatastore, types.BaseFileFault, types.BaseHostConnectFault:
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
	for _, more := range append([]string{text}, causes(f, deepest)...) {
		switch {
		case more == "" || strings.Contains(words, more):
		case words == "":
			words = more
		default:
			words += ": " + more
		}
	}
	if words == "" {
		return orDefault(spaced(strings.TrimSuffix(faultName(f), "Fault")), "the server gave no reason")
	}
	return words
}

// ownWords says a fault's type and fields; "" for a fault that only its text explains.
func ownWords(f types.BaseMethodFault) string {
	if baseOf(f) == nil {
		return ""
	}
	for _, area := range []func(types.BaseMethodFault) string{
		plainWords, requestWords, vmWords, resourceWords, hostWords, certificateWords, moveWords, cpuWords, fileWords, deviceWords, snapshotWords, ovfWords, ovfPartWords,
	} {
		if words := area(f); words != "" {
			return words
		}
	}
	return ""
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

// deepest is how far causes of causes are followed.
const deepest = 8

// causes are the messages below the fault's own, and what its causes say.
func causes(f types.BaseMethodFault, depth int) []string {
	base := baseOf(f)
	if base == nil || depth == 0 {
		return nil
	}
	var all []string
	for _, m := range base.FaultMessage {
		all = append(all, strings.TrimSpace(m.Message))
	}
	c := base.FaultCause
	if c == nil {
		return all
	}
	text := faultText(taskFault(c))
	if c.Fault == nil {
		return append(all, text)
	}
	all = append(all, ownWords(c.Fault), text)
	if len(all) == 0 || strings.Join(all, "") == "" {
		all = append(all, spaced(faultName(c.Fault)))
	}
	return append(all, causes(c.Fault, depth-1)...)
}

// baseOf is what all faults have; nil for none, and for an empty interface.
func baseOf(f types.BaseMethodFault) *types.MethodFault {
	if v := reflect.ValueOf(f); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	return f.GetMethodFault()
}

func orDefault(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
