package mem

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// defineWork gives objects a definition in XML.
func (h *Hypervisor) defineWork(op backend.Op) (*work, error) {
	o, ok := op.(backend.DefineOp)
	if !ok {
		return nil, nil //nolint:nilnil // not of this area
	}
	var w *work
	var err error
	switch o.Kind {
	case backend.KindVM:
		w, err = h.defineVM(o)
	case backend.KindSnapshot:
		w, err = h.defineSnapshot(o)
	case backend.KindPool:
		w, err = h.definePoolOp(o)
	case backend.KindVolume:
		w, err = h.defineVolume(o)
	case backend.KindNetwork:
		w, err = h.defineNetworkOp(o)
	case backend.KindInterface:
		w, err = h.defineInterfaceOp(o)
	case backend.KindSecret:
		w, err = h.defineSecretOp(o)
	default:
		return nil, backend.Refuse(backend.ClassUnsupported, op.Title(), "", "a %s has no definition", o.Kind)
	}
	if err != nil {
		return nil, h.problem(err, op.Title(), "", backend.ClassOther)
	}
	w.shared = o.Object.IsZero()
	return w, nil
}

// document is what all documents of libvirtxml are.
type document interface{ Unmarshal(doc string) error }

// parse reads an XML; its error is libvirt's, with the line.
func parse(text, root string, into document) error {
	err := into.Unmarshal(text)
	if err == nil {
		return nil
	}
	var bad *xml.SyntaxError
	if !errors.As(err, &bad) {
		e := backend.Refuse(backend.ClassInvalid, "", "", "XML error: (%s_definition): %v", root, err)
		e.Code = "27"
		return e
	}
	lines := strings.Split(text, "\n")
	line := ""
	if bad.Line >= 1 && bad.Line <= len(lines) {
		line = strings.TrimRight(lines[bad.Line-1], "\r")
	}
	e := backend.Refuse(backend.ClassInvalid, "", "", "(%s_definition):%d: %s\n%s\n%s^", root, bad.Line, bad.Msg, line, strings.Repeat("-", len(line)))
	e.Code = "35"
	return e
}

// sameObject refuses an XML that names another object than the one that is edited.
func sameObject(what, name, uuid, gotName, gotUUID string) error {
	if gotName != name || gotUUID != "" && !strings.EqualFold(gotUUID, uuid) {
		return backend.Refuse(backend.ClassInvalid, "", name, "this is the definition of another %s: %s %s", what, gotName, gotUUID)
	}
	return nil
}

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
		p.vcpus = or(int(def.VCPU.Current), p.maxVCPUs) //nolint:gosec // at most Value
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

