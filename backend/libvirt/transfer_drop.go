package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// dropPatience is how long the daemon may take to let go of a volume after a transfer
// was cut: it notices the cut before it closes the volume.
const dropPatience = 10 * time.Second

// dropImport deletes a volume that was made for a file of which not all arrived, and
// says so; when it can't be deleted, that it is left behind.
func (c *client) dropImport(o backend.VolumeImportOp, v libvirt.StorageVol, cause error) error {
	e, ok := backendError(cause)
	if !ok {
		return cause
	}
	out := *e
	err := c.dropVolume(o, v)
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

func (c *client) dropVolume(o backend.VolumeImportOp, v libvirt.StorageVol) error {
	ctx, cancel := context.WithTimeout(context.Background(), dropPatience)
	defer cancel()
	for {
		_, err := c.carryOut(ctx, plain(o, v.Name, powerLimit, func(lv *libvirt.Libvirt) error {
			return lv.StorageVolDelete(v, libvirt.StorageVolDeleteNormal)
		}), backend.Progress{})
		if err == nil || backend.ClassOf(err) == backend.ClassNotFound || fatal(err) || backend.ClassOf(err) == backend.ClassLost {
			return ignoreGone(err)
		}
		if !pause(ctx, watchEvery) {
			return err
		}
	}
}
