package mem

import (
	"context"
	"strconv"
	"strings"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

var _ backend.Definer = (*conn)(nil)

// Definition implements backend.Definer.
func (c *conn) Definition(ctx context.Context, r backend.Ref) (string, error) {
	const doing = "read the definition of"
	_, release, err := c.call(ctx, CallDefinition)
	if err != nil {
		return "", c.failed(err, doing, "")
	}
	defer release()
	h := c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if text := h.definition(r); text != "" {
		return text, nil
	}
	return "", backend.Refuse(backend.ClassNotFound, doing, "", "no such %s", r.Kind)
}

// marshaler is what all documents of libvirtxml are.
type marshaler interface{ Marshal() (string, error) }

func textOf(doc marshaler) string {
	text, err := doc.Marshal()
	if err != nil {
		return "" // our own documents can be written
	}
	return text + "\n"
}

// definition is the XML of an object; "" when there is none. Needs mu.
func (h *Hypervisor) definition(r backend.Ref) string {
	switch r.Kind {
	case backend.KindVM:
		if m := h.byRef[r]; m != nil {
			return textOf(m.xml())
		}
	case backend.KindSnapshot:
		for _, m := range h.vms {
			if s := m.snapOf(r); s != nil {
				return textOf(s.xml())
			}
		}
	case backend.KindPool:
		if p := h.poolOf(r); p != nil {
			return textOf(h.poolXML(p))
		}
	case backend.KindVolume:
		if _, v := h.volumeOf(r); v != nil {
			return textOf(v.xml())
		}
	case backend.KindNetwork:
		if n := h.networkOf(r); n != nil {
			return textOf(&n.def)
		}
	case backend.KindInterface:
		if n := h.interfaceOf(r); n != nil {
			return textOf(&n.def)
		}
	case backend.KindSecret:
		if s := h.secretOf(r); s != nil {
			return textOf(s.xml())
		}
	case backend.KindNodeDevice:
		for _, d := range h.devices {
			if d.ID == r {
				return textOf(&libvirtxml.NodeDevice{Name: d.Name, Path: d.Path, Parent: d.Up})
			}
		}
	default: // a host has no definition
	}
	return ""
}

// xml is the definition of a VM: what it was defined with, and over that what is kept
// here.
func (m *machine) xml() *libvirtxml.Domain {
	d := libvirtxml.Domain{Type: "kvm", OnReboot: "restart", OnCrash: "destroy"}
	if m.def != nil {
		d = *m.def
	}
	maxVCPUs, maxMem := max(m.maxVCPUs, m.VCPUs), max(m.maxMem, m.Memory)
	d.Name, d.UUID, d.Title, d.Description = m.Name, m.UUID, m.title, m.notes
	d.Memory = &libvirtxml.DomainMemory{Value: uint(maxMem / 1024), Unit: "KiB"}
	d.CurrentMemory = &libvirtxml.DomainCurrentMemory{Value: uint(m.Memory / 1024), Unit: "KiB"}
	d.VCPU = &libvirtxml.DomainVCPU{Placement: "static", Value: uint(maxVCPUs)}
	if m.VCPUs != maxVCPUs {
		d.VCPU.Current = uint(m.VCPUs)
	}
	if d.OS == nil {
		d.OS = &libvirtxml.DomainOS{Type: &libvirtxml.DomainOSType{Arch: "x86_64", Machine: "pc-q35-9.2", Type: "hvm"}}
		if m.uefi {
			d.OS.Firmware = "efi"
		}
	}
	devices := libvirtxml.DomainDeviceList{Emulator: "/usr/bin/qemu-system-x86_64"}
	if d.Devices != nil {
		devices = *d.Devices
	}
	devices.Disks, devices.Interfaces = nil, nil
	for _, one := range m.disks {
		devices.Disks = append(devices.Disks, one.xml())
	}
	for _, one := range m.nics {
		devices.Interfaces = append(devices.Interfaces, one.xml())
	}
	d.Devices = &devices
	return &d
}

func (d disk) xml() libvirtxml.DomainDisk {
	out := libvirtxml.DomainDisk{
		Device: d.device, Target: &libvirtxml.DomainDiskTarget{Dev: d.target, Bus: d.bus},
		Driver: &libvirtxml.DomainDiskDriver{Name: "qemu", Type: or(d.format, "raw")},
	}
	if d.path != "" {
		out.Source = &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: d.path}}
	}
	if d.readOnly {
		out.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
	}
	return out
}

func (n nic) xml() libvirtxml.DomainInterface {
	return libvirtxml.DomainInterface{
		MAC:    &libvirtxml.DomainInterfaceMAC{Address: n.mac},
		Source: &libvirtxml.DomainInterfaceSource{Network: &libvirtxml.DomainInterfaceSourceNetwork{Network: n.network}},
		Model:  &libvirtxml.DomainInterfaceModel{Type: n.model},
	}
}

