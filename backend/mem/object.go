package mem

import (
	"slices"

	"hvdeck/backend"
)

// objectWork is what is done to several kinds in the same way.
func (h *Hypervisor) objectWork(op backend.Op) (*work, error) {
	switch op.(type) {
	case backend.StartOp, backend.StopOp, backend.AutostartOp, backend.UndefineOp:
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
	r := op.Target()
	w, err := h.objectOp(op, r)
	if w == nil && err == nil {
		err = backend.Refuse(backend.ClassUnsupported, op.Title(), "", "not possible with a %s", r.Kind)
	}
	return w, err
}

// objectOp asks the kind; nil is for what it can't do.
func (h *Hypervisor) objectOp(op backend.Op, r backend.Ref) (*work, error) {
	gone := func() error { return backend.Refuse(backend.ClassNotFound, op.Title(), "", "no such %s", r.Kind) }
	switch r.Kind {
	case backend.KindVM:
		m, err := h.machineOf(op, r)
		if err != nil {
			return nil, err
		}
		return h.vmAutostart(m, op), nil
	case backend.KindPool:
		p, err := h.poolFor(op, r)
		if err != nil {
			return nil, err
		}
		return h.poolObjectWork(p, op), nil
	case backend.KindNetwork:
		if n := h.networkOf(r); n != nil {
			return h.networkObjectWork(n, op), nil
		}
		return nil, gone()
	case backend.KindInterface:
		if n := h.interfaceOf(r); n != nil {
			return h.interfaceObjectWork(n, op), nil
		}
		return nil, gone()
	case backend.KindSecret:
		s := h.secretOf(r)
		if s == nil {
			return nil, noSecret(op.Title())
		}
		return h.secretObjectWork(s, op), nil
	default:
		return nil, gone()
	}
}

func (h *Hypervisor) vmAutostart(m *machine, op backend.Op) *work {
	o, ok := op.(backend.AutostartOp)
	if !ok {
		return nil
	}
	return &work{object: m.Name, quick: true, check: func() error { return mustLast(m.Persistent, "domain") },
		apply: done(func() { m.Autostart = o.On })}
}

// mustLast refuses what only an object with a lasting definition has.
func mustLast(persistent bool, what string) error {
	if !persistent {
		return refuse55("cannot set autostart for transient %s", what)
	}
	return nil
}

func (h *Hypervisor) poolObjectWork(p *pool, op backend.Op) *work {
	w := &work{object: p.Name}
	switch o := op.(type) {
	case backend.StartOp:
		w.check = func() error {
			if err := p.mustRun(false); err != nil {
				return err
			}
			if !h.mountable(p.Type, p.Path) {
				return noFolder(p.Name, p.Path)
			}
			return nil
		}
		w.apply = done(func() { p.State = backend.PoolRunning; h.poolChanged(p) })
	case backend.StopOp:
		w.check = func() error { return p.mustRun(true) }
		w.apply = done(func() { p.State = backend.PoolInactive; h.poolChanged(p); h.forgetTransient(p) })
	case backend.AutostartOp:
		w.check = func() error { return mustLast(p.Persistent, "pool") }
		w.apply = done(func() { p.Autostart = o.On })
	case backend.UndefineOp:
		w.check = func() error { return p.mustRun(false) }
		w.apply = done(func() { h.removePool(p) })
	}
	return w
}

func (h *Hypervisor) forgetTransient(p *pool) {
	if !p.Persistent {
		h.removePool(p)
	}
}

func (h *Hypervisor) removePool(p *pool) {
	h.pools = slices.DeleteFunc(h.pools, func(x *pool) bool { return x == p })
	h.changed(p.ID)
}

func (h *Hypervisor) networkObjectWork(n *network, op backend.Op) *work {
	w := &work{object: n.Name}
	mustBe := func(active bool, why string) func() error {
		return func() error {
			if n.Active != active {
				return refuse55("network '%s' %s", n.Name, why)
			}
			return nil
		}
	}
	remove := func() {
		h.networks = slices.DeleteFunc(h.networks, func(x *network) bool { return x == n })
		h.changed(n.ID)
	}
	switch o := op.(type) {
	case backend.StartOp:
		w.check = mustBe(false, "is already active")
		w.apply = done(func() { n.Active = true })
	case backend.StopOp:
		w.check = mustBe(true, "is not active")
		w.apply = done(func() {
			n.Active = false
			if !n.Persistent {
				remove()
			}
		})
	case backend.AutostartOp:
		w.check = func() error { return mustLast(n.Persistent, "network") }
		w.apply = done(func() { n.Autostart = o.On })
	case backend.UndefineOp:
		w.check = mustBe(false, "is active")
		w.apply = done(remove)
	}
	return w
}

func (h *Hypervisor) interfaceObjectWork(n *iface, op backend.Op) *work {
	w := &work{object: n.Name}
	mustBe := func(active bool, why string) func() error {
		return func() error {
			if n.Active != active {
				return refuse55("interface '%s' %s", n.Name, why)
			}
			return nil
		}
	}
	switch op.(type) {
	case backend.StartOp:
		w.check = mustBe(false, "is already running")
		w.apply = done(func() { n.Active = true })
	case backend.StopOp:
		w.check = mustBe(true, "is not running")
		w.apply = done(func() { n.Active = false })
	case backend.UndefineOp:
		w.check = mustBe(false, "is running")
		w.apply = done(func() {
			h.ifaces = slices.DeleteFunc(h.ifaces, func(x *iface) bool { return x == n })
		})
	default:
		return nil
	}
	return w
}

func (h *Hypervisor) secretObjectWork(s *secret, op backend.Op) *work {
	if _, ok := op.(backend.UndefineOp); !ok {
		return nil
	}
	return &work{object: s.Name, check: always, apply: done(func() {
		clear(s.value)
		h.secrets = slices.DeleteFunc(h.secrets, func(x *secret) bool { return x == s })
	})}
}
