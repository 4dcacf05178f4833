package libvirt

import (
	"context"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// volumeWork is what is done to volumes (G4, G5).
func (c *client) volumeWork(op backend.Op) work {
	switch o := op.(type) {
	case backend.VolumeCreateOp:
		return bind(o, c.createVolume)
	case backend.VolumeDeleteOp:
		return bind(o, c.deleteVolume)
	case backend.VolumeCloneOp:
		return bind(o, c.cloneVolume)
	case backend.VolumeResizeOp:
		return bind(o, c.resizeVolume)
	case backend.VolumeWipeOp:
		return bind(o, c.wipeVolume)
	case backend.VolumeUploadOp:
		return bind(o, c.uploadVolume)
	case backend.VolumeImportOp:
		return bind(o, c.importVolume)
	case backend.VolumeDownloadOp:
		return bind(o, c.downloadVolume)
	default:
		return nil
	}
}

// volumeRemedy says what to do about what volumes are refused for.
func volumeRemedy(err error) error {
	err = withRemedy(err, "Cannot find 'scrub'", "install scrub on the host, or choose zero")
	err = withRemedy(err, "No space left on device", "free some room in the pool, or choose another")
	err = withRemedy(err, "exists already", "choose another name")
	err = withRemedy(err, "already in use", "choose another name")
	err = withRemedy(err, "is not active", "start the pool first")
	return withRemedy(err, "volume is being", "wait for what is being done to the volume")
}

// deleteVolume looks first who needs the volume, from what VMs and volumes say now.
// Source: virStorageVolDelete.
func (c *client) deleteVolume(ctx context.Context, o backend.VolumeDeleteOp, progress backend.Progress) (backend.Result, error) {
	v, pool, now, err := c.volumeNow(ctx, o.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	if err := c.notNeeded(ctx, o.Title(), pool, now); err != nil {
		return backend.Result{}, err
	}
	result, err := c.carry(ctx, plain(o, v.Name, longLimit, func(lv *libvirt.Libvirt) error {
		return lv.StorageVolDelete(v, libvirt.StorageVolDeleteNormal)
	}), progress)
	c.poolRevs.bump(pool.UUID)
	if err == nil {
		c.book.gone(pool.UUID, now.Path)
	}
	return result, volumeRemedy(err)
}

// resizeVolume changes the capacity; smaller only when that is asked for in so many
// words, and while nobody needs what is there. Source: virStorageVolResize.
func (c *client) resizeVolume(ctx context.Context, o backend.VolumeResizeOp, progress backend.Progress) (backend.Result, error) {
	v, pool, now, err := c.volumeNow(ctx, o.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	if err := checkSize(o.Title(), v.Name, o.Capacity); err != nil {
		return backend.Result{}, err
	}
	shrinks := o.Capacity < now.Capacity
	if shrinks && !o.Shrink {
		e := backend.Refuse(backend.ClassInvalid, o.Title(), v.Name, "it has %s now: what lies beyond %s would be lost",
			binarySize(now.Capacity), binarySize(o.Capacity))
		e.Remedy = "allow shrinking, if the guest's file systems end before"
		return backend.Result{}, e
	}
	if shrinks {
		if err := c.notNeeded(ctx, o.Title(), pool, now); err != nil {
			return backend.Result{}, err
		}
	}
	var flags libvirt.StorageVolResizeFlags
	if o.Allocate && !shrinks {
		flags |= libvirt.StorageVolResizeAllocate
	}
	if shrinks {
		flags |= libvirt.StorageVolResizeShrink
	}
	result, err := c.carry(ctx, plain(o, v.Name, longLimit, func(lv *libvirt.Libvirt) error {
		return lv.StorageVolResize(v, o.Capacity, flags)
	}), progress)
	c.volumesChanged(pool.UUID)
	if err != nil {
		return result, volumeRemedy(err)
	}
	result.Text = "from " + binarySize(now.Capacity) + " to " + binarySize(o.Capacity)
	if shrinks {
		result.Text += ": what lay beyond is lost"
	}
	return result, nil
}

// maxSize is the largest file of Linux, in bytes.
const maxSize = 1<<63 - 1

func checkSize(doing, name string, bytes uint64) error {
	switch {
	case bytes == 0:
		return backend.Refuse(backend.ClassInvalid, doing, name, "a size of 0 bytes leaves nothing")
	case bytes > maxSize:
		return backend.Refuse(backend.ClassInvalid, doing, name, "%d bytes are more than a file can have", bytes)
	default:
		return nil
	}
}

// wipeVolume overwrites a volume; libvirt tells no progress and can't be stopped.
// Source: virStorageVolWipePattern.
func (c *client) wipeVolume(ctx context.Context, o backend.VolumeWipeOp, progress backend.Progress) (backend.Result, error) {
	algorithm := -1
	for i, name := range backend.WipeAlgorithms() {
		if name == o.Algorithm {
			algorithm = i
		}
	}
	if algorithm < 0 {
		return backend.Result{}, backend.Refuse(backend.ClassInvalid, o.Title(), "", "%q is no way to wipe; there are %s",
			clip(o.Algorithm), strings.Join(backend.WipeAlgorithms(), ", "))
	}
	// The daemon overwrites as much as it last knew to be allocated: this makes it look.
	v, pool, now, err := c.volumeNow(ctx, o.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	if err := c.notNeeded(ctx, o.Title(), pool, now); err != nil {
		return backend.Result{}, err
	}
	result, err := c.carryAside(ctx, plain(o, v.Name, longLimit, func(lv *libvirt.Libvirt) error {
		return lv.StorageVolWipePattern(v, uint32(algorithm), 0) //nolint:gosec // a place in a short list
	}), progress)
	c.poolRevs.bump(pool.UUID)
	return result, volumeRemedy(err)
}
