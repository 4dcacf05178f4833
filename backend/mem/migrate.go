package mem

import (
	"slices"

	"hvdeck/backend"
)

// Join lets VMs migrate between these hypervisors, in every direction.
func Join(all ...*Hypervisor) {
	for _, from := range all {
		for _, to := range all {
			if from != to {
				from.meet(to)
			}
		}
	}
}

func (h *Hypervisor) meet(peer *Hypervisor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.peers[peer.cfg.ID] = peer
}

// peerFor finds the hypervisor that a migration goes to. Needs mu.
func (h *Hypervisor) peerFor(o backend.VMMigrateOp) (*Hypervisor, error) {
	peer := h.peers[o.To.Conn]
	if peer == nil || o.URI != "" && o.URI != peer.cfg.URI {
		e := backend.Refuse(backend.ClassOther, "", "", "unable to connect to server at '%s': Connection refused", or(o.URI, string(o.To.Conn)))
		e.Code, e.Remedy = "38", "give a URI by which this host reaches the other one"
		return nil, e
	}
	return peer, nil
}

func (h *Hypervisor) checkMigrate(m *machine, o backend.VMMigrateOp) error {
	if _, err := h.peerFor(o); err != nil {
		return err
	}
	switch {
	case !alive(m.State):
		return refuse55("domain is not running")
	case !o.CopyStorage && !o.Unsafe && slices.ContainsFunc(m.disks, func(d disk) bool { return d.path != "" && !d.readOnly }):
		e := backend.Refuse(backend.ClassConflict, "", "", "Unsafe migration: Migration without shared storage is unsafe")
		e.Code, e.Remedy = "81", "copy the storage as well, or allow it as unsafe"
		return e
	default:
		return nil
	}
}

// migrate moves a running VM to another hypervisor of this process.
func (h *Hypervisor) migrate(m *machine, o backend.VMMigrateOp) *work {
	var at backend.Ref
	var peer *Hypervisor
	w := &work{object: m.Name, activity: backend.ActivityMigrating}
	w.check = func() (err error) {
		if err = h.checkMigrate(m, o); err == nil {
			peer, err = h.peerFor(o)
		}
		return err
	}
	w.move = func(t *transfer) error {
		if err := t.memory(int64(min(m.Memory, 1<<50))); err != nil { //nolint:gosec // bounded
			return err
		}
		arrived, err := peer.accept(h.travelling(m), o)
		at = arrived
		return err
	}
	w.apply = func() (backend.Result, error) {
		persistent := m.Persistent
		m.Persistent = persistent && !o.Undefine
		h.setState(m, backend.PowerOff, "migrated")
		return backend.Result{Created: at}, nil
	}
	return w
}

// memory lets the memory of a VM pass, in shares.
func (t *transfer) memory(total int64) error {
	for i := range int64(shares) {
		if err := t.tell(total/shares*(i+1), total); err != nil {
			return err
		}
	}
	return nil
}

// travelling is a copy of a VM for another host.
func (h *Hypervisor) travelling(m *machine) machine {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := *m
	out.disks, out.nics = slices.Clone(m.disks), slices.Clone(m.nics)
	out.snaps, out.current, out.Activity = nil, nil, backend.ActivityNone
	return out
}

// accept takes a VM that comes from another host.
func (h *Hypervisor) accept(m machine, o backend.VMMigrateOp) (backend.Ref, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	on := h.hostOf(o.To)
	if on == nil {
		return backend.Ref{}, backend.Refuse(backend.ClassNotFound, "", "", "no such host")
	}
	id := h.ref(backend.KindVM, m.UUID)
	old := h.byRef[id]
	if old != nil && alive(old.State) {
		return backend.Ref{}, refuse55("domain '%s' is already active", m.Name)
	}
	for _, x := range h.vms {
		if x.Name == m.Name && x != old {
			return backend.Ref{}, exists("domain '%s' already exists with uuid %s", m.Name, x.UUID)
		}
	}
	if old != nil {
		h.vms = slices.DeleteFunc(h.vms, func(x *machine) bool { return x == old })
	}
	m.ID, m.host, m.Host, m.HostName = id, on, on.ID, on.Name
	m.Persistent = o.Persist || old != nil
	h.vms = append(h.vms, &m)
	h.byRef[id] = &m
	h.setState(&m, m.State, "migrated")
	return id, nil
}