func (s *snap) xml() *libvirtxml.DomainSnapshot {
	out := &libvirtxml.DomainSnapshot{
		Name: s.Name, Description: s.Description, CreationTime: strconv.FormatInt(s.Created.Unix(), 10), State: "shutoff",
	}
	switch {
	case s.DiskOnly:
		out.State = "disk-snapshot"
	case s.State != backend.PowerOff:
		out.State = "running"
	}
	if s.up != nil {
		out.Parent = &libvirtxml.DomainSnapshotParent{Name: s.up.Name}
	}
	return out
}

func (h *Hypervisor) poolXML(p *pool) *libvirtxml.StoragePool {
	shown := h.poolObject(p)
	size := func(v uint64) *libvirtxml.StoragePoolSize {
		return &libvirtxml.StoragePoolSize{Unit: "bytes", Value: v}
	}
	return &libvirtxml.StoragePool{
		Type: p.Type, Name: p.Name, UUID: p.UUID, Source: p.source,
		Capacity: size(shown.Capacity), Allocation: size(shown.Allocation), Available: size(shown.Available),
		Target: &libvirtxml.StoragePoolTarget{Path: p.Path},
	}
}

func (v *volume) xml() *libvirtxml.StorageVolume {
	size := func(n uint64) *libvirtxml.StorageVolumeSize {
		return &libvirtxml.StorageVolumeSize{Unit: "bytes", Value: n}
	}
	out := &libvirtxml.StorageVolume{
		Type: v.Type, Name: v.Name, Key: v.Path, Capacity: size(v.Capacity), Allocation: size(v.Allocation),
		Target: &libvirtxml.StorageVolumeTarget{Path: v.Path, Format: &libvirtxml.StorageVolumeTargetFormat{Type: or(v.Format, "raw")}},
	}
	if v.Backing != "" {
		out.BackingStore = &libvirtxml.StorageVolumeBackingStore{Path: v.Backing, Format: &libvirtxml.StorageVolumeTargetFormat{Type: v.backingFormat}}
	}
	return out
}

func (s *secret) xml() *libvirtxml.Secret {
	def := secretDef(backend.SecretNewOp{Usage: s.Usage, UsageID: s.UsageID, Description: s.Description, Ephemeral: s.Ephemeral, Private: s.Private})
	def.UUID = s.UUID
	return def
}

// Template implements backend.Definer.
func (c *conn) Template(ctx context.Context, under backend.Ref, k backend.Kind) (string, error) {
	const doing = "make a template of"
	_, release, err := c.call(ctx, CallDefinition)
	if err != nil {
		return "", c.failed(err, doing, k.String())
	}
	defer release()
	h := c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if doc := h.template(under, k); doc != nil {
		return textOf(doc), nil
	}
	return "", backend.Refuse(backend.ClassUnsupported, doing, k.String(), "there is no template of a %s here", k)
}

func (h *Hypervisor) template(under backend.Ref, k backend.Kind) marshaler {
	uuid := backend.NewUUID()
	switch k {
	case backend.KindVM:
		m := &machine{VM: backend.VM{Meta: backend.Meta{Name: "new-vm"}, UUID: uuid, VCPUs: 2, Memory: 2 * gib}, uefi: true}
		if len(h.networks) > 0 {
			m.nics = []nic{{mac: backend.NewMAC([3]byte{0x52, 0x54, 0}), model: "virtio", network: h.networks[0].Name}}
		}
		return m.xml()
	case backend.KindPool:
		return &libvirtxml.StoragePool{Type: "dir", Name: "new-pool", UUID: uuid, Target: &libvirtxml.StoragePoolTarget{Path: imageFolder + "/new-pool"}}
	case backend.KindVolume:
		p := h.poolOf(under)
		if p == nil {
			return nil
		}
		v := &volume{Volume: backend.Volume{Meta: backend.Meta{Name: "new-volume.qcow2"}, Format: "qcow2", Capacity: 10 * gib}}
		v.Path = strings.TrimSuffix(p.Path, "/") + "/" + v.Name
		doc := v.xml()
		doc.Key, doc.Target.Path = "", ""
		return doc
	case backend.KindNetwork:
		return &libvirtxml.Network{Name: "new-network", UUID: uuid, Forward: &libvirtxml.NetworkForward{Mode: "nat"},
			IPs: []libvirtxml.NetworkIP{networkIP("192.168.150.1/24")}}
	case backend.KindInterface:
		return &libvirtxml.Interface{Name: "br-new", Start: &libvirtxml.InterfaceStart{Mode: "onboot"}, Bridge: &libvirtxml.InterfaceBridge{}}
	case backend.KindSecret:
		return &libvirtxml.Secret{UUID: uuid, Ephemeral: "no", Private: "no", Usage: &libvirtxml.SecretUsage{Type: "iscsi", Target: "new-secret"}}
	default:
		return nil
	}
}
