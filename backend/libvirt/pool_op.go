package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// poolWork is what is done to pools (G2). Sources: virStoragePoolCreate, …Destroy,
// …SetAutostart, …Undefine, …Build, …Refresh, …Delete.
func (c *client) poolWork(op backend.Op) work {
	switch o := op.(type) {
	case backend.StartOp:
		return c.poolCall(op, o.Object, poolLimit, func(lv *libvirt.Libvirt, p libvirt.StoragePool) error {
			return lv.StoragePoolCreate(p, 0)
		})
	case backend.StopOp:
		return c.poolCall(op, o.Object, powerLimit, (*libvirt.Libvirt).StoragePoolDestroy)
	case backend.AutostartOp:
		return c.poolCall(op, o.Object, powerLimit, func(lv *libvirt.Libvirt, p libvirt.StoragePool) error {
			return lv.StoragePoolSetAutostart(p, flag(o.On))
		})
	case backend.UndefineOp:
		return c.poolCall(op, o.Object, powerLimit, (*libvirt.Libvirt).StoragePoolUndefine)
	case backend.PoolBuildOp:
		return c.poolCall(op, o.Pool, poolLimit, func(lv *libvirt.Libvirt, p libvirt.StoragePool) error {
			return rebuildPool(lv, p, o.Overwrite)
		})
	case backend.PoolRefreshOp:
		return c.poolCall(op, o.Pool, poolLimit, func(lv *libvirt.Libvirt, p libvirt.StoragePool) error {
			return lv.StoragePoolRefresh(p, 0)
		})
	case backend.PoolDeleteOp:
		return c.poolCall(op, o.Pool, poolLimit, func(lv *libvirt.Libvirt, p libvirt.StoragePool) error {
			return lv.StoragePoolDelete(p, libvirt.StoragePoolDeleteNormal)
		})
	case backend.PoolNewOp:
		return bind(o, c.newPool)
	default:
		return nil
	}
}

func flag(on bool) int32 {
	if on {
		return 1
	}
	return 0
}

// poolCall is one call on a pool; nil where the object is of another kind.
func (c *client) poolCall(op backend.Op, pool backend.Ref, limit time.Duration, fn func(*libvirt.Libvirt, libvirt.StoragePool) error) work {
	if pool.Kind != backend.KindPool {
		return nil
	}
	return func(ctx context.Context, progress backend.Progress) (backend.Result, error) {
		p, err := c.findPool(ctx, pool)
		if err != nil {
			return backend.Result{}, err
		}
		result, err := c.carry(ctx, plain(op, p.Name, limit, func(lv *libvirt.Libvirt) error { return fn(lv, p) }), progress)
		c.volumesChanged(p.UUID)
		return result, poolRemedy(err)
	}
}

// buildPool makes what a pool stands on. Only the types that write on a device look
// whether there is something already; the others make a directory and refuse to be
// asked to look. Source: virStoragePoolBuild.
func buildPool(lv *libvirt.Libvirt, p libvirt.StoragePool, kind string, overwrite bool) error {
	flags := libvirt.StoragePoolBuildNew
	if kind == "fs" || kind == "disk" || kind == "logical" {
		flags = libvirt.StoragePoolBuildNoOverwrite
		if overwrite {
			flags = libvirt.StoragePoolBuildOverwrite
		}
	}
	return lv.StoragePoolBuild(p, flags)
}

// rebuildPool builds a pool whose type has to be looked up.
func rebuildPool(lv *libvirt.Libvirt, p libvirt.StoragePool, overwrite bool) error {
	text, err := lv.StoragePoolGetXMLDesc(p, 0)
	if err != nil {
		return err
	}
	var x libvirtxml.StoragePool
	if err := x.Unmarshal(text); err != nil {
		return err
	}
	return buildPool(lv, p, x.Type, overwrite)
}

// poolRemedy says what to do about what pools are refused for.
func poolRemedy(err error) error {
	err = withRemedy(err, "is still active", "stop the pool first")
	err = withRemedy(err, "is not active", "start the pool first")
	err = withRemedy(err, "is already active", "it runs already")
	err = withRemedy(err, "pvs", "install lvm2 on the host")
	return withRemedy(err, "missing backend for pool type", "install libvirt's storage driver for this type on the host")
}
