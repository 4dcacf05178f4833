package mem

import (
	"slices"
	"strings"

	"hvdeck/backend"
)

// volume is one of a pool, with its bytes. UsedBy and Under are looked up when asked.
type volume struct {
	backend.Volume
	data          *content
	backingFormat string
}

// addVolume puts a volume into a pool; its size is that of an empty image. Needs mu.
func (h *Hypervisor) addVolume(p *pool, v backend.Volume) *volume {
	v.Path = or(v.Path, strings.TrimSuffix(p.Path, "/")+"/"+v.Name)
	v.ID, v.Parent = h.ref(backend.KindVolume, p.UUID+"/"+v.Name), p.ID
	n := &volume{Volume: v, data: newContent(v.Capacity)}
	if v.Format == "qcow2" {
		n.data.size = qcowEmpty
	}
	p.volumes = append(p.volumes, n)
	if p.byName == nil {
		p.byName = map[string]*volume{}
	}
	p.byName[n.Name] = n
	return n
}

// volumeNamed finds a volume; nil when there is none.
func (p *pool) volumeNamed(name string) *volume { return p.byName[name] }

func (p *pool) removeVolume(v *volume) {
	delete(p.byName, v.Name)
	p.volumes = slices.DeleteFunc(p.volumes, func(x *volume) bool { return x == v })
}

func (h *Hypervisor) volumeOf(r backend.Ref) (*pool, *volume) {
	for _, p := range h.pools {
		for _, v := range p.volumes {
			if v.ID == r {
				return p, v
			}
		}
	}
	return nil, nil
}

// volumeAt finds a volume by its path; nil when no pool has it.
func (h *Hypervisor) volumeAt(at string) *volume {
	if at == "" {
		return nil
	}
	for _, p := range h.pools {
		for _, v := range p.volumes {
			if v.Path == at {
				return v
			}
		}
	}
	return nil
}

func (h *Hypervisor) listVolumes(q backend.Query) ([]backend.Object, error) {
	var all []backend.Object
	found := q.Parent.IsZero()
	users := h.users()
	for _, p := range h.pools {
		if !q.Parent.IsZero() && p.ID != q.Parent {
			continue
		}
		found = true
		if p.running() {
			all = append(all, p.volumeObjects(users)...)
		}
	}
	if !found {
		return nil, backend.Refuse(backend.ClassNotFound, "list volumes of", "", "no such pool")
	}
	return only(all, q.Refs), nil
}

func (p *pool) volumeObjects(users map[string][]string) []backend.Object {
	under := map[string][]string{}
	for _, v := range p.volumes {
		if v.Backing != "" {
			under[v.Backing] = append(under[v.Backing], v.Name)
		}
	}
	all := make([]backend.Object, 0, len(p.volumes))
	for _, v := range p.volumes {
		copied := v.Volume
		copied.UsedBy, copied.UsedKnown = slices.Clone(users[v.Path]), true
		copied.Under = under[v.Path]
		all = append(all, &copied)
	}
	return all
}

