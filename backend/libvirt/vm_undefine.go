package libvirt

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// undefineVM removes a definition with exactly the remnants that are ticked, and after
// that the volumes of the disks. What speaks against one is found before anything is
// done. Sources: virDomainUndefineFlags, virStorageVolLookupByPath, virStorageVolDelete.
func (c *client) undefineVM(ctx context.Context, o backend.VMUndefineOp, progress backend.Progress) (backend.Result, error) {
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	volumes, err := c.disksToGo(ctx, ch, o)
	if err != nil {
		return backend.Result{}, err
	}
	flags, err := c.undefineFlags(ctx, ch, o)
	if err != nil {
		return backend.Result{}, err
	}
	ch.run = plainly(func(lv *libvirt.Libvirt) error {
		if flags == 0 {
			return lv.DomainUndefine(ch.domain)
		}
		return lv.DomainUndefineFlags(ch.domain, flags)
	})
	if _, err := c.carryOut(ctx, ch, progress); err != nil {
		return backend.Result{}, withUndefineRemedy(err)
	}
	c.snapshots.forget(ch.domain.UUID)
	return c.deleteVolumes(ctx, ch, volumes)
}

// disksToGo finds the volumes of the listed disks and refuses those that anything else
// needs.
func (c *client) disksToGo(ctx context.Context, ch change, o backend.VMUndefineOp) ([]libvirt.StorageVol, error) {
	if len(o.Disks) == 0 {
		return nil, nil
	}
	running, err := c.vmRuns(ctx, ch.domain)
	if err != nil {
		return nil, err
	}
	if running {
		err := ch.refuse(backend.ClassConflict, "it runs, so its disks can't be deleted")
		err.Remedy = "power it off first, or keep the disks"
		return nil, err
	}
	x, err := c.vmXML(ctx, ch.domain, libvirt.DomainXMLInactive)
	if err != nil {
		return nil, err
	}
	if err := c.lookAgain(ctx, diskPaths(x)...); err != nil {
		return nil, err
	}
	var volumes []libvirt.StorageVol
	var going []volumeData
	for _, label := range o.Disks {
		v, path, err := c.diskToGo(ctx, ch, x, label)
		if err != nil {
			return nil, err
		}
		if data := (volumeData{path, v.Pool, v.Name}); !slices.Contains(going, data) {
			volumes, going = append(volumes, v), append(going, data)
		}
	}
	uses, err := c.usesBesides(ctx, ch.domain.UUID, 0)
	if err != nil {
		return nil, err
	}
	doing := ch.deed.doing + ": delete volume"
	if err := uses.unused(doing, going...); err != nil {
		return nil, err
	}
	return volumes, uses.certain(doing, going...)
}

// diskPaths are the files of a VM's disks.
func diskPaths(x *libvirtxml.Domain) []string {
	var paths []string
	for _, d := range disksOf(x) {
		paths = append(paths, diskPath(d.Source))
	}
	return paths
}

// diskToGo finds the volume of a disk, and the path of its data.
func (c *client) diskToGo(ctx context.Context, ch change, x *libvirtxml.Domain, label string) (libvirt.StorageVol, string, error) {
	disks := disksOf(x)
	i := slices.IndexFunc(disks, func(d libvirtxml.DomainDisk) bool { return targetOf(&d) == label })
	if i < 0 {
		return libvirt.StorageVol{}, "", ch.refuse(backend.ClassNotFound, "it has no disk %q", clip(label))
	}
	path, err := c.sourcePath(ctx, disks[i].Source)
	if err != nil {
		return libvirt.StorageVol{}, "", err
	}
	if path == "" {
		return libvirt.StorageVol{}, "", ch.refuse(backend.ClassUnsupported, "disk %s has no volume to delete", label)
	}
	v, err := c.volumeAt(ctx, path)
	if backend.ClassOf(err) == backend.ClassNotFound {
		err := ch.refuse(backend.ClassUnsupported, "disk %s (%s) is in no active storage pool, and libvirt deletes only volumes", label, path)
		err.Remedy = "delete the file at the host, or define a pool for its directory"
		return v, "", err
	}
	return v, path, err
}

