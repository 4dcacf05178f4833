package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ReconfigVMTask changes vCPUs and memory as far as the power state and the VM's hot
// plug settings let it; the rest is the simulator's.
func (m *machine) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	fault := m.cold(req.Spec)
	if fault == nil {
		return m.vm.ReconfigVMTask(ctx, req)
	}
	ref := m.run(ctx, job{id: "reconfigure", finish: func(*simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, fault
	}})
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: ref}}
}

// cold is the fault of a change that the VM does not take in its power state.
func (m *machine) cold(spec types.VirtualMachineConfigSpec) types.BaseMethodFault {
	hw, cfg := m.vm.Config.Hardware, m.vm.Config
	cpus := spec.NumCPUs != 0 && spec.NumCPUs != hw.NumCPU
	cores := spec.NumCoresPerSocket != nil && (hw.NumCoresPerSocket == nil || *spec.NumCoresPerSocket != *hw.NumCoresPerSocket)
	memory := spec.MemoryMB != 0 && spec.MemoryMB != int64(hw.MemoryMB)
	power := m.vm.Runtime.PowerState
	if power == types.VirtualMachinePowerStatePoweredOff || !cpus && !cores && !memory {
		return nil
	}
	more, less := isTrue(cfg.CpuHotAddEnabled), isTrue(cfg.CpuHotRemoveEnabled)
	switch {
	case power == types.VirtualMachinePowerStateSuspended, cores:
		return &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: power}
	case cpus && spec.NumCPUs > hw.NumCPU && !more, cpus && spec.NumCPUs < hw.NumCPU && !less:
		return &types.CpuHotPlugNotSupported{}
	case memory && !m.memoryPlugs(spec.MemoryMB):
		return &types.MemoryHotPlugNotSupported{}
	}
	return nil
}

// memoryPlugs tells whether a running VM takes so much memory, in MB.
func (m *machine) memoryPlugs(mb int64) bool {
	cfg, now := m.vm.Config, int64(m.vm.Config.Hardware.MemoryMB)
	switch {
	case mb < now || !isTrue(cfg.MemoryHotAddEnabled):
		return false
	case cfg.HotPlugMemoryLimit > 0 && mb > cfg.HotPlugMemoryLimit:
		return false
	case cfg.HotPlugMemoryIncrementSize > 0 && (mb-now)%cfg.HotPlugMemoryIncrementSize != 0:
		return false
	}
	return true
}