// volumeWork makes, changes and deletes volumes.
func (h *Hypervisor) volumeWork(op backend.Op) (*work, error) {
	switch o := op.(type) {
	case backend.VolumeCreateOp:
		return h.volumeCreate(o)
	case backend.VolumeCloneOp:
		return h.volumeClone(o)
	case backend.VolumeDeleteOp, backend.VolumeResizeOp, backend.VolumeWipeOp:
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
	p, v, err := h.volumeFor(op, op.Target())
	if err != nil {
		return nil, err
	}
	w := &work{object: v.Name}
	switch o := op.(type) {
	case backend.VolumeDeleteOp:
		w.check = func() error { return h.checkVolumeDelete(p, v, "") }
		w.apply = done(func() { h.deleteVolume(p, v) })
	case backend.VolumeResizeOp:
		w.check = func() error { return h.checkResize(p, v, o) }
		w.apply = done(func() { h.resizeVolume(p, v, o) })
	case backend.VolumeWipeOp:
		w.check = func() error { return h.checkWipe(p, v, o) }
		w.apply = done(func() { h.wipeVolume(p, v) })
	}
	return w, nil
}

// volumeFor finds the volume of an operation, and its pool. Needs mu.
func (h *Hypervisor) volumeFor(op backend.Op, r backend.Ref) (*pool, *volume, error) {
	p, v := h.volumeOf(r)
	if v == nil {
		e := backend.Refuse(backend.ClassNotFound, op.Title(), "", "Storage volume not found: no storage vol with this key")
		e.Code = "50"
		return nil, nil, e
	}
	return p, v, nil
}

func (h *Hypervisor) volumeCreate(o backend.VolumeCreateOp) (*work, error) {
	p, err := h.poolFor(o, o.Pool)
	if err != nil {
		return nil, err
	}
	w := &work{object: p.Name, shared: true}
	w.check = func() error { return h.checkVolumeCreate(p, o) }
	w.apply = func() (backend.Result, error) {
		v := h.addVolume(p, backend.Volume{Meta: backend.Meta{Name: o.Name}, Type: "file", Format: or(o.Format, "raw"),
			Capacity: o.Capacity, Allocation: o.Allocation, Backing: o.Backing})
		v.backingFormat = o.BackingFormat
		if v.Format == "qcow2" {
			v.Allocation = max(v.Allocation, qcowEmpty)
			if err := h.writeTo(v.data, qcowHeader(v.Capacity), 0); err != nil {
				p.removeVolume(v)
				return backend.Result{}, err
			}
		}
		h.poolChanged(p)
		return backend.Result{Created: v.ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) checkVolumeCreate(p *pool, o backend.VolumeCreateOp) error {
	if err := p.mustRun(true); err != nil {
		return err
	}
	if err := checkVolumeName(p, o.Name); err != nil {
		return err
	}
	switch {
	case o.Format != "" && o.Format != "raw" && o.Format != "qcow2" && o.Format != "iso":
		return backend.Refuse(backend.ClassInvalid, "", "", "unknown volume format type %s", o.Format)
	case o.Allocation > o.Capacity:
		return backend.Refuse(backend.ClassInvalid, "", "", "the allocation is larger than the capacity")
	case o.Capacity == 0 || o.Capacity > 1<<62:
		return backend.Refuse(backend.ClassInvalid, "", "", "the capacity is out of range: %d", o.Capacity)
	case o.Allocation > h.poolObject(p).Available:
		return backend.Refuse(backend.ClassOther, "", "", "cannot allocate %d bytes in file '%s/%s': No space left on device", o.Allocation, p.Path, o.Name)
	case o.Backing == "":
		return nil
	case o.BackingFormat == "":
		return backend.Refuse(backend.ClassInvalid, "", "", "the format of the backing file has to be given")
	case o.Format != "qcow2":
		return backend.Refuse(backend.ClassInvalid, "", "", "only qcow2 images stand on another")
	case h.volumeAt(o.Backing) == nil:
		return backend.Refuse(backend.ClassNotFound, "", "", "Cannot access backing file '%s': No such file or directory", o.Backing)
	default:
		return nil
	}
}

func checkVolumeName(p *pool, name string) error {
	if err := checkNewName("volume", name); err != nil {
		return err
	}
	if p.volumeNamed(name) != nil {
		return exists("storage volume name '%s' already in use.", name)
	}
	return nil
}

func (h *Hypervisor) volumeClone(o backend.VolumeCloneOp) (*work, error) {
	p, v, err := h.volumeFor(o, o.Volume)
	if err != nil {
		return nil, err
	}
	into := p
	if !o.Pool.IsZero() {
		if into, err = h.poolFor(o, o.Pool); err != nil {
			return nil, err
		}
	}
	w := &work{object: v.Name, activity: backend.ActivityCloning}
	w.check = func() error {
		for _, one := range []*pool{p, into} {
			if err := one.mustRun(true); err != nil {
				return err
			}
		}
		return checkVolumeName(into, o.Name)
	}
	w.apply = func() (backend.Result, error) {
		n := h.cloneVolume(v, into, o.Name)
		n.Format = or(o.Format, v.Format)
		return backend.Result{Created: n.ID}, nil
	}
	return w, nil
}

// cloneVolume copies a volume; the copy stands on nothing. Needs mu.
func (h *Hypervisor) cloneVolume(v *volume, into *pool, name string) *volume {
	copied := v.Volume
	copied.Meta, copied.Path, copied.Backing = backend.Meta{Name: name}, "", ""
	n := h.addVolume(into, copied)
	n.data = h.copyOf(v.data)
	h.poolChanged(into)
	return n
}

// checkVolumeDelete refuses what is in use; but is a VM that is going to be gone.
func (h *Hypervisor) checkVolumeDelete(p *pool, v *volume, but string) error {
	if err := p.mustRun(true); err != nil {
		return err
	}
	if _, busy := h.busy[v.ID]; busy {
		return backend.Refuse(backend.ClassBusy, "", "", "volume '%s' is still in use.", v.Name)
	}
	return h.notNeeded(v, but)
}

// notNeeded refuses a volume that VMs use, besides one, or volumes stand on.
func (h *Hypervisor) notNeeded(v *volume, but string) error {
	by := slices.DeleteFunc(slices.Clone(h.users()[v.Path]), func(name string) bool { return name == but })
	if len(by) > 0 {
		e := backend.Refuse(backend.ClassConflict, "", "", "%s is used by %s", v.Name, strings.Join(by, ", "))
		e.Remedy = "detach it there first"
		return e
	}
	for _, other := range h.pools {
		for _, x := range other.volumes {
			if x.Backing == v.Path {
				return backend.Refuse(backend.ClassConflict, "", "", "%s stands on %s", x.Name, v.Name)
			}
		}
	}
	return nil
}

func (h *Hypervisor) deleteVolume(p *pool, v *volume) {
	h.cut(v.data, 0)
	p.removeVolume(v)
	h.poolChanged(p)
}

func (h *Hypervisor) checkResize(p *pool, v *volume, o backend.VolumeResizeOp) error {
	if err := p.mustRun(true); err != nil {
		return err
	}
	switch {
	case o.Capacity == 0 || o.Capacity > 1<<62:
		return backend.Refuse(backend.ClassInvalid, "", "", "the capacity is out of range: %d", o.Capacity)
	case o.Capacity < v.Capacity && !o.Shrink:
		return backend.Refuse(backend.ClassInvalid, "", "", "can't shrink: the volume has %d bytes, and what is beyond %d would be lost", v.Capacity, o.Capacity)
	case o.Capacity < v.Capacity && o.Allocate:
		return backend.Refuse(backend.ClassInvalid, "", "", "there is no room to allocate when a volume shrinks")
	case o.Capacity < v.Capacity:
		return h.notNeeded(v, "")
	default:
		return nil
	}
}

func (h *Hypervisor) resizeVolume(p *pool, v *volume, o backend.VolumeResizeOp) {
	if v.Format != "qcow2" {
		h.cut(v.data, int64(o.Capacity)) //nolint:gosec // checkResize bounds it
	}
	v.Capacity = o.Capacity
	if o.Allocate {
		v.Allocation = o.Capacity
	}
	v.Allocation = min(v.Allocation, v.Capacity)
	h.poolChanged(p)
}

func (h *Hypervisor) checkWipe(p *pool, v *volume, o backend.VolumeWipeOp) error {
	if err := p.mustRun(true); err != nil {
		return err
	}
	if !slices.Contains(backend.WipeAlgorithms(), o.Algorithm) {
		return backend.Refuse(backend.ClassInvalid, "", "", "unknown wiping algorithm %q", o.Algorithm)
	}
	return h.notNeeded(v, "")
}

// wipeVolume makes all bytes zero, whatever the algorithm.
func (h *Hypervisor) wipeVolume(p *pool, v *volume) {
	size := v.data.size
	h.cut(v.data, 0)
	v.data.size = size
	h.poolChanged(p)
}
