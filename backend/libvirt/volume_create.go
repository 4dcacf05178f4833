package libvirt

import (
	"context"
	"slices"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// createVolume makes a volume. Source: virStorageVolCreateXML.
func (c *client) createVolume(ctx context.Context, o backend.VolumeCreateOp, progress backend.Progress) (backend.Result, error) {
	if err := checkVolume(o); err != nil {
		return backend.Result{}, err
	}
	x := &libvirtxml.StorageVolume{Name: o.Name, Capacity: bytesOf(o.Capacity), Allocation: bytesOf(o.Allocation), Target: formatOf(o.Format)}
	if o.Backing != "" {
		x.BackingStore = &libvirtxml.StorageVolumeBackingStore{Path: o.Backing, Format: &libvirtxml.StorageVolumeTargetFormat{Type: o.BackingFormat}}
	}
	pool, err := c.findPool(ctx, o.Pool)
	if err != nil {
		return backend.Result{}, err
	}
	return c.makeVolume(ctx, o, pool, x, o.Metadata, progress)
}

// makeVolume sends the XML of a new volume; what is allocated at once may take long.
func (c *client) makeVolume(ctx context.Context, op backend.Op, pool libvirt.StoragePool, x *libvirtxml.StorageVolume,
	metadata bool, progress backend.Progress) (backend.Result, error) {
	text, err := x.Marshal()
	if err != nil {
		return backend.Result{}, deed{doing: op.Title()}.failed(err)
	}
	ch := change{
		deed: deed{doing: op.Title(), limit: copyLimit, change: true},
		run: func(lv *libvirt.Libvirt) (backend.Result, error) {
			v, err := lv.StorageVolCreateXML(pool, text, preallocation(metadata))
			return backend.Result{Created: c.volumeRef(pool.UUID, v.Key)}, err
		},
	}
	carry := c.carry
	if x.Allocation != nil && x.Allocation.Value > 0 {
		carry = func(ctx context.Context, ch change, progress backend.Progress) (backend.Result, error) {
			return c.carryAside(ctx, ch, progress, nil)
		}
	}
	result, err := carry(ctx, ch, progress)
	c.volumesChanged(pool.UUID)
	if err != nil {
		return backend.Result{}, volumeRemedy(err)
	}
	return result, nil
}

func preallocation(metadata bool) libvirt.StorageVolCreateFlags {
	if metadata {
		return libvirt.StorageVolCreatePreallocMetadata
	}
	return 0
}

func bytesOf(n uint64) *libvirtxml.StorageVolumeSize {
	return &libvirtxml.StorageVolumeSize{Unit: "bytes", Value: n}
}

func formatOf(format string) *libvirtxml.StorageVolumeTarget {
	if format == "" {
		return nil
	}
	return &libvirtxml.StorageVolumeTarget{Format: &libvirtxml.StorageVolumeTargetFormat{Type: format}}
}

// volumeFormats are what a new volume may be; the server may know fewer.
func volumeFormats() []string {
	return []string{"", "raw", "qcow2", "iso", "qed", "vmdk", "vdi", "vpc"}
}

// checkVolume refuses what libvirt would refuse with other words, or take in a way
// that nobody wants.
func checkVolume(o backend.VolumeCreateOp) error {
	const doing = "create volume"
	if err := checkFileName(doing, "volume", o.Name); err != nil {
		return err
	}
	refuse := func(format string, args ...any) error {
		return backend.Refuse(backend.ClassInvalid, doing, o.Name, format, args...)
	}
	if err := checkSize(doing, o.Name, o.Capacity); err != nil {
		return err
	}
	switch {
	case !slices.Contains(volumeFormats(), o.Format):
		return refuse("%q is no format of a volume", clip(o.Format))
	case o.Allocation > o.Capacity:
		return refuse("%s can't be allocated in a volume of %s", binarySize(o.Allocation), binarySize(o.Capacity))
	case o.Metadata && o.Format != "qcow2":
		return refuse("only qcow2 has metadata to allocate at once")
	case o.Backing == "" && o.BackingFormat != "":
		return refuse("a format of the file below needs that file")
	case o.Backing == "":
		return nil
	case o.Format != "qcow2" && o.Format != "qed" && o.Format != "vmdk":
		return refuse("a volume on a file below has to be qcow2")
	case !strings.HasPrefix(o.Backing, "/"):
		return refuse("the path of the file below has to begin with a slash")
	case o.BackingFormat == "":
		return refuse("say which format the file below has: a guessed one lets a guest read any file of the host")
	case !slices.Contains(volumeFormats(), o.BackingFormat):
		return refuse("%q is no format of a volume", clip(o.BackingFormat))
	}
	return plainText(doing, "path of the file below", o.Backing)
}

// cloneVolume copies a volume; its progress is how far the copy has grown. Source:
// virStorageVolCreateXMLFrom.
func (c *client) cloneVolume(ctx context.Context, o backend.VolumeCloneOp, progress backend.Progress) (backend.Result, error) {
	if err := checkFileName(o.Title(), "volume", o.Name); err != nil {
		return backend.Result{}, err
	}
	if !slices.Contains(volumeFormats(), o.Format) {
		return backend.Result{}, backend.Refuse(backend.ClassInvalid, o.Title(), o.Name, "%q is no format of a volume", clip(o.Format))
	}
	from, pool, err := c.findVolume(ctx, o.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	into := pool
	if !o.Pool.IsZero() {
		if into, err = c.findPool(ctx, o.Pool); err != nil {
			return backend.Result{}, err
		}
	}
	was, _, err := c.volume(ctx, pool.UUID, from)
	if err != nil {
		return backend.Result{}, err
	}
	format := o.Format
	if format == "" && was.Type == "file" {
		format = was.Format
	}
	if o.Metadata && format != "qcow2" {
		return backend.Result{}, backend.Refuse(backend.ClassInvalid, o.Title(), from.Name, "only qcow2 has metadata to allocate at once")
	}
	x := &libvirtxml.StorageVolume{Name: o.Name, Capacity: bytesOf(was.Capacity), Allocation: bytesOf(was.Allocation), Target: formatOf(format)}
	text, err := x.Marshal()
	if err != nil {
		return backend.Result{}, deed{doing: o.Title()}.failed(err)
	}
	ch := change{
		deed: deed{doing: o.Title(), object: from.Name, limit: copyLimit, change: true},
		run: func(lv *libvirt.Libvirt) (backend.Result, error) {
			v, err := lv.StorageVolCreateXMLFrom(into, text, from, preallocation(o.Metadata))
			return backend.Result{Created: c.volumeRef(into.UUID, v.Key)}, err
		},
	}
	result, err := c.carryAside(ctx, ch, progress, func(ctx context.Context) {
		c.watchGrowth(ctx, into, o.Name, was.Allocation, progress)
	})
	c.volumesChanged(into.UUID)
	if err != nil {
		return backend.Result{}, volumeRemedy(err)
	}
	return result, nil
}

// watchGrowth tells how much of a volume that is being made is there, until ctx ends.
// A server that does not show it before it is whole is not asked on.
func (c *client) watchGrowth(ctx context.Context, pool libvirt.StoragePool, name string, total uint64, progress backend.Progress) {
	if progress.Bytes == nil {
		return
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	last := uint64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		done, err := read(ctx, c, "read volume", name, func(lv *libvirt.Libvirt) (uint64, error) {
			v, err := lv.StorageVolLookupByName(pool, name)
			if err != nil {
				return 0, err
			}
			_, _, allocation, err := lv.StorageVolGetInfo(v)
			return allocation, err
		})
		if fatal(err) {
			return
		}
		if err == nil && done > last && ctx.Err() == nil {
			last = done
			progress.Bytes(int64(min(done, total)), int64(total)) //nolint:gosec // sizes of files
		}
	}
}
