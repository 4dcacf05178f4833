package mem

import (
	"time"

	"hvdeck/backend"
)

// The methods of this file change the inventory behind the back of every
// connection, as virsh or another console would. They obey no state rules.

// AddVM defines a VM and gives its Ref.
func (h *Hypervisor) AddVM(spec VMSpec) backend.Ref {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.addVM(spec)
	h.giveDisk(m)
	h.diskChanged(m)
	return m.ID
}

// RemoveVM undefines a VM; false when there is none.
func (h *Hypervisor) RemoveVM(r backend.Ref) bool {
	return h.with(r, func(m *machine) {
		h.forget(m)
	})
}

// SetPower puts a VM into a state; false when there is no such VM.
func (h *Hypervisor) SetPower(r backend.Ref, s backend.PowerState, reason string) bool {
	return h.with(r, func(m *machine) { h.setState(m, s, reason) })
}

// Rename gives a VM another name; false when there is none.
func (h *Hypervisor) Rename(r backend.Ref, name string) bool {
	return h.with(r, func(m *machine) { m.Name = name })
}

// Ask lets a VM wait for an answer, or with nil stops waiting.
func (h *Hypervisor) Ask(r backend.Ref, q *backend.Question) bool {
	return h.with(r, func(m *machine) {
		m.Question = q
		if q != nil {
			h.setState(m, backend.PowerPaused, "waiting for an answer")
		}
	})
}

// AddSnapshot adds one snapshot, whose Parent counts the VM's present snapshots
// from 1, and gives its Ref; a zero Ref when there is no such VM.
func (h *Hypervisor) AddSnapshot(r backend.Ref, spec SnapshotSpec) (made backend.Ref) {
	h.with(r, func(m *machine) {
		h.addSpecified(m, spec)
		made = m.snaps[len(m.snaps)-1].ID
		h.diskChanged(m)
	})
	return made
}

// RemoveSnapshot deletes one snapshot without its children.
func (h *Hypervisor) RemoveSnapshot(r, snapshot backend.Ref) bool {
	return h.with(r, func(m *machine) {
		if m.snapOf(snapshot) != nil {
			h.remove(m, backend.SnapshotDeleteOp{VM: r, Snapshot: snapshot})
		}
	})
}

// SetPool puts a pool into a state.
func (h *Hypervisor) SetPool(r backend.Ref, s backend.PoolState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.pools {
		if p.ID == r {
			p.State = s
			p.Rev++
			h.changed(r)
		}
	}
}

// SetNetwork starts or stops a network.
func (h *Hypervisor) SetNetwork(r backend.Ref, active bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.networks {
		if n.ID == r {
			n.Active = active
			h.changed(r)
		}
	}
}

// Task reports a task of another client to every watcher. Conn is filled in.
func (h *Hypervisor) Task(t backend.RemoteTask) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.Conn = h.cfg.ID
	h.say(backend.Foreign{Task: t})
}

// Event reports an event about a VM to every watcher.
func (h *Hypervisor) Event(r backend.Ref, at time.Time, text string) bool {
	return h.with(r, func(m *machine) { h.happened(m, at, text) })
}

// VM gives the Ref of the first VM of this name; zero when there is none.
func (h *Hypervisor) VM(name string) backend.Ref {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.vms {
		if m.Name == name {
			return m.ID
		}
	}
	return backend.Ref{}
}

func (h *Hypervisor) with(r backend.Ref, fn func(*machine)) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.byRef[r]
	if m == nil {
		return false
	}
	fn(m)
	h.changed(r)
	return true
}
