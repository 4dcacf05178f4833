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
	d := deed{doing: "delete volume", object: v.Name, limit: powerLimit, change: true}
	_, err := call(ctx, c.act, d, func(lv *libvirt.Libvirt) (struct{}, error) {
		return struct{}{}, lv.StorageVolDelete(v, libvirt.StorageVolDeleteNormal)
	})
	pool, found := read(ctx, c, "find pool", v.Pool, func(lv *libvirt.Libvirt) (libvirt.StoragePool, error) {
		return lv.StoragePoolLookupByName(v.Pool)
	})
	if found == nil {
		c.volumesChanged(pool.UUID)
	}
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

// dropPatience is how long the daemon may take to let go of a volume after a transfer
// was cut: it notices the cut before it closes the volume.
const dropPatience = 10 * time.Second

// dropImport deletes a volume that was made for a file of which not all arrived, and
// says so; when it can't be deleted, that it is left behind.
func (c *client) dropImport(v libvirt.StorageVol, cause error) error {
	e, ok := backendError(cause)
	if !ok {
		return cause
	}
	out := *e
	err := c.dropHeld(v)
	if err == nil {
		out.Message = before(out.Message, ": the volume holds part") + "; the new volume was deleted again"
		if out.Class == backend.ClassLost {
			out.Class = backend.ClassUnreachable // nothing is left that could be unknown
		}
		return &out
	}
	out.Remedy = "delete the volume " + v.Name + ": it holds part of the file and could not be deleted (" + err.Error() + ")"
	return &out
}

// dropHeld deletes a volume once the daemon has let go of it.
func (c *client) dropHeld(v libvirt.StorageVol) error {
	ctx, cancel := context.WithTimeout(context.Background(), dropPatience)
	defer cancel()
	for {
		err := c.dropVolume(ctx, v)
		if ignoreGone(err) == nil || fatal(err) || backend.ClassOf(err) == backend.ClassLost {
			return ignoreGone(err)
		}
		if !pause(ctx, lookAtWork) {
			return err
		}
	}
}
