package mem

import (
	"strings"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

func bytesOf(value uint, unit string) (uint64, error) {
	scale := map[string]uint64{
		"": 1 << 10, "b": 1, "bytes": 1, "KB": 1e3, "k": 1 << 10, "KiB": 1 << 10, "MB": 1e6, "M": mib, "MiB": mib,
		"GB": 1e9, "G": gib, "GiB": gib, "TB": 1e12, "T": tib, "TiB": tib,
	}[unit]
	if scale == 0 || value == 0 || uint64(value) > 1<<62/scale {
		return 0, backend.Refuse(backend.ClassInvalid, "", "", "XML error: invalid memory size: %d %s", value, unit)
	}
	return uint64(value) * scale, nil
}

func (h *Hypervisor) defineVM(o backend.DefineOp) (*work, error) {
	var def libvirtxml.Domain
	if err := parse(o.XML, "domain", &def); err != nil {
		return nil, err
	}
	var m *machine
	if !o.Object.IsZero() {
		var err error
		if m, err = h.machineOf(o, o.Object); err != nil {
			return nil, err
		}
	} else if err := h.hostFor(o, o.Under); err != nil {
		return nil, err
	}
	var parts vmParts
	w := &work{object: def.Name}
	w.check = func() (err error) {
		if parts, err = partsOf(&def); err != nil {
			return err
		}
		if m != nil {
			return sameObject("VM", m.Name, m.UUID, def.Name, or(def.UUID, m.UUID))
		}
		return h.checkNewDomain(&def)
	}
	w.apply = func() (backend.Result, error) {
		n := m
		if n == nil {
			n = h.blankVM(def.Name, or(strings.ToLower(def.UUID), backend.NewUUID()), h.hostOf(o.Under))
			n.Persistent = !o.Transient
		}
		h.redefine(n, &def, parts)
		if o.Transient {
			h.setState(n, backend.PowerOn, "")
		}
		return backend.Result{Created: n.ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) checkNewDomain(def *libvirtxml.Domain) error {
	for _, m := range h.vms {
		if strings.EqualFold(m.UUID, def.UUID) {
			return exists("domain '%s' is already defined with uuid %s", m.Name, m.UUID)
		}
	}
	return h.checkNewVM(def.Name)
}

// vmParts is what of a domain's XML is kept apart from it.
type vmParts struct {
	vcpus, maxVCPUs int
	memory, maxMem  uint64
	disks           []disk
	nics            []nic
}

func partsOf(def *libvirtxml.Domain) (p vmParts, err error) {
	invalid := func(format string, args ...any) error {
		e := backend.Refuse(backend.ClassInvalid, "", "", "XML error: "+format, args...)
		e.Code = "27"
		return e
	}
	if err = checkNewName("VM", def.Name); err != nil {
		return p, err
	}
	if def.Memory == nil {
		return p, invalid("missing element 'memory'")
	}
	if p.maxMem, err = bytesOf(def.Memory.Value, def.Memory.Unit); err != nil {
		return p, err
	}
	p.memory = p.maxMem
	if def.CurrentMemory != nil {
		if p.memory, err = bytesOf(def.CurrentMemory.Value, def.CurrentMemory.Unit); err != nil {
			return p, err
		}
	}
	p.memory = min(p.memory, p.maxMem)
	p.vcpus, p.maxVCPUs = 1, 1
	if def.VCPU != nil {
		if def.VCPU.Value < 1 || def.VCPU.Value > 1024 || def.VCPU.Current > def.VCPU.Value {
			return p, invalid("invalid number of vCPUs: %d", def.VCPU.Value)
		}
		p.maxVCPUs = int(def.VCPU.Value)
		p.vcpus = or(int(def.VCPU.Current), p.maxVCPUs)
	}
	if def.OS == nil || def.OS.Type == nil || def.OS.Type.Type == "" {
		return p, invalid("an os <type> must be specified")
	}
	if def.Devices == nil {
		return p, nil
	}
	for _, d := range def.Devices.Disks {
		one, err := diskOf(d)
		if err != nil {
			return p, err
		}
		p.disks = append(p.disks, one)
	}
	for _, n := range def.Devices.Interfaces {
		p.nics = append(p.nics, nicOf(n))
	}
	return p, nil
}

func diskOf(d libvirtxml.DomainDisk) (disk, error) {
	one := disk{device: or(d.Device, "disk"), format: "raw", readOnly: d.ReadOnly != nil}
	if d.Target == nil || d.Target.Dev == "" {
		e := backend.Refuse(backend.ClassInvalid, "", "", "XML error: missing 'target' of a disk")
		e.Code = "27"
		return one, e
	}
	one.target, one.bus = d.Target.Dev, d.Target.Bus
	if d.Driver != nil {
		one.format = or(d.Driver.Type, one.format)
	}
	switch {
	case d.Source == nil:
	case d.Source.File != nil:
		one.path = d.Source.File.File
	case d.Source.Block != nil:
		one.path = d.Source.Block.Dev
	}
	return one, nil
}

func nicOf(n libvirtxml.DomainInterface) nic {
	var one nic
	if n.MAC != nil {
		one.mac = strings.ToLower(n.MAC.Address)
	}
	one.mac = or(one.mac, backend.NewMAC([3]byte{0x52, 0x54, 0}))
	if n.Model != nil {
		one.model = n.Model.Type
	}
	if n.Source != nil && n.Source.Network != nil {
		one.network = n.Source.Network.Network
	}
	return one
}

// redefine takes over a definition. Needs mu.
func (h *Hypervisor) redefine(m *machine, def *libvirtxml.Domain, p vmParts) {
	m.def = def
	m.title, m.notes = def.Title, def.Description
	m.VCPUs, m.maxVCPUs, m.Memory, m.maxMem = p.vcpus, p.maxVCPUs, p.memory, p.maxMem
	m.disks, m.nics = p.disks, p.nics
	m.uefi = def.OS.Firmware == "efi" || def.OS.Loader != nil
	h.diskChanged(m)
}
