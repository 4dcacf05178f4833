package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// checker answers whether an operation would succeed, without carrying it out.
type checker struct {
	Self types.ManagedObjectReference
	srv  *Server
}

// provisioning stands in for the VirtualMachineProvisioningChecker.
type provisioning struct{ checker }

// compatibility stands in for the VirtualMachineCompatibilityChecker.
type compatibility struct{ checker }

// Reference implements mo.Reference.
func (k *checker) Reference() types.ManagedObjectReference { return k.Self }

// checkReceiver is by the type of the object that is called: neither checker has the
// methods of the other.
func (s *Server) checkReceiver(call *simulator.Method) mo.Reference {
	k := checker{Self: call.This, srv: s}
	switch s.model.Map().Get(call.This).(type) {
	case *simulator.VmProvisioningChecker:
		return &provisioning{k}
	case *simulator.VmCompatibilityChecker:
		return &compatibility{k}
	default:
		return nil
	}
}

// CheckRelocateTask tells what speaks against a move.
func (k *provisioning) CheckRelocateTask(ctx *simulator.Context, req *types.CheckRelocate_Task) soap.HasFault {
	ref, fault := k.check(ctx, "checkRelocate", req.Vm, func(bg *simulator.Context, m *machine) (types.CheckResult, types.BaseMethodFault) {
		return m.judge(bg, req.Spec)
	})
	if fault != nil {
		return &methods.CheckRelocate_TaskBody{Fault_: fault}
	}
	return &methods.CheckRelocate_TaskBody{Res: &types.CheckRelocate_TaskResponse{Returnval: ref}}
}

// CheckCloneTask tells what speaks against a clone.
func (k *provisioning) CheckCloneTask(ctx *simulator.Context, req *types.CheckClone_Task) soap.HasFault {
	ref, fault := k.check(ctx, "checkClone", req.Vm, func(bg *simulator.Context, m *machine) (types.CheckResult, types.BaseMethodFault) {
		clone := types.CloneVM_Task{This: req.Vm, Folder: req.Folder, Name: req.Name, Spec: req.Spec}
		if fault := m.cloneable(bg, &clone); fault != nil {
			return types.CheckResult{Vm: &req.Vm, Error: unworded(fault)}, nil
		}
		return m.judge(bg, req.Spec.Location)
	})
	if fault != nil {
		return &methods.CheckClone_TaskBody{Fault_: fault}
	}
	return &methods.CheckClone_TaskBody{Res: &types.CheckClone_TaskResponse{Returnval: ref}}
}

// CheckPowerOnTask tells what speaks against a start.
func (k *compatibility) CheckPowerOnTask(ctx *simulator.Context, req *types.CheckPowerOn_Task) soap.HasFault {
	ref, fault := k.check(ctx, "checkPowerOn", req.Vm, func(bg *simulator.Context, m *machine) (types.CheckResult, types.BaseMethodFault) {
		res := types.CheckResult{Vm: &req.Vm, Host: req.Host}
		if _, fault := m.runHost(bg.Map, req.Host); fault != nil {
			res.Error = unworded(fault)
		}
		return res, nil
	})
	if fault != nil {
		return &methods.CheckPowerOn_TaskBody{Fault_: fault}
	}
	return &methods.CheckPowerOn_TaskBody{Res: &types.CheckPowerOn_TaskResponse{Returnval: ref}}
}

func (k *checker) check(
	ctx *simulator.Context, id string, vm types.ManagedObjectReference, judge func(*simulator.Context, *machine) (types.CheckResult, types.BaseMethodFault),
) (types.ManagedObjectReference, *soap.Fault) {
	m := k.srv.standIn(vm)
	if m == nil {
		return vm, simulator.Fault("", &types.ManagedObjectNotFound{Obj: vm})
	}
	return k.srv.run(ctx, k, m.vm.Name, job{id: id, finish: func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		res, fault := judge(bg, m)
		if fault != nil {
			return nil, fault
		}
		return types.ArrayOfCheckResult{CheckResult: []types.CheckResult{res}}, nil
	}}), nil
}

// judge lists all that speaks against a target.
func (m *machine) judge(bg *simulator.Context, spec types.VirtualMachineRelocateSpec) (types.CheckResult, types.BaseMethodFault) {
	to, fault := m.aim(bg.Map, spec, m.vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn)
	if fault != nil {
		return types.CheckResult{}, fault
	}
	return types.CheckResult{Vm: &m.Self, Host: &to.host, Error: unworded(m.obstacles(bg.Map, to)...)}, nil
}

// unworded has no texts: servers leave them out, too.
func unworded(faults ...types.BaseMethodFault) []types.LocalizedMethodFault {
	var all []types.LocalizedMethodFault
	for _, f := range faults {
		all = append(all, types.LocalizedMethodFault{Fault: f})
	}
	return all
}
