package mem

import (
	"context"
	"slices"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

// powerWork is what changes the power state of a VM.
func (h *Hypervisor) powerWork(op backend.Op) (*work, error) {
	w := work{}
	switch op.(type) {
	case backend.PowerOnOp, backend.ResumeOp:
		w.activity = backend.ActivityPoweringOn
	case backend.PowerOffOp:
		w.activity = backend.ActivityPoweringOff
	case backend.ResetOp:
		w.activity = backend.ActivityResetting
	case backend.SuspendOp:
		w.activity = backend.ActivitySuspending
	case backend.ShutdownOp, backend.RebootOp, backend.StandbyOp, backend.AnswerOp:
		w.quick = true
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
	m, err := h.machineOf(op, op.Target())
	if err != nil {
		return nil, err
	}
	w.object = m.Name
	w.check = func() error { return checkPower(m, op) }
	w.apply = func() (backend.Result, error) { return h.power(m, op), nil }
	return &w, nil
}

// machineOf finds the VM of an operation. Needs mu.
func (h *Hypervisor) machineOf(op backend.Op, r backend.Ref) (*machine, error) {
	if m := h.byRef[r]; m != nil {
		return m, nil
	}
	return nil, backend.Refuse(backend.ClassNotFound, op.Title(), "", "no such VM")
}

// checkPower holds the rules of a libvirt host: which state allows which operation.
func checkPower(m *machine, op backend.Op) error {
	refuse := func(class backend.Class, why string) error {
		e := backend.Refuse(class, op.Title(), m.Name, "Requested operation is not valid: %s", why)
		e.Code = "55"
		return e
	}
	active := alive(m.State)
	switch o := op.(type) {
	case backend.PowerOnOp:
		if !o.Host.IsZero() {
			return refuse(backend.ClassUnsupported, "this host stands alone")
		}
		if active {
			return refuse(backend.ClassConflict, "domain is already running")
		}
		return nil
	case backend.PowerOffOp:
		if m.State == backend.PowerCrashed {
			return nil
		}
	case backend.ResumeOp:
		if m.State == backend.PowerPaused || m.State == backend.PowerSuspended {
			return nil
		}
		if active {
			return refuse(backend.ClassConflict, "domain is already running")
		}
	case backend.AnswerOp:
		return checkAnswer(m, o)
	case backend.ShutdownOp, backend.RebootOp, backend.SuspendOp:
		if active && m.State != backend.PowerOn && m.State != backend.PowerIdle {
			return refuse(backend.ClassConflict, "domain is "+m.State.String())
		}
	case backend.StandbyOp:
		if active && !m.agent {
			return backend.Refuse(backend.ClassConflict, op.Title(), m.Name, "QEMU guest agent is not connected")
		}
	case backend.ResetOp:
	default:
		return backend.Refuse(backend.ClassUnsupported, op.Title(), m.Name, "this hypervisor does not know the operation")
	}
	if !active {
		return refuse(backend.ClassConflict, "domain is not running")
	}
	return nil
}

func checkAnswer(m *machine, o backend.AnswerOp) error {
	q := m.Question
	if q == nil || q.ID != o.Question {
		return backend.Refuse(backend.ClassConflict, o.Title(), m.Name, "this question is no longer asked")
	}
	if !slices.ContainsFunc(q.Choices, func(c backend.Choice) bool { return c.Key == o.Choice }) {
		return backend.Refuse(backend.ClassInvalid, o.Title(), m.Name, "%q is not one of the answers", o.Choice)
	}
	return nil
}

// power carries out a power operation. Needs mu.
func (h *Hypervisor) power(m *machine, op backend.Op) backend.Result {
	switch op.(type) {
	case backend.PowerOnOp, backend.ResumeOp:
		h.setState(m, backend.PowerOn, "")
	case backend.PowerOffOp:
		h.setState(m, backend.PowerOff, "destroyed")
	case backend.ResetOp:
		m.Booted = h.now()
		h.happened(m, h.now(), "reset")
	case backend.SuspendOp:
		h.setState(m, backend.PowerPaused, "user")
	case backend.StandbyOp:
		h.setState(m, backend.PowerSuspended, "")
	case backend.AnswerOp:
		m.Question = nil
		h.setState(m, backend.PowerOn, "")
	case backend.RebootOp:
		if !m.deaf {
			m.Booted = h.now()
		}
		return backend.Result{Text: "reboot requested"}
	case backend.ShutdownOp:
		h.shutdown(m)
		return backend.Result{Text: "shutdown requested"}
	}
	return backend.Result{}
}

// shutdown lets the guest go down in its own time. Needs mu.
func (h *Hypervisor) shutdown(m *machine) {
	if m.deaf {
		return
	}
	if h.cfg.OpTime <= 0 {
		h.setState(m, backend.PowerOff, "shutdown")
		return
	}
	h.setState(m, backend.PowerShuttingDown, "")
	guard.Go("guest of "+m.Name, nil, func() {
		// Bounded by OpTime; a guest goes down whoever watches.
		_ = h.cfg.Wait(context.Background(), h.cfg.OpTime)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.byRef[m.ID] == m && m.State == backend.PowerShuttingDown {
			h.setState(m, backend.PowerOff, "shutdown")
		}
	})
}

// setState changes the power state and what follows from it. Needs mu.
func (h *Hypervisor) setState(m *machine, s backend.PowerState, reason string) {
	if s == backend.PowerOn {
		m.saved = false
	}
	if s == backend.PowerOff && m.saved {
		s = backend.PowerSaved
	}
	m.State, m.Reason = s, reason
	h.started(m, h.now())
	h.changed(m.ID)
	for _, n := range h.networks {
		if n.leases {
			h.changed(n.ID)
		}
	}
	text := s.String()
	if reason != "" {
		text += " (" + reason + ")"
	}
	h.happened(m, h.now(), text)
	if !alive(s) && !m.Persistent {
		h.forget(m)
	}
}

// forget removes a VM from the inventory; its disks stay. Needs mu.
func (h *Hypervisor) forget(m *machine) {
	delete(h.byRef, m.ID)
	h.vms = slices.DeleteFunc(h.vms, func(x *machine) bool { return x == m })
	h.diskChanged(m)
}
