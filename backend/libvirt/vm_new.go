package libvirt

import (
	"context"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// newVM defines a plain VM, with a disk that is deleted again when that fails.
func (c *client) newVM(ctx context.Context, o backend.VMNewOp, progress backend.Progress) (backend.Result, error) {
	if err := checkNewVM(o); err != nil {
		return backend.Result{}, err
	}
	p, err := c.platform(ctx, o.Title())
	if err != nil {
		return backend.Result{}, err
	}
	if err := checkPlatform(o, p); err != nil {
		return backend.Result{}, err
	}
	v := plainVM{name: o.Name, vcpus: o.VCPUs, memory: o.Memory, iso: o.ISO, uefi: o.UEFI}
	if err := c.vmNameIsFree(ctx, o.Title(), o.Name); err != nil {
		return backend.Result{}, err
	}
	if !o.Network.IsZero() {
		n, err := c.lookupNetwork(ctx, o.Network)
		if err != nil {
			return backend.Result{}, err
		}
		v.network = n.Name
	}
	made, err := c.newVMDisk(ctx, o, &v, p, progress)
	if err != nil {
		return backend.Result{}, err
	}
	define := deed{doing: o.Title(), limit: powerLimit, change: true}
	if ctx.Err() != nil {
		return backend.Result{}, c.dropMade(ctx, define.failed(context.Canceled), made)
	}
	d, err := c.defineNew(ctx, define, v.domainXML(p))
	if err != nil {
		return backend.Result{}, c.dropMade(ctx, err, made)
	}
	return c.afterNew(ctx, o, d, progress)
}

// checkNewVM refuses what no host can take.
func checkNewVM(o backend.VMNewOp) error {
	refuse := func(format string, args ...any) error {
		return backend.Refuse(backend.ClassInvalid, o.Title(), "", format, args...)
	}
	if err := checkFileName("create VM", "VM", o.Name); err != nil {
		return err
	}
	switch {
	case o.VCPUs < 1:
		return refuse("a VM needs at least 1 vCPU, not %d", o.VCPUs)
	case o.Memory < 1<<20:
		return refuse("a VM needs at least 1 MiB of memory, not %d bytes", o.Memory)
	case o.Memory > memoryLimit:
		return refuse("%d bytes of memory are more than libvirt can express", o.Memory)
	case !o.Pool.IsZero() && !o.Disk.IsZero():
		return refuse("choose either a new disk or one that exists")
	case !o.Pool.IsZero() && o.DiskSize == 0:
		return refuse("a new disk needs a size")
	case o.DiskSize > diskLimit:
		return refuse("%d bytes are more than libvirt can give a disk", o.DiskSize)
	case !o.Pool.IsZero() && o.DiskFormat != "qcow2" && o.DiskFormat != "raw":
		return refuse("a disk can't have the format %q: qcow2 or raw", clip(o.DiskFormat))
	case o.ISO != "" && !strings.HasPrefix(o.ISO, "/"):
		return refuse("the installation medium needs its full path at the host, not %q", clip(o.ISO))
	default:
		return nil
	}
}

const (
	// memoryLimit and diskLimit are what libvirt and QEMU count with: signed 64 bits.
	memoryLimit = 1<<63 - 1
	diskLimit   = 1<<63 - 1
)

// checkPlatform refuses what this host does not offer.
func checkPlatform(o backend.VMNewOp, p guestPlatform) error {
	if limit := p.offers.VCPU; limit != nil && limit.Max > 0 && o.VCPUs > int(limit.Max) {
		return backend.Refuse(backend.ClassInvalid, o.Title(), "", "%d vCPUs are more than the %d that this host can give a VM", o.VCPUs, limit.Max)
	}
	if o.UEFI && !p.offersUEFI() {
		err := backend.Refuse(backend.ClassUnsupported, o.Title(), "", "the host has no UEFI firmware for %s guests", p.arch)
		err.Remedy = "install OVMF (edk2) on the host, or choose BIOS"
		return err
	}
	return nil
}

// vmNameIsFree refuses a name that a VM has, before a disk is made for it.
func (c *client) vmNameIsFree(ctx context.Context, doing, name string) error {
	_, err := read(ctx, c, "find", name, func(lv *libvirt.Libvirt) (libvirt.Domain, error) { return lv.DomainLookupByName(name) })
	switch {
	case err == nil:
		return backend.Refuse(backend.ClassConflict, doing, name, "a VM of this name exists already")
	case backend.ClassOf(err) == backend.ClassNotFound:
		return nil
	default:
		return err
	}
}

// newVMDisk makes the disk, or takes the one that exists. What it made comes back.
func (c *client) newVMDisk(ctx context.Context, o backend.VMNewOp, v *plainVM, p guestPlatform, progress backend.Progress) ([]libvirt.StorageVol, error) {
	if o.Pool.IsZero() && o.Disk.IsZero() {
		return nil, nil
	}
	var made []libvirt.StorageVol
	var vol libvirt.StorageVol
	var x *libvirtxml.StorageVolume
	var err error
	if o.Disk.IsZero() {
		vol, x, err = c.makeVMDisk(ctx, o, progress)
		if err == nil || vol.Name != "" {
			made = append(made, vol)
		}
	} else {
		vol, x, err = c.lookupVolume(ctx, o.Disk)
		if err == nil {
			err = c.mayUse(ctx, o.Title(), volumeData{volumePath(x), vol.Pool, vol.Name})
		}
	}
	if err != nil {
		return nil, c.dropMade(ctx, err, made)
	}
	bus := "virtio"
	if !p.full() {
		bus = "ide"
	}
	v.disk = diskOn(vol, x, busPrefix(bus)+"a", bus)
	return made, nil
}

func (c *client) makeVMDisk(ctx context.Context, o backend.VMNewOp, progress backend.Progress) (libvirt.StorageVol, *libvirtxml.StorageVolume, error) {
	pool, err := c.findPool(ctx, o.Pool)
	if err != nil {
		return libvirt.StorageVol{}, nil, err
	}
	files, err := c.poolOfFiles(ctx, o.Pool)
	if err != nil {
		return libvirt.StorageVol{}, nil, err
	}
	wish := &libvirtxml.StorageVolume{Name: o.Name, Capacity: bytesOf(o.DiskSize)}
	if files {
		wish.Name += "." + o.DiskFormat
		wish.Allocation, wish.Target = bytesOf(0), formatOf(o.DiskFormat)
	}
	d := deed{doing: o.Title() + ": make its disk", object: wish.Name}
	vol, err := c.makeVolume(ctx, d, pool, wish, false, progress)
	if err != nil {
		return vol, nil, err
	}
	x, err := c.volumeXML(context.WithoutCancel(ctx), vol)
	return vol, x, err
}

// defineNew sends the definition of a new VM. Source: virDomainDefineXMLFlags.
func (c *client) defineNew(ctx context.Context, d deed, x *libvirtxml.Domain) (libvirt.Domain, error) {
	text, err := written(x)
	if err != nil {
		return libvirt.Domain{}, err
	}
	return call(context.WithoutCancel(ctx), c.act, d, func(lv *libvirt.Libvirt) (libvirt.Domain, error) {
		return validated(func(validate bool) (libvirt.Domain, error) {
			return lv.DomainDefineXMLFlags(text, flagIf(validate, libvirt.DomainDefineValidate))
		})
	})
}

// afterNew does what was asked for besides. What fails here leaves the VM defined.
func (c *client) afterNew(ctx context.Context, o backend.VMNewOp, d libvirt.Domain, progress backend.Progress) (backend.Result, error) {
	result := backend.Result{Created: c.vmRef(d.UUID)}
	follow := func(wanted bool, doing string, fn func(*libvirt.Libvirt) error) error {
		if !wanted {
			return nil
		}
		ch := change{domain: d, run: plainly(fn), deed: deed{doing: doing, object: d.Name, limit: powerLimit, change: true}}
		_, err := c.carryOut(ctx, ch, progress)
		return err
	}
	err := firstError(
		follow(o.Autostart, "the VM is defined; set autostart of", func(lv *libvirt.Libvirt) error { return lv.DomainSetAutostart(d, 1) }),
		follow(o.Start, "the VM is defined; start", func(lv *libvirt.Libvirt) error { return lv.DomainCreate(d) }),
	)
	return result, err
}