func (h *Hypervisor) defineSnapshot(o backend.DefineOp) (*work, error) {
	var def libvirtxml.DomainSnapshot
	if err := parse(o.XML, "snapshot", &def); err != nil {
		return nil, err
	}
	under := o.Under
	var old *snap
	for _, m := range h.vms {
		if s := m.snapOf(o.Object); !o.Object.IsZero() && s != nil {
			old, under = s, m.ID
		}
	}
	m, err := h.machineOf(o, under)
	if err != nil {
		return nil, err
	}
	if old == nil {
		return nil, backend.Refuse(backend.ClassUnsupported, "", m.Name, "snapshots are taken, not defined; only one that exists can be redefined")
	}
	w := &work{object: m.Name, quick: true}
	w.check = func() error { return sameObject("snapshot", old.Name, "", def.Name, "") }
	w.apply = func() (backend.Result, error) {
		old.Description = def.Description
		m.SnapshotRev++
		h.changed(m.ID)
		return backend.Result{Created: old.ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) definePoolOp(o backend.DefineOp) (*work, error) {
	var def libvirtxml.StoragePool
	if err := parse(o.XML, "storage_pool", &def); err != nil {
		return nil, err
	}
	var old *pool
	if o.Object.IsZero() {
		if err := h.hostFor(o, o.Under); err != nil {
			return nil, err
		}
	} else if old = h.poolOf(o.Object); old == nil {
		return nil, backend.Refuse(backend.ClassNotFound, "", "", "Storage pool not found")
	}
	folder := ""
	if def.Target != nil {
		folder = def.Target.Path
	}
	w := &work{object: def.Name}
	w.check = func() error {
		if err := checkNewName("storage pool", def.Name); err != nil {
			return err
		}
		if _, ok := poolKinds()[def.Type]; !ok {
			return backend.Refuse(backend.ClassInvalid, "", "", "unknown storage pool type %q", def.Type)
		}
		if def.Type == "dir" && folder == "" {
			return backend.Refuse(backend.ClassInvalid, "", "", "XML error: missing storage pool target path")
		}
		if old != nil {
			if err := sameObject("pool", old.Name, old.UUID, def.Name, def.UUID); err != nil {
				return err
			}
		}
		if o.Transient && !h.mountable(def.Type, folder) {
			return noFolder(def.Name, folder)
		}
		return h.checkNewPool(def.Name, folder, old)
	}
	w.apply = func() (backend.Result, error) {
		p := h.definePool(&def, old)
		if o.Transient {
			p.Persistent, p.State = false, backend.PoolRunning
		}
		return backend.Result{Created: p.ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) defineVolume(o backend.DefineOp) (*work, error) {
	if !o.Object.IsZero() {
		return nil, backend.Refuse(backend.ClassUnsupported, "", "", "a volume can't be redefined")
	}
	var def libvirtxml.StorageVolume
	if err := parse(o.XML, "storage_volume", &def); err != nil {
		return nil, err
	}
	create := backend.VolumeCreateOp{Pool: o.Under, Name: def.Name}
	for size, into := range map[*libvirtxml.StorageVolumeSize]*uint64{def.Capacity: &create.Capacity, def.Allocation: &create.Allocation} {
		if size == nil || size.Value == 0 {
			continue
		}
		var err error
		if *into, err = bytesOf(uint(size.Value), or(size.Unit, "bytes")); err != nil {
			return nil, err
		}
	}
	if def.Target != nil && def.Target.Format != nil {
		create.Format = def.Target.Format.Type
	}
	if def.BackingStore != nil {
		create.Backing = def.BackingStore.Path
		if def.BackingStore.Format != nil {
			create.BackingFormat = def.BackingStore.Format.Type
		}
	}
	return h.volumeCreate(create)
}

func (h *Hypervisor) defineNetworkOp(o backend.DefineOp) (*work, error) {
	var def libvirtxml.Network
	if err := parse(o.XML, "network", &def); err != nil {
		return nil, err
	}
	var old *network
	if o.Object.IsZero() {
		if err := h.hostFor(o, o.Under); err != nil {
			return nil, err
		}
	} else if old = h.networkOf(o.Object); old == nil {
		return nil, backend.Refuse(backend.ClassNotFound, "", "", "Network not found")
	}
	w := &work{object: def.Name}
	w.check = func() error {
		if err := checkNewName("network", def.Name); err != nil {
			return err
		}
		if old != nil {
			if err := sameObject("network", old.Name, old.UUID, def.Name, def.UUID); err != nil {
				return err
			}
		}
		return h.checkNewNetwork(&def, old)
	}
	w.apply = func() (backend.Result, error) {
		n := h.defineNetwork(&def, old)
		if o.Transient {
			n.Persistent, n.Active = false, true
		}
		return backend.Result{Created: n.ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) defineInterfaceOp(o backend.DefineOp) (*work, error) {
	var def libvirtxml.Interface
	if err := parse(o.XML, "interface", &def); err != nil {
		return nil, err
	}
	var old *iface
	if o.Object.IsZero() {
		if err := h.hostFor(o, o.Under); err != nil {
			return nil, err
		}
	} else if old = h.interfaceOf(o.Object); old == nil {
		return nil, backend.Refuse(backend.ClassNotFound, "", "", "Interface not found")
	}
	if o.Transient {
		return nil, backend.Refuse(backend.ClassUnsupported, "", "", "an interface has a lasting definition")
	}
	w := &work{object: def.Name}
	w.check = func() error {
		if err := checkNewName("interface", def.Name); err != nil {
			return err
		}
		if old != nil {
			return sameObject("interface", old.Name, "", def.Name, "")
		}
		if h.interfaceOf(h.ref(backend.KindInterface, def.Name)) != nil {
			return exists("interface %s already exists", def.Name)
		}
		return nil
	}
	w.apply = func() (backend.Result, error) {
		return backend.Result{Created: h.defineInterface(&def, old).ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) defineSecretOp(o backend.DefineOp) (*work, error) {
	var def libvirtxml.Secret
	if err := parse(o.XML, "secret", &def); err != nil {
		return nil, err
	}
	var old *secret
	if o.Object.IsZero() {
		if err := h.hostFor(o, o.Under); err != nil {
			return nil, err
		}
	} else if old = h.secretOf(o.Object); old == nil {
		return nil, noSecret("")
	}
	if o.Transient {
		return nil, backend.Refuse(backend.ClassUnsupported, "", "", "ephemeral is part of the definition of a secret")
	}
	w := &work{object: fmt.Sprintf("secret %s", def.UUID)}
	w.check = func() error {
		usage, id := usageOf(&def)
		if old != nil {
			if err := sameObject("secret", old.Name, old.UUID, old.Name, def.UUID); err != nil {
				return err
			}
			if usage != old.Usage || id != old.UsageID {
				return backend.Refuse(backend.ClassInvalid, "", old.Name, "cannot change usage of an existing secret")
			}
		}
		return h.checkSecretNew(&def, old)
	}
	w.apply = func() (backend.Result, error) {
		return backend.Result{Created: h.defineSecret(&def, old).ID}, nil
	}
	return w, nil
}
