package mem

import (
	"net"
	"path"
	"slices"
	"strings"

	"hvdeck/backend"
)

// deviceWork attaches and detaches devices and changes media.
func (h *Hypervisor) deviceWork(op backend.Op) (*work, error) {
	switch op.(type) {
	case backend.VMAttachDiskOp, backend.VMAttachNICOp, backend.VMDetachOp, backend.VMMediaOp:
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
	m, err := h.machineOf(op, op.Target())
	if err != nil {
		return nil, err
	}
	w := &work{object: m.Name}
	switch o := op.(type) {
	case backend.VMAttachDiskOp:
		w.check = func() error { return h.checkAttachDisk(m, o) }
		w.apply = done(func() { h.attachDisk(m, o) })
	case backend.VMAttachNICOp:
		w.check = func() error { return h.checkAttachNIC(m, o) }
		w.apply = done(func() {
			m.nics = append(m.nics, nic{mac: or(strings.ToLower(o.MAC), backend.NewMAC([3]byte{0x52, 0x54, 0})), model: or(o.Model, "virtio"), network: o.Network})
		})
	case backend.VMDetachOp:
		w.check = func() error { return m.checkDetach(o.Device) }
		w.apply = done(func() { m.detach(o.Device); h.diskChanged(m) })
	case backend.VMMediaOp:
		w.check = func() error { return h.checkMedia(m, o) }
		w.apply = done(func() { m.diskAt(o.Drive).path = o.Path; h.diskChanged(m) })
	}
	return w, nil
}

func (h *Hypervisor) checkAttachDisk(m *machine, o backend.VMAttachDiskOp) error {
	switch {
	case !slices.Contains([]string{"", "disk", "cdrom", "floppy"}, o.Device):
		return backend.Refuse(backend.ClassInvalid, "", "", "unknown disk device type %q", o.Device)
	case !slices.Contains([]string{"", "virtio", "sata", "scsi", "usb", "ide", "fdc"}, o.Bus):
		return backend.Refuse(backend.ClassInvalid, "", "", "unknown disk bus type %q", o.Bus)
	case o.Path == "" && or(o.Device, "disk") == "disk":
		return backend.Refuse(backend.ClassInvalid, "", "", "a disk needs the path of its image")
	case o.Device == "cdrom" && o.Bus == "virtio":
		return backend.Refuse(backend.ClassUnsupported, "", "", "disk type 'virtio' of a CD-ROM is not supported")
	case alive(m.State) && o.Device != "disk" && o.Device != "":
		return backend.Refuse(backend.ClassUnsupported, "", "", "Operation not supported: %s device hotplug isn't supported", o.Device)
	}
	if err := h.checkMedium(m, o.Path); err != nil {
		return err
	}
	if v := h.volumeAt(o.Path); v != nil && !o.ReadOnly && o.Device != "cdrom" {
		return h.notNeeded(v, "")
	}
	return nil
}

// checkMedium refuses the path of an image that is not there. Paths outside every pool
// are not known to be missing.
func (h *Hypervisor) checkMedium(m *machine, at string) error {
	if at == "" {
		return nil
	}
	if !path.IsAbs(at) {
		return backend.Refuse(backend.ClassInvalid, "", "", "the path must be absolute: %q", at)
	}
	if slices.ContainsFunc(m.disks, func(d disk) bool { return d.path == at }) {
		return backend.Refuse(backend.ClassConflict, "", "", "%s is a disk of this VM already", at)
	}
	if h.volumeAt(at) != nil {
		return nil
	}
	for _, p := range h.pools {
		if p.running() && p.Path == path.Dir(at) {
			e := backend.Refuse(backend.ClassNotFound, "", "", "Cannot access storage file '%s': No such file or directory", at)
			e.Code = "38"
			return e
		}
	}
	return nil
}

func (h *Hypervisor) attachDisk(m *machine, o backend.VMAttachDiskOp) {
	d := disk{device: or(o.Device, "disk"), path: o.Path, readOnly: o.ReadOnly || o.Device == "cdrom", format: o.Format}
	bus := "virtio"
	switch d.device {
	case "cdrom":
		bus = "sata"
	case "floppy":
		bus = "fdc"
	}
	d.bus = or(o.Bus, bus)
	d.target = m.freeTarget(d.bus)
	if v := h.volumeAt(o.Path); v != nil && d.format == "" && v.Format == "qcow2" {
		d.format = v.Format
	}
	d.format = or(d.format, "raw")
	m.disks = append(m.disks, d)
	h.diskChanged(m)
}

func (h *Hypervisor) checkAttachNIC(m *machine, o backend.VMAttachNICOp) error {
	if h.networkNamed(o.Network) == nil {
		e := backend.Refuse(backend.ClassNotFound, "", "", "Network not found: no network with matching name '%s'", o.Network)
		e.Code = "43"
		return e
	}
	if o.MAC == "" {
		return nil
	}
	mac, err := net.ParseMAC(o.MAC)
	if err != nil || len(mac) != 6 {
		return backend.Refuse(backend.ClassInvalid, "", "", "unable to parse mac address '%s'", o.MAC)
	}
	if mac[0]&1 == 1 {
		return backend.Refuse(backend.ClassInvalid, "", "", "expected unicast mac address, found multicast '%s'", o.MAC)
	}
	if m.nicAt(o.MAC) >= 0 {
		return exists("MAC address %s is taken", o.MAC)
	}
	return nil
}

// nicAt is the index of the NIC with this address; -1 when there is none.
func (m *machine) nicAt(mac string) int {
	return slices.IndexFunc(m.nics, func(n nic) bool { return strings.EqualFold(n.mac, mac) })
}

func (m *machine) checkDetach(device string) error {
	if m.diskAt(device) == nil && (device == "" || m.nicAt(device) < 0) {
		e := backend.Refuse(backend.ClassNotFound, "", "", "device not found: no disk or interface %q", device)
		e.Code = "99"
		return e
	}
	return nil
}

func (m *machine) detach(device string) {
	m.disks = slices.DeleteFunc(m.disks, func(d disk) bool { return d.target == device })
	m.nics = slices.DeleteFunc(m.nics, func(n nic) bool { return strings.EqualFold(n.mac, device) })
}

func (h *Hypervisor) checkMedia(m *machine, o backend.VMMediaOp) error {
	d := m.diskAt(o.Drive)
	switch {
	case d == nil:
		return backend.Refuse(backend.ClassNotFound, "", "", "No device with target '%s' found", o.Drive)
	case d.device == "disk":
		return backend.Refuse(backend.ClassInvalid, "", "", "%s is a disk, not a drive with a medium", o.Drive)
	case d.path == o.Path:
		return nil
	}
	return h.checkMedium(m, o.Path)
}
