package mem

import (
	"fmt"
	"slices"

	"hvdeck/backend"
)

// disk is a disk or drive of a VM; nic one of its network interfaces.
type disk struct {
	target, device, bus, format string
	path                        string // "" for an empty drive
	readOnly                    bool
}

type nic struct {
	mac, model, network string
}

// mac is the address of the first NIC; "" without one.
func (m *machine) mac() string {
	if len(m.nics) == 0 {
		return ""
	}
	return m.nics[0].mac
}

func (m *machine) diskAt(target string) *disk {
	i := slices.IndexFunc(m.disks, func(d disk) bool { return d.target == target })
	if i < 0 {
		return nil
	}
	return &m.disks[i]
}

// freeTarget is the first name of a disk on a bus that is not taken.
func (m *machine) freeTarget(bus string) string {
	prefix := "sd"
	switch bus {
	case "virtio":
		prefix = "vd"
	case "ide":
		prefix = "hd"
	case "fdc":
		prefix = "fd"
	}
	for c := 'a'; c <= 'z'; c++ {
		if name := prefix + string(c); m.diskAt(name) == nil {
			return name
		}
	}
	return prefix + "aa"
}

// giveDisk makes the volume of a VM's made-up disk. Needs mu, or is called by New.
func (h *Hypervisor) giveDisk(m *machine) {
	i := slices.IndexFunc(h.pools, func(p *pool) bool { return p.disks })
	if i < 0 || len(m.disks) == 0 {
		return
	}
	p := h.pools[i]
	name := m.Name + ".qcow2"
	for n := 2; p.volumeNamed(name) != nil; n++ {
		name = fmt.Sprintf("%s-%d.qcow2", m.Name, n)
	}
	v := h.addVolume(p, backend.Volume{Meta: backend.Meta{Name: name}, Type: "file", Format: "qcow2", Capacity: 64 * gib, Allocation: m.disk})
	v.data = newContent(min(m.disk, madeUpBytes))
	m.disks[0].path = v.Path
}

// diskObjects describes the disks of a VM; backing files are those of its external
// snapshots and of its volumes.
func (h *Hypervisor) diskObjects(m *machine) []backend.Disk {
	var all []backend.Disk
	for i, d := range m.disks {
		out := backend.Disk{Label: d.target, Device: d.device, Bus: d.bus, Format: d.format, Path: d.path, ReadOnly: d.readOnly}
		switch v := h.volumeAt(d.path); {
		case v != nil:
			out.Capacity, out.Allocation = v.Capacity, v.Allocation
			out.Backing = h.chain(v)
		case d.path != "":
			out.Capacity, out.Allocation = 64*gib, m.disk
		}
		for _, s := range m.snaps {
			if i == 0 && s.Storage == backend.StorageExternal {
				out.Backing = append([]string{d.path + "." + s.Name}, out.Backing...)
			}
		}
		all = append(all, out)
	}
	return all
}

// chain are the files below a volume, nearest first.
func (h *Hypervisor) chain(v *volume) []string {
	var below []string
	for v != nil && v.Backing != "" && !slices.Contains(below, v.Backing) {
		below = append(below, v.Backing)
		v = h.volumeAt(v.Backing)
	}
	return below
}

// users maps the paths of disks, and of the files below them, to the names of the VMs.
func (h *Hypervisor) users() map[string][]string {
	byPath := make(map[string]*volume)
	for _, p := range h.pools {
		for _, v := range p.volumes {
			byPath[v.Path] = v
		}
	}
	out := make(map[string][]string, len(h.vms))
	for _, m := range h.vms {
		for _, d := range m.disks {
			path := d.path
			for depth := 0; path != "" && depth < 64; depth++ {
				if !slices.Contains(out[path], m.Name) {
					out[path] = append(out[path], m.Name)
				}
				v := byPath[path]
				if v == nil {
					break
				}
				path = v.Backing
			}
		}
	}
	return out
}
