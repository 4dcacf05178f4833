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

// lookAgain lets the daemon look again at what is in the pools that have these paths,
// unless it did so just now: it knows nothing of files that came by another way than
// its pools, as the overlays of snapshots do. Source: virStoragePoolRefresh.
func (c *client) lookAgain(ctx context.Context, paths ...string) error {
	pools, err := c.volumeOwners(ctx, backend.Query{Kind: backend.KindVolume})
	if err != nil {
		return err
	}
	for _, p := range pools {
		target, err := c.poolTarget(ctx, p)
		if err != nil {
			return err
		}
		within := slices.ContainsFunc(paths, func(path string) bool { return holds(target, path) })
		if !within || c.book.refreshedWithin(p.UUID, userFresh) {
			continue
		}
		if err := c.refreshPool(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// refreshPool goes on with what is known where the pool is busy: the daemon takes in
// what it makes there itself.
func (c *client) refreshPool(ctx context.Context, p libvirt.StoragePool) error {
	d := deed{doing: "refresh pool", object: p.Name, limit: poolLimit}
	began := time.Now()
	_, err := call(ctx, c.act, d, func(lv *libvirt.Libvirt) (struct{}, error) { return struct{}{}, lv.StoragePoolRefresh(p, 0) })
	if err == nil {
		c.book.refreshed(p.UUID, began)
		c.volumesChanged(p.UUID)
		return nil
	}
	if unsupported(err) || strings.Contains(err.Error(), "asynchronous jobs running") {
		return nil
	}
	return c.explained(ignoreGone(err))
}

// poolTarget is the directory that a pool's volumes are in; "" for a pool that has none.
// Source: virStoragePoolGetXMLDesc.
func (c *client) poolTarget(ctx context.Context, p libvirt.StoragePool) (string, error) {
	text, err := read(ctx, c, "read pool", p.Name, func(lv *libvirt.Libvirt) (string, error) {
		return lv.StoragePoolGetXMLDesc(p, 0)
	})
	if err != nil {
		return "", ignoreGone(err)
	}
	var x libvirtxml.StoragePool
	if err := parsed("pool", p.Name, x.Unmarshal(text)); err != nil || x.Target == nil {
		return "", err
	}
	return x.Target.Path, nil
}

// explained adds what the transport knows of a connection that was lost.
func (c *client) explained(err error) error {
	if backend.ClassOf(err) == backend.ClassUnreachable {
		return c.transport.Explain(err)
	}
	return err
}
