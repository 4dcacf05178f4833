package mem

import (
	"fmt"
	"slices"
	"time"

	"hvdeck/backend"
)

func (m *machine) snapOf(r backend.Ref) *snap {
	i := slices.IndexFunc(m.snaps, func(s *snap) bool { return s.ID == r })
	if i < 0 {
		return nil
	}
	return m.snaps[i]
}

// snapshotWork is what is done to the snapshots of a VM.
func (h *Hypervisor) snapshotWork(op backend.Op) (*work, error) {
	switch op.(type) {
	case backend.SnapshotCreateOp, backend.SnapshotRevertOp, backend.SnapshotDeleteOp, backend.SnapshotEditOp:
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
	m, err := h.machineOf(op, op.Target())
	if err != nil {
		return nil, err
	}
	w := &work{object: m.Name}
	switch o := op.(type) {
	case backend.SnapshotCreateOp:
		w.activity = backend.ActivitySnapshotting
		w.check = func() error { return h.checkCreate(m, o) }
		w.apply = func() (backend.Result, error) { return h.create(m, o), nil }
	case backend.SnapshotRevertOp:
		w.activity = backend.ActivityReverting
		w.check = func() error { return h.checkRevert(m, o) }
		w.apply = done(func() { h.revert(m, o) })
	case backend.SnapshotDeleteOp:
		w.activity = backend.ActivityDeleting
		w.check = func() error { return h.checkDelete(m, o) }
		w.apply = done(func() { h.remove(m, o) })
	case backend.SnapshotEditOp:
		w.quick = true
		w.check = func() error { return h.checkEdit(m, o) }
		w.apply = done(func() { h.edit(m, o) })
	}
	return w, nil
}

func (h *Hypervisor) edit(m *machine, o backend.SnapshotEditOp) {
	s := m.snapOf(o.Snapshot)
	if o.Name != "" {
		s.Name = o.Name
	}
	if !o.KeepDescription {
		s.Description = o.Description
	}
	m.SnapshotRev++
}

// checkName holds for a new name; self is the snapshot that has it already.
func (h *Hypervisor) checkName(m *machine, doing, name string, self *snap) error {
	if err := backend.CheckSnapshotName(doing, m.Name, name); err != nil || h.cfg.DuplicateNames {
		return err
	}
	for _, s := range m.snaps {
		if s.Name == name && s != self {
			e := backend.Refuse(backend.ClassConflict, doing, m.Name, "domain moment %s already exists", name)
			e.Code = "9"
			return e
		}
	}
	return nil
}

func (h *Hypervisor) checkCreate(m *machine, o backend.SnapshotCreateOp) error {
	if o.Quiesce && !m.agent {
		return backend.Refuse(backend.ClassConflict, o.Title(), m.Name, "QEMU guest agent is not connected")
	}
	return h.checkName(m, o.Title(), o.Name, nil)
}

func (h *Hypervisor) checkRevert(m *machine, o backend.SnapshotRevertOp) error {
	if !o.Host.IsZero() {
		return backend.Refuse(backend.ClassUnsupported, o.Title(), m.Name, "this host stands alone")
	}
	if o.Snapshot.IsZero() && m.current == nil {
		return backend.Refuse(backend.ClassNotFound, o.Title(), m.Name, "the domain does not have a current snapshot")
	}
	return m.checkSnap(o.Title(), o.Snapshot)
}

func (m *machine) checkSnap(doing string, r backend.Ref) error {
	if !r.IsZero() && m.snapOf(r) == nil {
		return backend.Refuse(backend.ClassNotFound, doing, m.Name, "no such snapshot")
	}
	return nil
}

func (h *Hypervisor) checkDelete(m *machine, o backend.SnapshotDeleteOp) error {
	if o.MetadataOnly && o.Children {
		return backend.Refuse(backend.ClassInvalid, o.Title(), m.Name, "metadata only is not possible with children")
	}
	if m.snapOf(o.Snapshot) == nil {
		return backend.Refuse(backend.ClassNotFound, o.Title(), m.Name, "no such snapshot")
	}
	return nil
}

func (h *Hypervisor) checkEdit(m *machine, o backend.SnapshotEditOp) error {
	s := m.snapOf(o.Snapshot)
	if s == nil {
		return backend.Refuse(backend.ClassNotFound, o.Title(), m.Name, "no such snapshot")
	}
	if o.Name == "" {
		return nil // it stays
	}
	return h.checkName(m, o.Title(), o.Name, s)
}

// addSnap puts a snapshot under up. Needs mu.
func (h *Hypervisor) addSnap(m *machine, s backend.Snapshot, up *snap) *snap {
	h.lastSnap++
	s.ID = h.ref(backend.KindSnapshot, fmt.Sprintf("%s/%d", m.UUID, h.lastSnap))
	s.Parent = m.ID
	n := &snap{Snapshot: s, up: up}
	m.snaps = append(m.snaps, n)
	m.SnapshotRev++
	return n
}

// addSpecified adds a snapshot of a VMSpec.
func (h *Hypervisor) addSpecified(m *machine, spec SnapshotSpec) {
	var up *snap
	if spec.Parent > 0 && spec.Parent <= len(m.snaps) {
		up = m.snaps[spec.Parent-1]
	}
	s := h.addSnap(m, backend.Snapshot{
		Meta: backend.Meta{Name: spec.Name}, Description: spec.Description,
		Created: h.cfg.Now().Add(-spec.Age), State: or(spec.State, backend.PowerOff),
		DiskOnly: spec.DiskOnly, Storage: storageOf(spec.DiskOnly), Size: spec.Size,
	}, up)
	if spec.Current {
		m.current = s
	}
}

func storageOf(diskOnly bool) backend.Storage {
	if diskOnly {
		return backend.StorageExternal
	}
	return backend.StorageInternal
}

func (h *Hypervisor) create(m *machine, o backend.SnapshotCreateOp) backend.Result {
	state := backend.PowerOff
	if alive(m.State) && o.Memory && !o.DiskOnly {
		state = m.State
		if state == backend.PowerIdle {
			state = backend.PowerOn
		}
	}
	size := 196 * mib
	if state != backend.PowerOff {
		size += m.Memory / 3
	}
	m.current = h.addSnap(m, backend.Snapshot{
		Meta: backend.Meta{Name: o.Name}, Description: o.Description, Created: h.now().Truncate(time.Second),
		State: state, DiskOnly: o.DiskOnly, Quiesced: o.Quiesce, Storage: storageOf(o.DiskOnly), Size: size,
	}, m.current)
	h.diskChanged(m)
	return backend.Result{Created: m.current.ID}
}

func (h *Hypervisor) revert(m *machine, o backend.SnapshotRevertOp) {
	if !o.Snapshot.IsZero() {
		m.current = m.snapOf(o.Snapshot)
	}
	m.SnapshotRev++
	state := m.current.State
	switch o.After {
	case backend.AfterRun:
		state = backend.PowerOn
	case backend.AfterPause:
		state = backend.PowerPaused
	case backend.AfterAsTaken:
	}
	h.setState(m, state, "from snapshot")
}

// remove deletes a snapshot, alone or with its descendants. Children that stay move
// up to its parent, and so does the current position.
func (h *Hypervisor) remove(m *machine, o backend.SnapshotDeleteOp) {
	root := m.snapOf(o.Snapshot)
	gone := map[*snap]bool{root: true}
	if o.Children {
		for _, s := range m.snaps {
			if s.under(root) {
				gone[s] = true
			}
		}
	}
	m.snaps = slices.DeleteFunc(m.snaps, func(s *snap) bool { return gone[s] })
	for _, s := range m.snaps {
		if gone[s.up] {
			s.up = root.up
		}
	}
	if gone[m.current] {
		m.current = root.up
	}
	m.SnapshotRev++
	h.diskChanged(m)
}

func (s *snap) under(root *snap) bool {
	for up := s.up; up != nil; up = up.up {
		if up == root {
			return true
		}
	}
	return false
}

// diskChanged tells that the volumes of the pool with m's disk may be different.
func (h *Hypervisor) diskChanged(m *machine) {
	h.changed(m.ID)
	for _, p := range h.pools {
		if p.disks {
			p.Rev++
			h.changed(p.ID)
		}
	}
}
