package mem

import (
	"path"
	"slices"
	"strings"

	"hvdeck/backend"
)

// plannedCopy is what a clone does with one disk.
type plannedCopy struct {
	disk disk
	from *volume // nil: the clone shares it
	into *pool
	name string
}

// planClone says what happens to each disk that the clone has.
func (h *Hypervisor) planClone(m *machine, o backend.VMCloneOp) ([]plannedCopy, error) {
	for _, d := range o.Disks {
		if m.diskAt(d.Target) == nil {
			return nil, backend.Refuse(backend.ClassInvalid, "", "", "there is no disk %q", d.Target)
		}
	}
	var plan []plannedCopy
	for _, d := range m.disks {
		want := backend.CloneDisk{Target: d.target}
		if d.mayBeShared() {
			want.Fate = backend.DiskShared
		}
		if i := slices.IndexFunc(o.Disks, func(c backend.CloneDisk) bool { return c.Target == d.target }); i >= 0 {
			want = o.Disks[i]
		}
		switch want.Fate {
		case backend.DiskLeftOut:
		case backend.DiskShared:
			if !d.mayBeShared() {
				return nil, backend.Refuse(backend.ClassConflict, "", "", "disk %s can be written to: two VMs that write to it destroy it", d.target)
			}
			plan = append(plan, plannedCopy{disk: d})
		case backend.DiskCopied:
			one, err := h.planCopy(d, want, o.Name)
			if err != nil {
				return nil, err
			}
			plan = append(plan, one)
		}
	}
	return plan, nil
}

// mayBeShared reports whether two VMs may have a disk: nobody writes to it.
func (d disk) mayBeShared() bool { return d.readOnly || d.device == "cdrom" || d.path == "" }

func (h *Hypervisor) planCopy(d disk, want backend.CloneDisk, clone string) (plannedCopy, error) {
	v := h.volumeAt(d.path)
	if v == nil {
		return plannedCopy{}, backend.Refuse(backend.ClassUnsupported, "", "", "disk %s is in no pool and can't be copied", d.target)
	}
	one := plannedCopy{disk: d, from: v, into: h.poolOf(v.Parent), name: or(want.Name, clone+"-"+d.target+path.Ext(v.Name))}
	if !want.Pool.IsZero() {
		if one.into = h.poolOf(want.Pool); one.into == nil {
			return plannedCopy{}, backend.Refuse(backend.ClassNotFound, "", "", "Storage pool not found")
		}
	}
	if err := one.into.mustRun(true); err != nil {
		return plannedCopy{}, err
	}
	return one, checkVolumeName(one.into, one.name)
}

func (h *Hypervisor) checkClone(m *machine, o backend.VMCloneOp) error {
	if alive(m.State) {
		return refuse55("domain is running: only one that is off can be cloned")
	}
	if err := h.checkNewVM(o.Name); err != nil {
		return err
	}
	_, err := h.planClone(m, o)
	return err
}

func (h *Hypervisor) clone(m *machine, o backend.VMCloneOp) (backend.Result, error) {
	plan, err := h.planClone(m, o)
	if err != nil {
		return backend.Result{}, err
	}
	n := h.blankVM(o.Name, backend.NewUUID(), m.host)
	n.VCPUs, n.Memory, n.maxVCPUs, n.maxMem = m.VCPUs, m.Memory, m.maxVCPUs, m.maxMem
	n.Guest, n.title, n.notes, n.uefi, n.disk, n.def = m.Guest, m.title, m.notes, m.uefi, m.disk, m.def
	for _, one := range plan {
		d := one.disk
		if one.from != nil {
			d.path = h.cloneVolume(one.from, one.into, one.name).Path
		}
		n.disks = append(n.disks, d)
	}
	for _, card := range m.nics {
		card.mac = strings.ToLower(backend.NewMAC([3]byte{0x52, 0x54, 0}))
		n.nics = append(n.nics, card)
	}
	h.diskChanged(n)
	return backend.Result{Created: n.ID}, nil
}
