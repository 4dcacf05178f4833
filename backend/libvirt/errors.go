package libvirt

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"syscall"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// classByCode is the meaning of libvirt's error numbers where the number alone
// tells. Source: virErrorNumber (virterror.h).
func classByCode(code libvirt.ErrorNumber) backend.Class {
	switch code {
	case libvirt.ErrNoDomain, libvirt.ErrNoNetwork, libvirt.ErrNoStoragePool, libvirt.ErrNoStorageVol,
		libvirt.ErrNoDomainSnapshot, libvirt.ErrNoNodeDevice, libvirt.ErrNoInterface, libvirt.ErrNoNwfilter,
		libvirt.ErrNoSecret, libvirt.ErrNoDomainCheckpoint, libvirt.ErrNoDomainBackup, libvirt.ErrNoNetworkPort:
		return backend.ClassNotFound
	case libvirt.ErrOperationDenied, libvirt.ErrAuthFailed, libvirt.ErrAuthCancelled, libvirt.ErrAccessDenied,
		libvirt.ErrAuthUnavailable:
		return backend.ClassDenied
	case libvirt.ErrNoSupport, libvirt.ErrConfigUnsupported, libvirt.ErrArgumentUnsupported,
		libvirt.ErrOperationUnsupported, libvirt.ErrNoServer, libvirt.ErrNoClient:
		return backend.ClassUnsupported
	case libvirt.ErrOperationInvalid, libvirt.ErrDomExist, libvirt.ErrNetworkExist, libvirt.ErrStorageVolExist,
		libvirt.ErrSnapshotRevertRisky, libvirt.ErrMigrateUnsafe, libvirt.ErrMultipleDomains:
		return backend.ClassConflict
	case libvirt.ErrOperationTimeout, libvirt.ErrResourceBusy, libvirt.ErrBlockCopyActive:
		return backend.ClassBusy
	case libvirt.ErrOperationAborted:
		return backend.ClassCancelled
	case libvirt.ErrInvalidArg, libvirt.ErrXMLError, libvirt.ErrXMLDetail, libvirt.ErrXMLInvalidSchema,
		libvirt.ErrInvalidMac, libvirt.ErrOsType, libvirt.ErrInvalidDomainSnapshot, libvirt.ErrInvalidDomain:
		return backend.ClassInvalid
	case libvirt.ErrNoConnect, libvirt.ErrRPC, libvirt.ErrSSH, libvirt.ErrLibssh, libvirt.ErrGnutlsError:
		return backend.ClassUnreachable
	default:
		return backend.ClassOther
	}
}

// classOf also looks at the words, where drivers use one number for different
// things (1 and 9 for what is 55 elsewhere, 8 for what is 3).
func classOf(code libvirt.ErrorNumber, message string) backend.Class {
	switch code {
	case libvirt.ErrInternalError, libvirt.ErrOperationFailed:
		for _, words := range []string{"already", "not running", "not paused"} {
			if strings.Contains(message, words) {
				return backend.ClassConflict
			}
		}
	case libvirt.ErrInvalidArg:
		if strings.Contains(message, "unsupported flags") {
			return backend.ClassUnsupported
		}
	}
	return classByCode(code)
}

// isTransport reports whether a call failed because the connection did.
func isTransport(err error) bool {
	return errors.Is(err, libvirt.ErrInterrupted) || errors.Is(err, syscall.EINVAL) ||
		errors.Is(err, errClosed) || strings.Contains(err.Error(), "closed pipe")
}

// failed makes the one error type that leaves this package.
func (d deed) failed(err error) error {
	e := &backend.Error{Doing: d.doing, Object: d.object, Err: err}
	var own *backend.Error
	var answer libvirt.Error
	switch {
	case errors.As(err, &own):
		return err
	case errors.As(err, &answer):
		code := libvirt.ErrorNumber(answer.Code) //nolint:gosec // a small number
		e.Class, e.Code, e.Message = classOf(code, answer.Message), strconv.Itoa(int(answer.Code)), answer.Message
	case errors.Is(err, libvirt.ErrUnsupported):
		e.Class, e.Message = backend.ClassUnsupported, "the daemon does not know this call"
	case errors.Is(err, context.Canceled):
		e.Class, e.Message = backend.ClassCancelled, "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		e.Class, e.Message = backend.ClassUnreachable, "no answer in time"
	default:
		e.Class = backend.ClassOther
	}
	return e
}

// hasCode reports whether err is an answer of the server with one of these numbers.
func hasCode(err error, codes ...libvirt.ErrorNumber) bool {
	var answer libvirt.Error
	if !errors.As(err, &answer) {
		return false
	}
	for _, c := range codes {
		if answer.Code == uint32(c) { //nolint:gosec // a small positive number
			return true
		}
	}
	return false
}

// unsupported reports whether the driver at the other end cannot do this at all.
func unsupported(err error) bool {
	return errors.Is(err, libvirt.ErrUnsupported) || backend.ClassOf(err) == backend.ClassUnsupported
}
