package mem

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hvdeck/backend"
)

// lifeWork is the life of a VM: new, undefine, managed save, rename, clone, resources,
// migration, keys and screenshots.
func (h *Hypervisor) lifeWork(op backend.Op) (*work, error) {
	if o, ok := op.(backend.VMNewOp); ok {
		return h.vmNew(o)
	}
	switch op.(type) {
	case backend.VMUndefineOp, backend.VMManagedSaveOp, backend.VMManagedSaveRemoveOp, backend.VMRenameOp,
		backend.VMCloneOp, backend.VMResourcesOp, backend.VMMigrateOp, backend.VMSendKeyOp, backend.VMScreenshotOp:
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
	m, err := h.machineOf(op, op.Target())
	if err != nil {
		return nil, err
	}
	w := &work{object: m.Name}
	switch o := op.(type) {
	case backend.VMUndefineOp:
		w.check = func() error { return h.checkUndefine(m, o) }
		w.apply = func() (backend.Result, error) { return h.undefine(m, o), nil }
	case backend.VMManagedSaveOp:
		w.activity = backend.ActivitySuspending
		w.check = func() error { return m.checkSave() }
		w.apply = done(func() { m.saved = true; h.setState(m, backend.PowerOff, "saved") })
	case backend.VMManagedSaveRemoveOp:
		w.check = func() error { return m.checkSaveRemove() }
		w.apply = done(func() { m.saved = false; h.setState(m, backend.PowerOff, "") })
	case backend.VMRenameOp:
		w.check = func() error { return h.checkRename(m, o.Name) }
		w.apply = done(func() { m.Name = o.Name; h.diskChanged(m) })
	case backend.VMCloneOp:
		w.activity = backend.ActivityCloning
		w.check = func() error { return h.checkClone(m, o) }
		w.apply = func() (backend.Result, error) { return h.clone(m, o) }
	case backend.VMResourcesOp:
		w.check = func() error { return m.checkResources(o) }
		w.apply = func() (backend.Result, error) { return backend.Result{Text: m.resize(o)}, nil }
	case backend.VMMigrateOp:
		return h.migrate(m, o), nil
	case backend.VMSendKeyOp:
		w.quick = true
		w.check = func() error { return checkKeys(m, o.Keys) }
		w.apply = done(func() { m.pressed = append(m.pressed, o.Keys) })
	case backend.VMScreenshotOp:
		w.check = func() error { return checkScreenshot(m, o.File) }
		w.move = func(*transfer) error { return saveScreen(m.Name, o.File) }
		w.apply = func() (backend.Result, error) { return backend.Result{Text: "saved " + o.File}, nil }
	}
	return w, nil
}

func (h *Hypervisor) vmNew(o backend.VMNewOp) (*work, error) {
	if err := h.hostFor(o, o.Host); err != nil {
		return nil, err
	}
	w := &work{object: o.Name, shared: true}
	w.check = func() error { return h.checkVMNew(o) }
	w.apply = func() (backend.Result, error) { return backend.Result{Created: h.makeVM(o).ID}, nil }
	return w, nil
}

func (h *Hypervisor) checkVMNew(o backend.VMNewOp) error {
	invalid := func(format string, args ...any) error {
		return backend.Refuse(backend.ClassInvalid, "", "", format, args...)
	}
	if err := h.checkNewVM(o.Name); err != nil {
		return err
	}
	switch {
	case o.VCPUs < 1 || o.VCPUs > 255:
		return invalid("the number of vCPUs is out of range: %d", o.VCPUs)
	case o.Memory < mib || o.Memory > 64*tib:
		return invalid("the memory is out of range: %d bytes", o.Memory)
	case !o.Pool.IsZero() && !o.Disk.IsZero():
		return invalid("either a new disk or an existing volume, not both")
	case !o.Network.IsZero() && h.networkOf(o.Network) == nil:
		return backend.Refuse(backend.ClassNotFound, "", "", "Network not found")
	}
	if o.ISO != "" {
		if err := h.checkMedium(&machine{}, o.ISO); err != nil {
			return err
		}
	}
	if !o.Disk.IsZero() {
		_, v := h.volumeOf(o.Disk)
		if v == nil {
			return backend.Refuse(backend.ClassNotFound, "", "", "Storage volume not found")
		}
		if by := h.users()[v.Path]; len(by) > 0 {
			return backend.Refuse(backend.ClassConflict, "", "", "%s is used by %s", v.Name, strings.Join(by, ", "))
		}
	}
	if o.Pool.IsZero() {
		return nil
	}
	p := h.poolOf(o.Pool)
	if p == nil {
		return backend.Refuse(backend.ClassNotFound, "", "", "Storage pool not found")
	}
	return h.checkVolumeCreate(p, newDisk(o))
}

// newDisk is the volume that a new VM is given.
func newDisk(o backend.VMNewOp) backend.VolumeCreateOp {
	format := or(o.DiskFormat, "qcow2")
	return backend.VolumeCreateOp{Pool: o.Pool, Name: o.Name + "." + format, Format: format, Capacity: o.DiskSize}
}

func (h *Hypervisor) checkNewVM(name string) error {
	if err := checkNewName("VM", name); err != nil {
		return err
	}
	for _, m := range h.vms {
		if m.Name == name {
			return exists("domain '%s' already exists with uuid %s", name, m.UUID)
		}
	}
	return nil
}

// blankVM adds a VM without devices. Needs mu.
func (h *Hypervisor) blankVM(name, uuid string, on *host) *machine {
	m := &machine{
		VM: backend.VM{
			Meta: backend.Meta{ID: h.ref(backend.KindVM, uuid), Name: name},
			UUID: uuid, State: backend.PowerOff, Host: on.ID, HostName: on.Name,
			Guest: "hvm", DomainID: -1, Persistent: true, Tools: toolsWord(false),
		},
		host: on, load: h.newLoad(0.1),
	}
	h.vms = append(h.vms, m)
	h.byRef[m.ID] = m
	return m
}

func (h *Hypervisor) makeVM(o backend.VMNewOp) *machine {
	m := h.blankVM(o.Name, backend.NewUUID(), h.hostOf(o.Host))
	m.VCPUs, m.Memory, m.Autostart, m.uefi = o.VCPUs, o.Memory, o.Autostart, o.UEFI
	var v *volume
	switch {
	case !o.Pool.IsZero():
		d := newDisk(o)
		v = h.addVolume(h.poolOf(o.Pool), backend.Volume{Meta: backend.Meta{Name: d.Name}, Type: "file", Format: d.Format, Capacity: d.Capacity})
	case !o.Disk.IsZero():
		_, v = h.volumeOf(o.Disk)
	}
	if v != nil {
		m.disks = append(m.disks, disk{target: "vda", device: "disk", bus: "virtio", format: v.Format, path: v.Path})
	}
	if o.ISO != "" {
		m.disks = append(m.disks, disk{target: "sda", device: "cdrom", bus: "sata", format: "raw", path: o.ISO, readOnly: true})
	}
	if n := h.networkOf(o.Network); n != nil {
		m.nics = append(m.nics, nic{mac: backend.NewMAC([3]byte{0x52, 0x54, 0}), model: "virtio", network: n.Name})
	}
	if o.Start {
		h.setState(m, backend.PowerOn, "")
	}
	h.diskChanged(m)
	return m
}

func (h *Hypervisor) checkUndefine(m *machine, o backend.VMUndefineOp) error {
	remnant := func(what string) error { return refuse55("cannot undefine domain %s", what) }
	switch {
	case m.saved && !o.ManagedSave:
		return remnant("while domain managed save image exists")
	case len(m.snaps) > 0 && !o.Snapshots:
		return remnant(fmt.Sprintf("with %d snapshots: delete inactive domain", len(m.snaps)))
	case !m.Persistent:
		return refuse55("cannot undefine transient domain")
	case alive(m.State) && len(o.Disks) > 0:
		return backend.Refuse(backend.ClassConflict, "", "", "the VM runs: its disks can't be deleted")
	}
	for _, label := range o.Disks {
		if err := h.checkDiskDelete(m, label); err != nil {
			return err
		}
	}
	return nil
}

// checkDiskDelete refuses a disk whose volume can't go with its VM.
func (h *Hypervisor) checkDiskDelete(m *machine, label string) error {
	d := m.diskAt(label)
	if d == nil {
		return backend.Refuse(backend.ClassNotFound, "", "", "it has no disk %q", label)
	}
	v := h.volumeAt(d.path)
	if v == nil {
		e := backend.Refuse(backend.ClassUnsupported, "", "", "disk %s (%s) is in no storage pool", label, d.path)
		e.Remedy = "delete the file at the host, or define a pool for its directory"
		return e
	}
	return h.checkVolumeDelete(h.poolOf(v.Parent), v, m.Name)
}

func (h *Hypervisor) undefine(m *machine, o backend.VMUndefineOp) backend.Result {
	m.saved, m.snaps, m.current = false, nil, nil
	if alive(m.State) {
		m.Persistent, m.Autostart = false, false
		return backend.Result{Text: "it runs on without a definition until it is powered off"}
	}
	h.forget(m)
	for _, label := range o.Disks {
		if v := h.volumeAt(m.diskAt(label).path); v != nil { // nil: the same one listed twice
			h.deleteVolume(h.poolOf(v.Parent), v)
		}
	}
	return backend.Result{}
}

func (m *machine) checkSave() error {
	switch {
	case !alive(m.State):
		return refuse55("domain is not running")
	case !m.Persistent:
		return refuse55("cannot do managed save for transient domain")
	default:
		return nil
	}
}

func (m *machine) checkSaveRemove() error {
	if !m.saved {
		return refuse55("there is no managed save image")
	}
	return nil
}

func (h *Hypervisor) checkRename(m *machine, name string) error {
	if alive(m.State) {
		return refuse55("domain has to be shutoff before renaming")
	}
	if m.saved {
		return refuse55("domain with a managed saved state can't be renamed")
	}
	if m.Name == name {
		return backend.Refuse(backend.ClassInvalid, "", "", "it is called so already")
	}
	return h.checkNewVM(name)
}

func (m *machine) checkResources(o backend.VMResourcesOp) error {
	maxVCPUs, maxMem := max(m.maxVCPUs, m.VCPUs), max(m.maxMem, m.Memory)
	switch {
	case o.VCPUs < 0 || o.MaxVCPUs < 0 || max(o.VCPUs, o.MaxVCPUs) > 255:
		return backend.Refuse(backend.ClassInvalid, "", "", "the number of vCPUs is out of range")
	case o.VCPUs > or(o.MaxVCPUs, maxVCPUs):
		return backend.Refuse(backend.ClassInvalid, "", "", "requested vcpus is greater than max allowable vcpus: %d > %d", o.VCPUs, or(o.MaxVCPUs, maxVCPUs))
	case o.Memory > or(o.MaxMemory, maxMem):
		return backend.Refuse(backend.ClassInvalid, "", "", "cannot set memory higher than max memory")
	case max(o.Memory, o.MaxMemory) > 64*tib:
		return backend.Refuse(backend.ClassInvalid, "", "", "the memory is out of range")
	default:
		return nil
	}
}

// resize sets vCPUs and memory and says what waits: the maxima of a VM that runs.
func (m *machine) resize(o backend.VMResourcesOp) string {
	waits := alive(m.State) && (o.MaxVCPUs > 0 && o.MaxVCPUs != max(m.maxVCPUs, m.VCPUs) || o.MaxMemory > 0 && o.MaxMemory != max(m.maxMem, m.Memory))
	m.maxVCPUs, m.maxMem = or(o.MaxVCPUs, max(m.maxVCPUs, m.VCPUs)), or(o.MaxMemory, max(m.maxMem, m.Memory))
	m.VCPUs, m.Memory = min(or(o.VCPUs, m.VCPUs), m.maxVCPUs), min(or(o.Memory, m.Memory), m.maxMem)
	switch {
	case waits:
		return "the maxima wait for the next start: a running VM keeps its own"
	case alive(m.State):
		return "done at once and for the next start"
	default:
		return "done for the next start"
	}
}

func checkKeys(m *machine, keys string) error {
	if !alive(m.State) {
		return refuse55("domain is not running")
	}
	for key := range strings.SplitSeq(keys, "+") {
		if !knownKey(strings.ToLower(strings.TrimSpace(key))) {
			return backend.Refuse(backend.ClassInvalid, "", "", "unknown key %q in %q", key, keys)
		}
	}
	return nil
}

func knownKey(key string) bool {
	named := []string{"ctrl", "alt", "shift", "meta", "super", "altgr", "delete", "del", "insert", "home", "end", "pageup", "pagedown",
		"up", "down", "left", "right", "enter", "esc", "escape", "tab", "space", "backspace", "print", "sysrq", "pause", "menu"}
	if slices.Contains(named, key) {
		return true
	}
	if len(key) == 1 {
		return key[0] >= '0' && key[0] <= '9' || key[0] >= 'a' && key[0] <= 'z'
	}
	var n int
	_, err := fmt.Sscanf(key, "f%d", &n)
	return err == nil && n >= 1 && n <= 24 && key == fmt.Sprintf("f%d", n)
}

func checkScreenshot(m *machine, file string) error {
	if !alive(m.State) {
		return refuse55("domain is not running")
	}
	return mayWrite(file, false)
}

// saveScreen draws a screen that differs from VM to VM.
func saveScreen(name, file string) error {
	const width, height = 320, 200
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{R: uint8(x * 255 / width), G: uint8(y * 255 / height), B: name[(x/20)%len(name)], A: 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Clean(file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(out.Bytes())
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(file)
	}
	return err
}
