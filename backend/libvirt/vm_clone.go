package libvirt

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// cloning is a clone under way.
type cloning struct {
	backend.VMCloneOp
	c      *client
	ch     change
	x      *libvirtxml.Domain
	copies []diskCopy
}

// diskCopy is one disk that is copied.
type diskCopy struct {
	disk   int // index in the definition
	source libvirt.StorageVol
	sourceXML,
	wish *libvirtxml.StorageVolume
	pool libvirt.StoragePool
}

// cloneVM copies a VM that is off: all that can be refused is found before the first
// disk is copied, and what was copied is deleted again when it fails. Snapshots are
// not taken along; a disk above a backing file becomes one whole file.
func (c *client) cloneVM(ctx context.Context, o backend.VMCloneOp, progress backend.Progress) (backend.Result, error) {
	if err := checkFileName(o.Title(), "VM", o.Name); err != nil {
		return backend.Result{}, err
	}
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	k := &cloning{VMCloneOp: o, c: c, ch: ch}
	if err := k.look(ctx); err != nil {
		return backend.Result{}, err
	}
	if err := k.plan(ctx); err != nil {
		return backend.Result{}, err
	}
	made, err := k.copyDisks(ctx, progress)
	if err == nil {
		err = ch.cancelled(ctx)
	}
	if err != nil {
		return backend.Result{}, c.dropMade(ctx, err, made)
	}
	text := k.renew()
	d, err := c.defineNew(ctx, ch.deed, k.x)
	if err != nil {
		return backend.Result{}, c.dropMade(ctx, err, made)
	}
	return backend.Result{Created: c.vmRef(d.UUID), Text: text}, nil
}

// cancelled is the error for an operation whose operator has given up; nil otherwise.
func (ch change) cancelled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return ch.deed.failed(context.Canceled)
}

// look reads the original and refuses one whose disks may change under the copy.
func (k *cloning) look(ctx context.Context) error {
	running, err := k.c.vmRuns(ctx, k.ch.domain)
	if err != nil {
		return err
	}
	if running {
		e := k.ch.refuse(backend.ClassConflict, "it runs, so its disks change while they are copied")
		e.Remedy = "shut it down first"
		return e
	}
	saved, err := read(ctx, k.c, "read the state of", k.ch.domain.Name, func(lv *libvirt.Libvirt) (int32, error) {
		return lv.DomainHasManagedSaveImage(k.ch.domain, 0)
	})
	if err = ignoreUnsupported(err); err != nil {
		return err
	}
	if saved != 0 {
		e := k.ch.refuse(backend.ClassConflict, "its memory is saved, and its disks only make sense together with it")
		e.Remedy = "start it and shut it down, or discard its saved state"
		return e
	}
	if err := k.c.vmNameIsFree(ctx, k.Title(), k.Name); err != nil {
		return err
	}
	// The clone has the same passwords: they go back to the server and nowhere else.
	text, err := read(ctx, k.c, "read", k.ch.domain.Name, func(lv *libvirt.Libvirt) (string, error) {
		return lv.DomainGetXMLDesc(k.ch.domain, libvirt.DomainXMLSecure|libvirt.DomainXMLInactive)
	})
	if err != nil {
		return err
	}
	k.x = &libvirtxml.Domain{}
	return parsed("VM", k.ch.domain.Name, k.x.Unmarshal(text))
}

// fateOf is what is asked for a disk, or what suits it.
func (k *cloning) fateOf(d *libvirtxml.DomainDisk) backend.CloneDisk {
	for _, wish := range k.Disks {
		if wish.Target == targetOf(d) {
			return wish
		}
	}
	wish := backend.CloneDisk{Target: targetOf(d)}
	if mayBeShared(d) {
		wish.Fate = backend.DiskShared
	}
	return wish
}

// mayBeShared reports whether two VMs may have a disk: nobody writes to it, or the
// guests are made for that. An empty drive has nothing to share.
func mayBeShared(d *libvirtxml.DomainDisk) bool {
	return d.ReadOnly != nil || d.Shareable != nil || d.Device == "cdrom" || diskPath(d.Source) == ""
}

