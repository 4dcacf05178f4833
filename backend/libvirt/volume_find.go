package libvirt

import (
	"context"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// findVolume looks a volume up by its reference. A file may be a volume of two pools,
// of which the look-up by key gives any. Sources: virStorageVolLookupByKey,
// virStoragePoolListAllVolumes.
func (c *client) findVolume(ctx context.Context, r backend.Ref) (libvirt.StorageVol, libvirt.StoragePool, error) {
	poolID, key, ok := strings.Cut(r.ID, "/")
	if !ok || r.Kind != backend.KindVolume {
		return libvirt.StorageVol{}, libvirt.StoragePool{}, backend.Refuse(backend.ClassNotFound, "find volume", "", "no volume has the id %q", r.ID)
	}
	pool, err := c.findPool(ctx, c.ref(backend.KindPool, poolID))
	if err != nil {
		return libvirt.StorageVol{}, pool, err
	}
	v, err := read(ctx, c, "find volume", key, func(lv *libvirt.Libvirt) (libvirt.StorageVol, error) {
		return lv.StorageVolLookupByKey(key)
	})
	if err != nil || v.Pool == pool.Name {
		return v, pool, err
	}
	all, err := read(ctx, c, "find volume", key, func(lv *libvirt.Libvirt) ([]libvirt.StorageVol, error) {
		all, _, err := lv.StoragePoolListAllVolumes(pool, 1, 0)
		return all, err
	})
	if err != nil {
		return v, pool, err
	}
	for _, v := range all {
		if v.Key == key {
			return v, pool, nil
		}
	}
	return v, pool, backend.Refuse(backend.ClassNotFound, "find volume", key, "the pool %s does not have it", pool.Name)
}

// lookupVolume finds a volume by its reference and reads its XML.
func (c *client) lookupVolume(ctx context.Context, r backend.Ref) (libvirt.StorageVol, *libvirtxml.StorageVolume, error) {
	v, _, err := c.findVolume(ctx, r)
	if err != nil {
		return v, nil, err
	}
	x, err := c.volumeXML(ctx, v)
	return v, x, err
}

// volumeAt finds the volume of an active pool whose data is at a path of the host.
// Source: virStorageVolLookupByPath.
func (c *client) volumeAt(ctx context.Context, path string) (libvirt.StorageVol, error) {
	return read(ctx, c, "find volume", path, func(lv *libvirt.Libvirt) (libvirt.StorageVol, error) {
		return lv.StorageVolLookupByPath(path)
	})
}

// volumeXML reads a volume. Source: virStorageVolGetXMLDesc.
func (c *client) volumeXML(ctx context.Context, v libvirt.StorageVol) (*libvirtxml.StorageVolume, error) {
	text, err := read(ctx, c, "read volume", v.Name, func(lv *libvirt.Libvirt) (string, error) {
		return lv.StorageVolGetXMLDesc(v, 0)
	})
	if err != nil {
		return nil, err
	}
	x := &libvirtxml.StorageVolume{}
	return x, parsed("volume", v.Name, x.Unmarshal(text))
}

// volumeNow looks a volume up and reads what it is now: before it is changed, an older
// answer does not count.
func (c *client) volumeNow(ctx context.Context, r backend.Ref) (libvirt.StorageVol, libvirt.StoragePool, *backend.Volume, error) {
	v, pool, err := c.findVolume(ctx, r)
	if err != nil {
		return v, pool, nil, err
	}
	now, _, err := c.volume(ctx, pool.UUID, v)
	return v, pool, now, err
}
