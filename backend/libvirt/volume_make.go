package libvirt

import (
	"context"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// makeVolume sends the XML of a new volume; what is allocated at once may take long.
// Source: virStorageVolCreateXML.
func (c *client) makeVolume(ctx context.Context, d deed, pool libvirt.StoragePool, x *libvirtxml.StorageVolume,
	metadata bool, progress backend.Progress) (libvirt.StorageVol, error) {
	text, err := written(x)
	if err != nil {
		return libvirt.StorageVol{}, err
	}
	d.limit, d.change = longLimit, true
	made := make(chan libvirt.StorageVol, 1)
	ch := change{deed: d, run: func(lv *libvirt.Libvirt) (backend.Result, error) {
		v, err := lv.StorageVolCreateXML(pool, text, preallocation(metadata))
		made <- v
		return backend.Result{}, err
	}}
	carry := c.carry
	if x.Allocation != nil && x.Allocation.Value > 0 {
		carry = c.carryAside
	}
	_, err = carry(ctx, ch, progress)
	c.volumesChanged(pool.UUID)
	if err != nil {
		return libvirt.StorageVol{}, volumeRemedy(err)
	}
	return <-made, nil
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