// undefineFlags asks for what is ticked, and only for what the VM has: drivers refuse
// flags for what they don't know.
func (c *client) undefineFlags(ctx context.Context, ch change, o backend.VMUndefineOp) (libvirt.DomainUndefineFlagsValues, error) {
	x, err := c.vmXML(ctx, ch.domain, libvirt.DomainXMLInactive)
	if err != nil {
		return 0, err
	}
	var flags libvirt.DomainUndefineFlagsValues
	if hasNVRAM(x) {
		flags |= either(o.NVRAM, libvirt.DomainUndefineNvram, libvirt.DomainUndefineKeepNvram)
	}
	if hasTPMState(x) {
		flags |= either(o.TPM, libvirt.DomainUndefineTpm, libvirt.DomainUndefineKeepTpm)
	}
	flags |= flagIf(o.ManagedSave, libvirt.DomainUndefineManagedSave)
	if !o.Snapshots {
		return flags, nil
	}
	flags |= libvirt.DomainUndefineSnapshotsMetadata
	n, err := read(ctx, c, "list checkpoints of", ch.domain.Name, func(lv *libvirt.Libvirt) (int, error) {
		all, _, err := lv.DomainListAllCheckpoints(ch.domain, 1, 0)
		return len(all), err
	})
	if ignoreUnsupported(err) != nil {
		return 0, err
	}
	return flags | flagIf(n > 0, libvirt.DomainUndefineCheckpointsMetadata), nil
}

func either[T any](yes bool, a, b T) T {
	if yes {
		return a
	}
	return b
}

// hasNVRAM reports whether the VM keeps UEFI variables in a file.
func hasNVRAM(x *libvirtxml.Domain) bool {
	return x.OS != nil && (x.OS.NVRam != nil || x.OS.Firmware == "efi" || x.OS.Loader != nil && x.OS.Loader.Type == "pflash")
}

// hasTPMState reports whether the VM has a TPM that the host emulates.
func hasTPMState(x *libvirtxml.Domain) bool {
	if x.Devices == nil {
		return false
	}
	for _, t := range x.Devices.TPMs {
		if t.Backend != nil && t.Backend.Emulator != nil {
			return true
		}
	}
	return false
}

// withUndefineRemedy says what to tick for what the server refused over.
func withUndefineRemedy(err error) error {
	e, ok := backendError(err)
	if !ok {
		return err
	}
	remedy := ""
	for words, tick := range map[string]string{
		"managed save": "discard its saved state as well",
		"snapshots":    "remove its snapshots' metadata as well, or delete the snapshots first",
		"checkpoints":  "remove its snapshots' metadata as well: that includes checkpoints",
		"nvram":        "tick UEFI variables",
	} {
		if strings.Contains(e.Message, words) {
			remedy = tick
		}
	}
	if remedy == "" {
		return err
	}
	helped := *e
	helped.Remedy = remedy
	return &helped
}

// deleteVolumes deletes what was listed and names every failure; the VM is gone by
// then in any case.
func (c *client) deleteVolumes(ctx context.Context, ch change, volumes []libvirt.StorageVol) (backend.Result, error) {
	var deleted, failures []string
	var first *backend.Error
	for _, v := range volumes {
		err := c.dropVolume(context.WithoutCancel(ctx), v)
		if err == nil {
			deleted = append(deleted, v.Name)
			continue
		}
		e, ok := backendError(err)
		if !ok {
			e = &backend.Error{Message: err.Error(), Err: err}
		}
		if first == nil {
			first = e
		}
		failures = append(failures, fmt.Sprintf("volume %s: %s", v.Name, e.Message))
	}
	if first != nil {
		return backend.Result{}, &backend.Error{Class: first.Class, Code: first.Code, Doing: ch.deed.doing, Object: ch.deed.object,
			Message: fmt.Sprintf("its definition is gone, but %d of %d volumes could not be deleted: %s",
				len(failures), len(volumes), strings.Join(failures, "; ")), Err: first.Err}
	}
	if len(deleted) == 0 {
		return backend.Result{}, nil
	}
	return backend.Result{Text: "deleted " + listed("volume", deleted)}, nil
}
