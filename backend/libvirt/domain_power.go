package libvirt

import (
	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// preparePower turns a power operation into a call (P1, P2). Sources: virDomainCreate,
// virDomainDestroy, virDomainReset, virDomainSuspend, virDomainResume,
// virDomainPMWakeup, virDomainShutdown, virDomainReboot, virDomainPMSuspendForDuration.
func preparePower(ch change, op backend.Op) (change, error) {
	var fn func(*libvirt.Libvirt) error
	switch op.(type) {
	case backend.PowerOnOp:
		fn = func(lv *libvirt.Libvirt) error { return lv.DomainCreate(ch.domain) }
	case backend.PowerOffOp:
		fn = func(lv *libvirt.Libvirt) error { return lv.DomainDestroy(ch.domain) }
	case backend.ResetOp:
		fn = func(lv *libvirt.Libvirt) error { return lv.DomainReset(ch.domain, 0) }
	case backend.SuspendOp:
		fn = func(lv *libvirt.Libvirt) error { return lv.DomainSuspend(ch.domain) }
	case backend.ResumeOp:
		fn = func(lv *libvirt.Libvirt) error { return resume(lv, ch.domain) }
	case backend.ShutdownOp:
		fn = func(lv *libvirt.Libvirt) error { return lv.DomainShutdown(ch.domain) }
	case backend.RebootOp:
		fn = func(lv *libvirt.Libvirt) error { return lv.DomainReboot(ch.domain, 0) }
	case backend.StandbyOp:
		fn = func(lv *libvirt.Libvirt) error {
			return lv.DomainPmSuspendForDuration(ch.domain, suspendToMemory, 0, 0)
		}
	default:
		return ch, backend.Refuse(backend.ClassUnsupported, op.Title(), ch.domain.Name, "not supported by this connection")
	}
	ch.run = func(lv *libvirt.Libvirt) (backend.Result, error) { return backend.Result{}, fn(lv) }
	return ch, nil
}

// suspendToMemory is VIR_NODE_SUSPEND_TARGET_MEM.
const suspendToMemory = 0

// resume wakes a guest that sleeps by itself, and continues one that was paused.
func resume(lv *libvirt.Libvirt, d libvirt.Domain) error {
	state, _, err := lv.DomainGetState(d, 0)
	if err != nil {
		return err
	}
	if libvirt.DomainState(state) == libvirt.DomainPmsuspended {
		return lv.DomainPmWakeup(d, 0)
	}
	return lv.DomainResume(d)
}
