package libvirt

import (
	"context"
	"fmt"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// deviceWork attaches and detaches devices and changes media.
func (c *client) deviceWork(op backend.Op) work {
	switch o := op.(type) {
	case backend.VMAttachDiskOp:
		return bind(o, c.attachDisk)
	case backend.VMAttachNICOp:
		return bind(o, c.attachNIC)
	case backend.VMDetachOp:
		return bind(o, c.detach)
	case backend.VMMediaOp:
		return bind(o, c.changeMedium)
	default:
		return nil
	}
}

// fitting is a change of a VM's devices under way.
type fitting struct {
	c    *client
	ch   change
	live *libvirtxml.Domain // nil where it does not run
	// config is the lasting definition; nil where it has none.
	config   *libvirtxml.Domain
	progress backend.Progress
}

// fit begins a change of devices: it reads what the VM has.
func (c *client) fit(ctx context.Context, op backend.Op, progress backend.Progress) (*fitting, error) {
	ch, err := c.changeOf(ctx, op)
	if err != nil {
		return nil, err
	}
	f := &fitting{c: c, ch: ch, progress: progress}
	runs, err := c.vmRuns(ctx, ch.domain)
	if err != nil {
		return nil, err
	}
	lasts, err := c.vmLasts(ctx, ch.domain)
	if err != nil {
		return nil, err
	}
	if runs {
		if f.live, err = c.vmXML(ctx, ch.domain, 0); err != nil {
			return nil, err
		}
	}
	if lasts {
		if f.config, err = c.vmXML(ctx, ch.domain, libvirt.DomainXMLInactive); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// where it is changed: both where there is both.
func (f *fitting) where() libvirt.DomainDeviceModifyFlags {
	return flagIf(f.live != nil, libvirt.DomainDeviceModifyLive) | flagIf(f.config != nil, libvirt.DomainDeviceModifyConfig)
}

// any is the definition that tells what kind of machine it is.
func (f *fitting) any() *libvirtxml.Domain {
	if f.config != nil {
		return f.config
	}
	return f.live
}

// attach plugs a device in. Where a running VM can't take it, but its definition can,
// it comes with the next start. Source: virDomainAttachDeviceFlags.
func (f *fitting) attach(ctx context.Context, device interface{ Marshal() (string, error) }) (backend.Result, error) {
	text, err := written(device)
	if err != nil {
		return backend.Result{}, err
	}
	flags := f.where()
	err = f.send(ctx, flags, text)
	if err == nil || !waitsForStart(err) || flags != libvirt.DomainDeviceModifyLive|libvirt.DomainDeviceModifyConfig {
		return backend.Result{}, err
	}
	e, _ := backendError(err)
	return f.attachLater(ctx, device, e.Message)
}

// attachLater puts a device into the lasting definition only.
func (f *fitting) attachLater(ctx context.Context, device interface{ Marshal() (string, error) }, why string) (backend.Result, error) {
	if f.config == nil {
		return backend.Result{}, f.ch.refuse(backend.ClassConflict, "it runs without a lasting definition, and %s", why)
	}
	text, err := written(device)
	if err != nil {
		return backend.Result{}, err
	}
	if err := f.send(ctx, libvirt.DomainDeviceModifyConfig, text); err != nil {
		return backend.Result{}, err
	}
	return backend.Result{Text: fmt.Sprintf("from the next start: it runs, and can't take it now (%s)", why)}, nil
}

func (f *fitting) send(ctx context.Context, flags libvirt.DomainDeviceModifyFlags, text string) error {
	ch := f.ch
	ch.run = plainly(func(lv *libvirt.Libvirt) error {
		return lv.DomainAttachDeviceFlags(ch.domain, text, uint32(flags)) //nolint:gosec // flags
	})
	_, err := f.c.carryOut(ctx, ch, f.progress)
	return err
}

// waitsForStart reports whether a device was refused only because the VM runs: it
// can't be plugged in, or there is no free slot.
func waitsForStart(err error) bool {
	e, ok := backendError(err)
	if !ok || e.Class == backend.ClassLost {
		return false
	}
	if hasCode(e.Err, libvirt.ErrConfigUnsupported, libvirt.ErrOperationUnsupported) {
		return strings.Contains(e.Message, "hotplug") || strings.Contains(e.Message, "hot plug")
	}
	return strings.Contains(e.Message, "No more available PCI slots") || strings.Contains(e.Message, "hotplug isn't supported")
}

// attachDisk gives a VM a disk or a drive.
func (c *client) attachDisk(ctx context.Context, o backend.VMAttachDiskOp, progress backend.Progress) (backend.Result, error) {
	f, err := c.fit(ctx, o, progress)
	if err != nil {
		return backend.Result{}, err
	}
	if err := f.checkDisk(o); err != nil {
		return backend.Result{}, err
	}
	disk := &libvirtxml.DomainDisk{Device: o.Device, Driver: &libvirtxml.DomainDiskDriver{Name: "qemu", Type: o.Format}}
	bus := o.Bus
	if bus == "" {
		bus = f.busFor(o.Device)
	}
	disk.Target = &libvirtxml.DomainDiskTarget{Dev: freeTarget(bus, f.live, f.config), Bus: bus}
	if o.ReadOnly || o.Device == "cdrom" {
		disk.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
	}
	if o.Path != "" {
		source, format, err := c.sourceAt(ctx, o.Path)
		if err == nil && disk.ReadOnly == nil {
			err = c.mayUse(ctx, o.Title(), volumeData{path: o.Path})
		}
		if err != nil {
			return backend.Result{}, err
		}
		if disk.Source = source; disk.Driver.Type == "" {
			disk.Driver.Type = format
		}
	}
	if disk.Driver.Type == "" {
		disk.Driver.Type = "raw"
	}
	if f.live == nil || plugs(bus) {
		return f.attach(ctx, disk)
	}
	return f.attachLater(ctx, disk, "devices on the "+bus+" bus can't be plugged in")
}

// plugs reports whether devices can be plugged into a bus of a machine that runs.
func plugs(bus string) bool { return bus != "ide" && bus != "sata" && bus != "fdc" }

func (f *fitting) checkDisk(o backend.VMAttachDiskOp) error {
	switch {
	case o.Device != "disk" && o.Device != "cdrom" && o.Device != "floppy":
		return f.ch.refuse(backend.ClassInvalid, "%q is no kind of disk: disk, cdrom or floppy", clip(o.Device))
	case o.Path == "" && o.Device == "disk":
		return f.ch.refuse(backend.ClassInvalid, "a disk needs the path of its image or device")
	case o.Path != "" && !strings.HasPrefix(o.Path, "/"):
		return f.ch.refuse(backend.ClassInvalid, "%q is not a full path at the host", clip(o.Path))
	case f.has(o.Path):
		return f.ch.refuse(backend.ClassConflict, "it has %s already", o.Path)
	default:
		return nil
	}
}

// has reports whether the VM has a disk with this path.
func (f *fitting) has(path string) bool {
	for _, x := range []*libvirtxml.Domain{f.live, f.config} {
		for _, d := range disksOf(x) {
			if path != "" && diskPath(d.Source) == path {
				return true
			}
		}
	}
	return false
}

// busFor is the best that fits the machine.
func (f *fitting) busFor(device string) string {
	arch, machine := "", ""
	if os := f.any().OS; os != nil && os.Type != nil {
		arch, machine = os.Type.Arch, os.Type.Machine
	}
	switch device {
	case "cdrom":
		return cdromBus(arch, machine)
	case "floppy":
		return "fdc"
	default:
		return "virtio"
	}
}

// sourceAt is what is at a path of the host, and its format: that of the volume, where
// it is one. A format is never guessed from the bytes: a guest could write there what
// makes it another one.
func (c *client) sourceAt(ctx context.Context, path string) (*libvirtxml.DomainDiskSource, string, error) {
	v, err := c.volumeAt(ctx, path)
	if err == nil {
		x, err := c.volumeXML(ctx, v)
		if err != nil {
			return nil, "", err
		}
		return volumeSource(v, x), volumeFormat(x), nil
	}
	if ignoreGone(ignoreUnsupported(err)) != nil {
		return nil, "", err
	}
	if strings.HasPrefix(path, "/dev/") {
		return &libvirtxml.DomainDiskSource{Block: &libvirtxml.DomainDiskSourceBlock{Dev: path}}, "raw", nil
	}
	return &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: path}}, "raw", nil
}
