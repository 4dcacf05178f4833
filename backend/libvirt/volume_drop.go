package libvirt

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// dropVolume deletes a volume that was made here, or that goes with its VM. Sources:
// virStorageVolDelete, virStoragePoolLookupByName.
func (c *client) dropVolume(ctx context.Context, v libvirt.StorageVol) error {
	err := dropVolumeOn(ctx, c.act, v)
	pool, found := read(ctx, c, "find pool", v.Pool, func(lv *libvirt.Libvirt) (libvirt.StoragePool, error) {
		return lv.StoragePoolLookupByName(v.Pool)
	})
	if found == nil {
		c.volumesChanged(pool.UUID)
	}
	return err
}

func dropVolumeOn(ctx context.Context, r *rpcConn, v libvirt.StorageVol) error {
	d := deed{doing: "delete volume", object: v.Name, limit: powerLimit, change: true}
	_, err := call(ctx, r, d, func(lv *libvirt.Libvirt) (struct{}, error) {
		return struct{}{}, lv.StorageVolDelete(v, libvirt.StorageVolDeleteNormal)
	})
	return err
}

// dropMade deletes volumes that were made for something that then failed, and adds to
// the error what could not be deleted. Where the outcome is unknown nothing is
// deleted: what was made may be in use.
func (c *client) dropMade(ctx context.Context, cause error, made []libvirt.StorageVol) error {
	if len(made) == 0 {
		return cause
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	var left []string
	for _, v := range made {
		if backend.ClassOf(cause) == backend.ClassLost {
			left = append(left, v.Name)
			continue
		}
		if err := c.dropVolume(ctx, v); err != nil {
			left = append(left, v.Name)
		}
	}
	if len(left) == 0 {
		return cause
	}
	return withMessage(cause, fmt.Sprintf("; left behind in its pool: %s", strings.Join(left, ", ")))
}
