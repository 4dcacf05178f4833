package libvirt

import (
	"context"
	"slices"
	"strings"

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
	v, err := c.makeVolume(ctx, deed{doing: o.Title()}, pool, x, o.Metadata, progress)
	if err != nil {
		return backend.Result{}, err
	}
	return backend.Result{Created: c.volumeRef(pool.UUID, v.Key)}, nil
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
	from, pool, was, err := c.volumeNow(ctx, o.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	into := pool
	if !o.Pool.IsZero() {
		if into, err = c.findPool(ctx, o.Pool); err != nil {
			return backend.Result{}, err
		}
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
		deed: deed{doing: o.Title(), object: from.Name, limit: longLimit, change: true},
		run: func(lv *libvirt.Libvirt) (backend.Result, error) {
			v, err := lv.StorageVolCreateXMLFrom(into, text, from, preallocation(o.Metadata))
			return backend.Result{Created: c.volumeRef(into.UUID, v.Key)}, err
		},
	}
	stop := c.followGrowth(growing{pool: into, name: o.Name, most: was.Allocation, total: was.Allocation}, progress)
	result, err := c.carryAside(ctx, ch, progress)
	stop()
	c.volumesChanged(into.UUID)
	if err != nil {
		return backend.Result{}, volumeRemedy(err)
	}
	return result, nil
}
