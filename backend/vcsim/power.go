package vcsim

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// PowerOnVMTask starts the VM, on the given host if there is one, after its
// question was answered if it asks one.
func (m *machine) PowerOnVMTask(ctx *simulator.Context, req *types.PowerOnVM_Task) soap.HasFault {
	j := m.powerJob("powerOn", types.VirtualMachinePowerStatePoweredOn)
	power := j.finish
	j.finish = func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if m.vm.Config.Template {
			return nil, &types.InvalidState{}
		}
		if m.vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
			return power(bg)
		}
		host, fault := m.runHost(bg.Map, req.Host)
		if fault == nil {
			fault = m.move(bg, host)
		}
		if fault != nil {
			return nil, fault
		}
		return power(bg)
	}
	if m.srv.isAsking(m.Self) && m.vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		j.before = m.ask
	}
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: m.run(ctx, j)}}
}

// PowerOffVMTask cuts the power.
func (m *machine) PowerOffVMTask(ctx *simulator.Context, _ *types.PowerOffVM_Task) soap.HasFault {
	ref := m.run(ctx, m.powerJob("powerOff", types.VirtualMachinePowerStatePoweredOff))
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{Returnval: ref}}
}

// SuspendVMTask suspends the VM.
func (m *machine) SuspendVMTask(ctx *simulator.Context, _ *types.SuspendVM_Task) soap.HasFault {
	ref := m.run(ctx, m.powerJob("suspend", types.VirtualMachinePowerStateSuspended))
	return &methods.SuspendVM_TaskBody{Res: &types.SuspendVM_TaskResponse{Returnval: ref}}
}

// ResetVMTask resets a running VM.
func (m *machine) ResetVMTask(ctx *simulator.Context, _ *types.ResetVM_Task) soap.HasFault {
	j := job{id: "reset", last: m.srv.opts.TaskTime / 2}
	j.finish = func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if m.vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
			return nil, m.invalidPower(types.VirtualMachinePowerStatePoweredOn)
		}
		m.setPower(bg, types.VirtualMachinePowerStatePoweredOn)
		post(bg, &types.VmResettingEvent{VmEvent: m.event(bg)})
		return nil, nil
	}
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{Returnval: m.run(ctx, j)}}
}

func (m *machine) powerJob(id string, to types.VirtualMachinePowerState) job {
	return job{id: id, last: m.srv.opts.TaskTime / 2, finish: func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		from := m.vm.Runtime.PowerState
		if from == to || to == types.VirtualMachinePowerStateSuspended && from != types.VirtualMachinePowerStatePoweredOn {
			return nil, m.invalidPower(to)
		}
		m.setPower(bg, to)
		m.postPower(bg, to)
		return nil, nil
	}}
}

func (m *machine) invalidPower(asked types.VirtualMachinePowerState) types.BaseMethodFault {
	return &types.InvalidPowerState{RequestedState: asked, ExistingState: m.vm.Runtime.PowerState}
}

// setPower changes all properties that follow the power state.
func (m *machine) setPower(bg *simulator.Context, to types.VirtualMachinePowerState) {
	changes := []types.PropertyChange{
		{Name: "runtime.powerState", Val: to},
		{Name: "summary.runtime.powerState", Val: to},
	}
	if to == types.VirtualMachinePowerStatePoweredOn {
		now := time.Now()
		changes = append(changes, types.PropertyChange{Name: "runtime.bootTime", Val: &now},
			types.PropertyChange{Name: "summary.runtime.bootTime", Val: &now})
	} else {
		zero := types.VirtualMachineQuickStats{GuestHeartbeatStatus: types.ManagedEntityStatusGray}
		changes = append(changes, types.PropertyChange{Name: "runtime.bootTime", Val: nil},
			types.PropertyChange{Name: "summary.runtime.bootTime", Val: nil},
			types.PropertyChange{Name: "summary.quickStats", Val: zero})
	}
	bg.Map.Update(bg, m.vm, changes)
}

// move puts the VM on a host of the inventory.
func (m *machine) move(bg *simulator.Context, host types.ManagedObjectReference) types.BaseMethodFault {
	to, ok := bg.Map.Get(host).(*simulator.HostSystem)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: host}
	}
	from := m.vm.Runtime.Host
	if from != nil && *from == host {
		return nil
	}
	if from != nil {
		if old, ok := bg.Map.Get(*from).(*simulator.HostSystem); ok {
			bg.Map.RemoveReference(bg, old, &old.Vm, m.Self)
		}
	}
	bg.Map.AppendReference(bg, to, &to.Vm, m.Self)
	bg.Map.Update(bg, m.vm, []types.PropertyChange{
		{Name: "runtime.host", Val: &host}, {Name: "summary.runtime.host", Val: &host},
	})
	return nil
}

func (m *machine) postPower(bg *simulator.Context, to types.VirtualMachinePowerState) {
	e := m.event(bg)
	switch to {
	case types.VirtualMachinePowerStatePoweredOn:
		post(bg, &types.VmPoweredOnEvent{VmEvent: e})
	case types.VirtualMachinePowerStatePoweredOff:
		post(bg, &types.VmPoweredOffEvent{VmEvent: e})
	default:
		post(bg, &types.VmSuspendedEvent{VmEvent: e})
	}
}

// event fills in who and where.
func (m *machine) event(bg *simulator.Context) types.VmEvent {
	var e types.VmEvent
	e.CreatedTime = time.Now()
	e.Vm = &types.VmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: m.vm.Name}, Vm: m.Self}
	if bg.Session != nil {
		e.UserName = bg.Session.UserName
	}
	e.Datacenter = datacenterOf(bg.Map, m.vm.Parent)
	if m.vm.Runtime.Host == nil {
		return e
	}
	if h, ok := bg.Map.Get(*m.vm.Runtime.Host).(mo.Entity); ok {
		e.Host = &types.HostEventArgument{EntityEventArgument: types.EntityEventArgument{Name: h.Entity().Name}, Host: *m.vm.Runtime.Host}
	}
	return e
}

// datacenterOf walks up to the datacenter, which the words of most events name.
func datacenterOf(reg *simulator.Registry, up *types.ManagedObjectReference) *types.DatacenterEventArgument {
	for up != nil {
		e, ok := reg.Get(*up).(mo.Entity)
		if !ok {
			break
		}
		if up.Type == "Datacenter" {
			return &types.DatacenterEventArgument{EntityEventArgument: types.EntityEventArgument{Name: e.Entity().Name}, Datacenter: *up}
		}
		up = e.Entity().Parent
	}
	return &types.DatacenterEventArgument{}
}

// String is for logs and test failures.
func (m *machine) String() string { return fmt.Sprintf("%s (%s)", m.vm.Name, m.Self.Value) }