// plan finds the volume of each disk to copy and the place of the copy.
func (k *cloning) plan(ctx context.Context) error {
	for _, wish := range k.Disks {
		if !slices.ContainsFunc(disksOf(k.x), func(d libvirtxml.DomainDisk) bool { return targetOf(&d) == wish.Target }) {
			return k.ch.refuse(backend.ClassNotFound, "it has no disk %q", clip(wish.Target))
		}
	}
	var kept []libvirtxml.DomainDisk
	for _, d := range disksOf(k.x) {
		wish := k.fateOf(&d)
		if wish.Fate == backend.DiskLeftOut {
			continue
		}
		if wish.Fate == backend.DiskShared && !mayBeShared(&d) {
			e := k.ch.refuse(backend.ClassConflict, "disk %s can be written to: two VMs that write to it destroy it", targetOf(&d))
			e.Remedy = "copy it or leave it out, or mark it <shareable/> if the guests can share it"
			return e
		}
		if wish.Fate == backend.DiskCopied && diskPath(d.Source) != "" {
			one, err := k.planCopy(ctx, &d, wish)
			if err != nil {
				return err
			}
			one.disk = len(kept)
			k.copies = append(k.copies, one)
		}
		kept = append(kept, d)
	}
	if k.x.Devices != nil {
		k.x.Devices.Disks = kept
	}
	return nil
}

func (k *cloning) planCopy(ctx context.Context, d *libvirtxml.DomainDisk, wish backend.CloneDisk) (diskCopy, error) {
	var one diskCopy
	path, err := k.c.sourcePath(ctx, d.Source)
	if err != nil {
		return one, err
	}
	one.source, err = k.c.volumeAt(ctx, path)
	if err != nil {
		if backend.ClassOf(err) != backend.ClassNotFound {
			return one, err
		}
		e := k.ch.refuse(backend.ClassUnsupported, "disk %s (%s) is in no active storage pool, and libvirt copies only volumes", wish.Target, path)
		e.Remedy = "define and start a pool for its directory, or leave the disk out"
		return one, e
	}
	if one.sourceXML, err = k.c.volumeXML(ctx, one.source); err != nil {
		return one, err
	}
	if one.pool, err = k.poolFor(ctx, wish, one.source); err != nil {
		return one, err
	}
	name := wish.Name
	if name == "" {
		name = k.Name + "-" + wish.Target + filepath.Ext(one.source.Name)
	}
	if err := checkFileName(k.Title(), "volume", name); err != nil {
		return one, err
	}
	one.wish = &libvirtxml.StorageVolume{Name: name, Capacity: one.sourceXML.Capacity,
		Allocation: &libvirtxml.StorageVolumeSize{Unit: "bytes", Value: 0}}
	if one.sourceXML.Target != nil && one.sourceXML.Target.Format != nil {
		one.wish.Target = &libvirtxml.StorageVolumeTarget{Format: one.sourceXML.Target.Format}
	}
	return one, k.volumeIsFree(ctx, one)
}

// poolFor is the pool asked for, or that of the original.
func (k *cloning) poolFor(ctx context.Context, wish backend.CloneDisk, v libvirt.StorageVol) (libvirt.StoragePool, error) {
	if !wish.Pool.IsZero() {
		return k.c.findPool(ctx, wish.Pool)
	}
	return read(ctx, k.c, "find the pool of", v.Name, func(lv *libvirt.Libvirt) (libvirt.StoragePool, error) {
		return lv.StoragePoolLookupByVolume(v)
	})
}

func (k *cloning) volumeIsFree(ctx context.Context, one diskCopy) error {
	_, err := read(ctx, k.c, "find volume", one.wish.Name, func(lv *libvirt.Libvirt) (libvirt.StorageVol, error) {
		return lv.StorageVolLookupByName(one.pool, one.wish.Name)
	})
	if err == nil {
		return k.ch.refuse(backend.ClassConflict, "pool %s has a volume %s already", one.pool.Name, one.wish.Name)
	}
	return ignoreGone(err)
}

// renew gives the clone what must not be the same twice. The result is for the
// operator.
func (k *cloning) renew() string {
	x := k.x
	x.ID, x.Name, x.UUID = nil, k.Name, backend.NewUUID()
	if x.GenID != nil {
		x.GenID = &libvirtxml.DomainGenID{Value: backend.NewUUID()}
	}
	if x.Devices != nil {
		for i := range x.Devices.Interfaces {
			nic := &x.Devices.Interfaces[i]
			nic.MAC = &libvirtxml.DomainInterfaceMAC{Address: newMAC()}
			nic.Target = nil
		}
	}
	var notes []string
	if x.OS != nil && x.OS.NVRam != nil && (x.OS.NVRam.NVRam != "" || x.OS.NVRam.Source != nil) {
		x.OS.NVRam.NVRam, x.OS.NVRam.Source = "", nil // libvirt makes it anew under the new name
		notes = append(notes, "its UEFI variables begin anew")
	}
	if hasTPMState(x) {
		notes = append(notes, "its TPM begins empty")
	}
	if n := len(k.copies); n > 0 {
		notes = append([]string{fmt.Sprintf("%d disks copied", n)}, notes...)
	}
	return strings.Join(notes, "; ")
}
