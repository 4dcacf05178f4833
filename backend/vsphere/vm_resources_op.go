package vsphere

import (
	"context"
	"fmt"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// sizes are the vCPUs and the memory of a VM, with what may change while it runs.
type sizes struct {
	power                     types.VirtualMachinePowerState
	template                  bool
	cpus, cores               int
	memMB                     int64
	addCPU, removeCPU, addMem bool
	memLimit, memStep         int64 // MB; 0: not told
}

func sizePaths() []string {
	return []string{
		"runtime.powerState", "config.template", "config.hardware.numCPU", "config.hardware.numCoresPerSocket",
		"config.hardware.memoryMB", "config.cpuHotAddEnabled", "config.cpuHotRemoveEnabled", "config.memoryHotAddEnabled",
		"config.hotPlugMemoryLimit", "config.hotPlugMemoryIncrementSize",
	}
}

func sizesOf(got props) sizes {
	return sizes{
		power: as[types.VirtualMachinePowerState](got["runtime.powerState"]), template: as[bool](got["config.template"]),
		cpus: int(as[int32](got["config.hardware.numCPU"])), cores: max(int(as[int32](got["config.hardware.numCoresPerSocket"])), 1),
		memMB:  int64(as[int32](got["config.hardware.memoryMB"])),
		addCPU: as[bool](got["config.cpuHotAddEnabled"]), removeCPU: as[bool](got["config.cpuHotRemoveEnabled"]),
		addMem:   as[bool](got["config.memoryHotAddEnabled"]),
		memLimit: as[int64](got["config.hotPlugMemoryLimit"]), memStep: as[int64](got["config.hotPlugMemoryIncrementSize"]),
	}
}

// resources changes vCPUs and memory, at once. Source: ReconfigVM_Task.
func (a *action) resources(ctx context.Context, op backend.VMResourcesOp) (backend.Result, error) {
	if op.VCPUs < 0 || op.MaxVCPUs < 0 || op.CoresPerSocket < 0 {
		return backend.Result{}, a.refuse(backend.ClassInvalid, "a number of vCPUs can't be negative")
	}
	got, err := a.c.retrieveOne(ctx, a.doing, a.c.moref(op.VM), sizePaths()...)
	if err != nil {
		return backend.Result{}, err
	}
	now := sizesOf(got)
	next, err := a.nextSizes(op, now)
	if err != nil {
		return backend.Result{}, err
	}
	spec := types.VirtualMachineConfigSpec{}
	if next.cpus != now.cpus {
		spec.NumCPUs = int32(next.cpus) //nolint:gosec // bounded by nextSizes
	}
	if next.cores != now.cores {
		cores := int32(next.cores) //nolint:gosec // bounded by nextSizes
		spec.NumCoresPerSocket = &cores
	}
	if next.memMB != now.memMB {
		spec.MemoryMB = next.memMB
	}
	if next == now {
		return backend.Result{Text: "it is so already"}, nil
	}
	_, err = a.task(ctx, startOf(a.c, methods.ReconfigVM_Task, &types.ReconfigVM_Task{This: a.c.moref(op.VM), Spec: spec}))
	return backend.Result{}, err
}

// maxCPUs is beyond what any version allows; the server knows its own bound.
const maxCPUs = 1 << 14

// nextSizes is what the VM shall have, or why it can't.
func (a *action) nextSizes(op backend.VMResourcesOp, now sizes) (sizes, error) {
	next := now
	if op.VCPUs > 0 {
		next.cpus = op.VCPUs
	}
	if op.CoresPerSocket > 0 {
		next.cores = op.CoresPerSocket
	}
	if op.Memory > 0 {
		next.memMB = int64(op.Memory >> 20)
	}
	switch {
	case op.VCPUs > maxCPUs, op.CoresPerSocket > maxCPUs:
		return next, a.refuse(backend.ClassInvalid, "more than %d vCPUs are more than any server has", maxCPUs)
	case op.MaxVCPUs != 0 && op.MaxVCPUs != next.cpus, op.MaxMemory != 0 && op.MaxMemory != uint64(next.memMB)<<20: //nolint:gosec // never negative
		return next, a.refuse(backend.ClassUnsupported, "vSphere keeps no maximum beside the number of vCPUs and the memory")
	case op.Memory%(4<<20) != 0:
		return next, a.refuse(backend.ClassInvalid, "memory has to be a multiple of 4 MiB")
	case next.cpus%next.cores != 0:
		return next, a.refuse(backend.ClassInvalid, "%d vCPUs can't be put on sockets of %d cores", next.cpus, next.cores)
	case next != now && now.template:
		return next, a.refuse(backend.ClassConflict, "it is a template; only a VM can be changed")
	}
	return next, a.checkHot(now, next)
}

// checkHot refuses what can't change in the present power state.
func (a *action) checkHot(now, next sizes) error {
	if next == now || now.power == types.VirtualMachinePowerStatePoweredOff {
		return nil
	}
	if now.power != types.VirtualMachinePowerStatePoweredOn {
		return a.refuse(backend.ClassConflict, "it is %s; it has to be powered on or off", powerWord(now.power))
	}
	why := hotCPU(now, next)
	if why == "" {
		why = hotMemory(now, next)
	}
	switch {
	case why != "":
	case next.cores != now.cores:
		why = "cores per socket can't change while it runs"
	default:
		return nil
	}
	e := a.refuse(backend.ClassConflict, "%s", why)
	e.Remedy = "power the VM off first"
	return e
}

func hotCPU(now, next sizes) string {
	switch {
	case next.cpus > now.cpus && !now.addCPU:
		return "vCPUs can't be added while it runs: CPU hot add is off"
	case next.cpus < now.cpus && !now.removeCPU:
		return "vCPUs can't be taken away while it runs: CPU hot remove is off"
	default:
		return ""
	}
}

func hotMemory(now, next sizes) string {
	switch {
	case next.memMB == now.memMB:
		return ""
	case next.memMB < now.memMB:
		return "memory can't be taken away while it runs"
	case !now.addMem:
		return "memory can't be added while it runs: memory hot add is off"
	case now.memLimit > 0 && next.memMB > now.memLimit:
		return "memory can be added up to " + mib(now.memLimit) + " while it runs"
	case now.memStep > 0 && (next.memMB-now.memMB)%now.memStep != 0:
		return "memory can be added in steps of " + mib(now.memStep) + " while it runs"
	default:
		return ""
	}
}

func mib(n int64) string { return fmt.Sprintf("%d MiB", n) }
