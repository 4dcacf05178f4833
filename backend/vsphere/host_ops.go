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
	start := startOf(a.c, methods.ExitMaintenanceMode_Task, &types.ExitMaintenanceMode_Task{This: host, Timeout: within})
	if op.Enter {
		start = startOf(a.c, methods.EnterMaintenanceMode_Task, &types.EnterMaintenanceMode_Task{
			This: host, Timeout: within, EvacuatePoweredOffVms: &op.Evacuate,
		})
	}
	_, err := a.task(ctx, start)
	return backend.Result{}, err
}

// seconds rounds up: 0 would mean no bound.
func seconds(d time.Duration) int32 {
	return int32(min((d+time.Second-1)/time.Second, math.MaxInt32)) //nolint:gosec // bounded
}

func (a *action) link(ctx context.Context, op backend.HostLinkOp) (backend.Result, error) {
	host := a.c.moref(op.Host)
	start := startOf(a.c, methods.DisconnectHost_Task, &types.DisconnectHost_Task{This: host})
	if op.Connect {
		start = startOf(a.c, methods.ReconnectHost_Task, &types.ReconnectHost_Task{This: host})
	}
	_, err := a.task(ctx, start)
	return backend.Result{}, err
}
