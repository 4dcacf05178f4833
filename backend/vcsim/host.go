package vcsim

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// host adds methods to one host, for a single call.
type host struct {
	Self types.ManagedObjectReference
	srv  *Server
	host *simulator.HostSystem
}

// Reference implements mo.Reference.
func (h *host) Reference() types.ManagedObjectReference { return h.Self }

// lookAgain is how often a host that enters maintenance mode looks for running VMs.
const lookAgain = 20 * time.Millisecond

// EnterMaintenanceModeTask waits until no VM runs on the host any more; a cluster with
// DRS moves them away.
func (h *host) EnterMaintenanceModeTask(ctx *simulator.Context, req *types.EnterMaintenanceMode_Task) soap.HasFault {
	j := job{id: "enterMaintenanceMode", last: h.srv.opts.TaskTime / 2}
	j.before = func(bg *simulator.Context, _ *simulator.Task, stop <-chan struct{}) types.BaseMethodFault {
		if fault := usable(bg.Map, h.Self); fault != nil {
			return fault
		}
		post(bg, &types.EnteringMaintenanceModeEvent{HostEvent: h.event(bg)})
		return h.clear(bg, time.Duration(req.Timeout)*time.Second, isTrue(req.EvacuatePoweredOffVms), stop)
	}
	j.finish = func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		h.setMaintenance(bg, true)
		post(bg, &types.EnteredMaintenanceModeEvent{HostEvent: h.event(bg)})
		return nil, nil
	}
	ref := h.srv.run(ctx, h.host, h.host.Name, j)
	return &methods.EnterMaintenanceMode_TaskBody{Res: &types.EnterMaintenanceMode_TaskResponse{Returnval: ref}}
}

// clear waits until no VM runs here; within 0 means as long as it takes.
func (h *host) clear(bg *simulator.Context, within time.Duration, evacuate bool, stop <-chan struct{}) types.BaseMethodFault {
	var over <-chan time.Time
	if within > 0 {
		limit := time.NewTimer(within)
		defer limit.Stop()
		over = limit.C
	}
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for h.vacate(bg, evacuate) > 0 {
		select {
		case <-tick.C:
		case <-over:
			return &types.Timedout{}
		case <-stop:
			return &types.RequestCanceled{}
		case <-h.srv.ctx.Done():
			return &types.RequestCanceled{}
		}
	}
	return nil
}

// vacate moves away what the scheduler can, and counts the VMs that still run here.
func (h *host) vacate(bg *simulator.Context, evacuate bool) int {
	left := 0
	for _, ref := range h.here(bg) {
		m := h.srv.standIn(ref)
		if m == nil {
			continue
		}
		bg.Map.WithLock(bg, m.vm, func() {
			runs := m.vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
			if !runs && !evacuate {
				return
			}
			if to := m.otherHost(bg.Map); to != nil && m.move(bg, *to) == nil {
				return
			}
			if runs {
				left++
			}
		})
	}
	return left
}

// here are the VMs of the host.
func (h *host) here(bg *simulator.Context) []types.ManagedObjectReference {
	var all []types.ManagedObjectReference
	bg.Map.WithLock(bg, h.host, func() { all = append(all, h.host.Vm...) })
	return all
}

// ExitMaintenanceModeTask lets VMs run on the host again.
func (h *host) ExitMaintenanceModeTask(ctx *simulator.Context, _ *types.ExitMaintenanceMode_Task) soap.HasFault {
	j := job{id: "exitMaintenanceMode", last: h.srv.opts.TaskTime / 2}
	j.finish = func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if !h.host.Runtime.InMaintenanceMode {
			return nil, &types.InvalidState{}
		}
		h.setMaintenance(bg, false)
		post(bg, &types.ExitMaintenanceModeEvent{HostEvent: h.event(bg)})
		return nil, nil
	}
	ref := h.srv.run(ctx, h.host, h.host.Name, j)
	return &methods.ExitMaintenanceMode_TaskBody{Res: &types.ExitMaintenanceMode_TaskResponse{Returnval: ref}}
}

func (h *host) setMaintenance(bg *simulator.Context, on bool) {
	bg.Map.Update(bg, h.host, []types.PropertyChange{
		{Name: "runtime.inMaintenanceMode", Val: on}, {Name: "summary.runtime.inMaintenanceMode", Val: on},
	})
}

// DisconnectHostTask lets go of the host: its VMs run on, and nobody knows how.
func (h *host) DisconnectHostTask(ctx *simulator.Context, _ *types.DisconnectHost_Task) soap.HasFault {
	if !ctx.Map.IsVPX() {
		return &methods.DisconnectHost_TaskBody{Fault_: simulator.Fault("", &types.NotSupported{})}
	}
	ref := h.setLink(ctx, "disconnectHost", types.HostSystemConnectionStateDisconnected, &types.HostDisconnectedEvent{HostEvent: h.event(ctx)})
	return &methods.DisconnectHost_TaskBody{Res: &types.DisconnectHost_TaskResponse{Returnval: ref}}
}

// ReconnectHostTask takes the host back.
func (h *host) ReconnectHostTask(ctx *simulator.Context, _ *types.ReconnectHost_Task) soap.HasFault {
	if !ctx.Map.IsVPX() {
		return &methods.ReconnectHost_TaskBody{Fault_: simulator.Fault("", &types.NotSupported{})}
	}
	ref := h.setLink(ctx, "reconnectHost", types.HostSystemConnectionStateConnected, &types.HostConnectedEvent{HostEvent: h.event(ctx)})
	return &methods.ReconnectHost_TaskBody{Res: &types.ReconnectHost_TaskResponse{Returnval: ref}}
}

func (h *host) setLink(ctx *simulator.Context, id string, to types.HostSystemConnectionState, told types.BaseEvent) types.ManagedObjectReference {
	j := job{id: id, last: h.srv.opts.TaskTime / 2}
	j.finish = func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if h.host.Runtime.ConnectionState == to {
			return nil, &types.InvalidState{}
		}
		bg.Map.Update(bg, h.host, []types.PropertyChange{
			{Name: "runtime.connectionState", Val: to}, {Name: "summary.runtime.connectionState", Val: to},
		})
		return nil, nil
	}
	j.after = func(bg *simulator.Context) {
		for _, ref := range h.here(bg) {
			if m := h.srv.standIn(ref); m != nil {
				m.setLink(bg, types.VirtualMachineConnectionState(to))
			}
		}
		post(bg, told)
	}
	return h.srv.run(ctx, h.host, h.host.Name, j)
}

// setLink tells whether the VM's host is reached; the names of both states are alike.
func (m *machine) setLink(bg *simulator.Context, to types.VirtualMachineConnectionState) {
	update(bg, m.vm, types.PropertyChange{Name: "runtime.connectionState", Val: to},
		types.PropertyChange{Name: "summary.runtime.connectionState", Val: to})
}

func (h *host) event(bg *simulator.Context) types.HostEvent {
	arg := types.HostEventArgument{EntityEventArgument: types.EntityEventArgument{Name: h.host.Name}, Host: h.Self}
	e := types.HostEvent{}
	e.CreatedTime, e.Host, e.Datacenter = time.Now(), &arg, datacenterOf(bg.Map, h.host.Parent)
	if bg.Session != nil {
		e.UserName = bg.Session.UserName
	}
	return e
}
