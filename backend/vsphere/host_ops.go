package vsphere

import (
	"context"
	"math"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// Operations on hosts: maintenance mode, their link to vCenter.

func hostVerbs() []backend.Verb {
	return []backend.Verb{backend.VerbHostMaintenance, backend.VerbHostLink}
}

func (a *action) hostWork(op backend.Op) work {
	switch op := op.(type) {
	case backend.HostMaintenanceOp:
		return bind(op, a.maintenance)
	case backend.HostLinkOp:
		return bind(op, a.link)
	default:
		return nil
	}
}

// maintenance waits for as long as the server does: until the last VM has left, or
// Within is over.
func (a *action) maintenance(ctx context.Context, op backend.HostMaintenanceOp) (backend.Result, error) {
	if op.Within < 0 {
		return backend.Result{}, a.refuse(backend.ClassInvalid, "the time can't be negative")
	}
	host, within := a.c.moref(op.Host), seconds(op.Within)
	_, err := a.task(ctx, func(ctx context.Context) (moref, error) {
		if op.Enter {
			res, err := methods.EnterMaintenanceMode_Task(ctx, a.c.vc, &types.EnterMaintenanceMode_Task{
				This: host, Timeout: within, EvacuatePoweredOffVms: &op.Evacuate,
			})
			if err != nil {
				return moref{}, err
			}
			return res.Returnval, nil
		}
		res, err := methods.ExitMaintenanceMode_Task(ctx, a.c.vc, &types.ExitMaintenanceMode_Task{This: host, Timeout: within})
		if err != nil {
			return moref{}, err
		}
		return res.Returnval, nil
	})
	return backend.Result{}, err
}

// seconds rounds up: 0 would mean no bound.
func seconds(d time.Duration) int32 {
	return int32(min((d+time.Second-1)/time.Second, math.MaxInt32)) //nolint:gosec // bounded
}

func (a *action) link(ctx context.Context, op backend.HostLinkOp) (backend.Result, error) {
	host := a.c.moref(op.Host)
	_, err := a.task(ctx, func(ctx context.Context) (moref, error) {
		if op.Connect {
			res, err := methods.ReconnectHost_Task(ctx, a.c.vc, &types.ReconnectHost_Task{This: host})
			if err != nil {
				return moref{}, err
			}
			return res.Returnval, nil
		}
		res, err := methods.DisconnectHost_Task(ctx, a.c.vc, &types.DisconnectHost_Task{This: host})
		if err != nil {
			return moref{}, err
		}
		return res.Returnval, nil
	})
	return backend.Result{}, err
}
