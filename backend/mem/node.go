package mem

import (
	"slices"
	"time"

	"hvdeck/backend"
)

// hostFor finds the host that an operation names. Needs mu.
func (h *Hypervisor) hostFor(op backend.Op, r backend.Ref) error {
	if h.hostOf(r) == nil {
		return backend.Refuse(backend.ClassNotFound, op.Title(), "", "no such host")
	}
	return nil
}

func (h *Hypervisor) hostOf(r backend.Ref) *host {
	i := slices.IndexFunc(h.hosts, func(one *host) bool { return one.ID == r })
	if i < 0 {
		return nil
	}
	return h.hosts[i]
}

// nodeWork is what is done to a host.
func (h *Hypervisor) nodeWork(op backend.Op) (*work, error) {
	switch op.(type) {
	case backend.NodeTuneOp, backend.NodeSuspendOp:
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
	if err := h.hostFor(op, op.Target()); err != nil {
		return nil, err
	}
	one := h.hostOf(op.Target())
	w := &work{object: one.Name}
	switch o := op.(type) {
	case backend.NodeTuneOp:
		w.check = func() error { return checkTune(o) }
		w.apply = done(func() { one.tune(o) })
	case backend.NodeSuspendOp:
		w.check = func() error { return checkSuspend(o) }
		w.apply = done(func() {
			h.slept = append(h.slept, o)
			h.say(backend.Happened{Event: backend.Event{At: h.now(), Conn: h.cfg.ID, Object: one.ID, Name: one.Name,
				Text: "would sleep now for " + o.For.Round(time.Second).String()}})
		})
	}
	return w, nil
}

func checkTune(o backend.NodeTuneOp) error {
	if o.MergeAcross > 1 {
		return backend.Refuse(backend.ClassInvalid, "", "", "merge across nodes is 0 or 1, not %d", o.MergeAcross)
	}
	if o.PagesToScan == 0 {
		return backend.Refuse(backend.ClassInvalid, "", "", "at least one page has to be scanned")
	}
	if o.PagesToScan > 1<<32-1 || o.SleepMillis > 1<<32-1 {
		return backend.Refuse(backend.ClassInvalid, "", "", "the number is out of range")
	}
	return nil
}

func (h *host) tune(o backend.NodeTuneOp) {
	if o.PagesToScan >= 0 {
		h.sharing.PagesToScan = uint64(o.PagesToScan)
	}
	if o.SleepMillis >= 0 {
		h.sharing.SleepMillis = uint64(o.SleepMillis)
	}
	if o.MergeAcross >= 0 {
		h.sharing.MergeAcross = o.MergeAcross == 1
	}
}

func checkSuspend(o backend.NodeSuspendOp) error {
	if !slices.Contains([]string{"mem", "disk", "hybrid"}, o.To) {
		return backend.Refuse(backend.ClassInvalid, "", "", "unknown suspend target %q", o.To)
	}
	if o.For < backend.MinNodeSuspend {
		e := backend.Refuse(backend.ClassInvalid, "", "", "Invalid argument: Suspend duration is too short: %s", o.For)
		e.Code, e.Remedy = "8", "give at least "+backend.MinNodeSuspend.String()
		return e
	}
	return nil
}

// Suspended are the sleeps that were asked for; the host goes on all the same.
func (h *Hypervisor) Suspended() []backend.NodeSuspendOp {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.slept)
}

// Pressed are the keys that were sent to a VM.
func (h *Hypervisor) Pressed(r backend.Ref) (keys []string) {
	h.with(r, func(m *machine) { keys = slices.Clone(m.pressed) })
	return keys
}
