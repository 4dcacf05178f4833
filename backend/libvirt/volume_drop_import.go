package libvirt

import (
	"context"
	"errors"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

const (
	// dropPatience is how long the daemon may take to let go of a volume after a
	// transfer was cut: it notices the cut before it closes the volume.
	dropPatience = 10 * time.Second
	// returnPatience is how long a daemon that has gone may take to come back.
	returnPatience = 60 * time.Second
	// returnLook is the first time between two attempts to reach it; each next one is
	// twice as long, up to returnLookMost.
	returnLook     = 250 * time.Millisecond
	returnLookMost = 4 * time.Second
)

// dropImport deletes a volume that was made for a file of which not all arrived, and
// says so; when it can't be deleted, that it stayed.
func (c *client) dropImport(v libvirt.StorageVol, cause error) error {
	e, ok := backendError(cause)
	if !ok {
		return cause
	}
	err := c.dropHeld(v)
	if fatal(err) || backend.ClassOf(err) == backend.ClassLost {
		err = c.dropOnReturn(v, err)
	}
	out := *e
	out.Message = before(out.Message, ": the volume holds part")
	if err == nil {
		out.Message += "; the new volume was deleted again"
		if out.Class == backend.ClassLost {
			out.Class = backend.ClassUnreachable // nothing is left that could be unknown
		}
		return &out
	}
	out.Message += "; the volume " + v.Name + " stayed in the pool " + v.Pool + ", with part of the file"
	out.Remedy = "delete the volume " + v.Name + ": it could not be deleted here (" + err.Error() + ")"
	return &out
}

// dropHeld deletes a volume once the daemon has let go of it.
func (c *client) dropHeld(v libvirt.StorageVol) error {
	ctx, cancel := context.WithTimeout(context.Background(), dropPatience)
	defer cancel()
	for {
		err := c.dropVolume(ctx, v)
		if dropped(err) || fatal(err) || backend.ClassOf(err) == backend.ClassLost {
			return ignoreDropped(err)
		}
		if !pause(ctx, lookAtWork) {
			return err
		}
	}
}

// dropOnReturn deletes a volume on a new connection, when the one that it was made on
// has ended: the backend is dead by then, the daemon may come back. One whose end was
// asked for is left alone.
func (c *client) dropOnReturn(v libvirt.StorageVol, err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), returnPatience)
	defer cancel()
	for wait := returnLook; pause(ctx, wait); wait = min(2*wait, returnLookMost) {
		if c.poll.dead() && errors.Is(c.poll.fence.cause, errClosed) {
			return err
		}
		if err = c.dropAside(ctx, v); dropped(err) {
			return nil
		}
	}
	return err
}

// dropAside deletes a volume on a connection of its own.
func (c *client) dropAside(ctx context.Context, v libvirt.StorageVol) error {
	ctx, cancel := context.WithTimeout(ctx, dropPatience)
	defer cancel()
	r, err := c.aside(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	return dropVolumeOn(ctx, r, v)
}

// dropped reports whether a volume is gone. A pool that is gone says nothing of the
// files that were in it.
func dropped(err error) bool { return err == nil || hasCode(err, libvirt.ErrNoStorageVol) }

func ignoreDropped(err error) error {
	if dropped(err) {
		return nil
	}
	return err
}
