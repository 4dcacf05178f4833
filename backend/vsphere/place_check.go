package vsphere

import (
	"context"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// checkRelocate asks what speaks against a move. Source:
// VirtualMachineProvisioningChecker.CheckRelocate_Task.
func (a *action) checkRelocate(ctx context.Context, op backend.VMRelocateOp) ([]backend.Finding, error) {
	checker := a.c.vc.ServiceContent.VmProvisioningChecker
	if checker == nil {
		return nil, nil
	}
	spec, err := a.relocateSpec(ctx, op.VM, op.To)
	if err != nil || spec == nil {
		return nil, err
	}
	return a.checkTask(ctx, startOf(a.c, methods.CheckRelocate_Task, &types.CheckRelocate_Task{This: *checker, Vm: a.c.moref(op.VM), Spec: *spec}))
}

// checkClone asks what speaks against a clone. Source:
// VirtualMachineProvisioningChecker.CheckClone_Task, since 6.0.
func (a *action) checkClone(ctx context.Context, op backend.VMCloneOp) ([]backend.Finding, error) {
	checker := a.c.vc.ServiceContent.VmProvisioningChecker
	if checker == nil {
		return nil, nil
	}
	clone, err := a.cloneSpec(ctx, op)
	if err != nil {
		return nil, err
	}
	return a.checkTask(ctx, startOf(a.c, methods.CheckClone_Task, &types.CheckClone_Task{
		This: *checker, Vm: clone.This, Folder: clone.Folder, Name: clone.Name, Spec: clone.Spec,
	}))
}

// checkPowerOn asks about a start on a chosen host; where the server chooses, it also
// looks. Source: VirtualMachineCompatibilityChecker.CheckPowerOn_Task.
func (a *action) checkPowerOn(ctx context.Context, op backend.PowerOnOp) ([]backend.Finding, error) {
	checker := a.c.vc.ServiceContent.VmCompatibilityChecker
	if checker == nil || op.Host.IsZero() {
		return nil, nil
	}
	host := a.c.moref(op.Host)
	return a.checkTask(ctx, startOf(a.c, methods.CheckPowerOn_Task, &types.CheckPowerOn_Task{This: *checker, Vm: a.c.moref(op.VM), Host: &host}))
}

// checkTask runs a check; a server that does not know it has nothing to say.
func (a *action) checkTask(ctx context.Context, start func(context.Context) (moref, error)) ([]backend.Finding, error) {
	var ref moref
	err := a.c.read(ctx, a.doing, a.object, func(ctx context.Context) error {
		var err error
		ref, err = start(ctx)
		return err
	})
	if backend.ClassOf(err) == backend.ClassUnsupported {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	res, err := a.answerOf(ctx, ref)
	if backend.ClassOf(err) == backend.ClassUnsupported {
		return nil, nil
	}
	return a.c.findings(as[types.ArrayOfCheckResult](res).CheckResult), err
}

// answerOf waits for a task that changes nothing, so it may be left behind.
func (a *action) answerOf(ctx context.Context, ref moref) (types.AnyType, error) {
	var pace looks
	for {
		info, err := a.look(ref)
		switch {
		case err != nil:
			e := fail(a.doing, a.object, err)
			e.Class, e.Message, e.Remedy = backend.ClassUnreachable, "the answer did not come: "+e.Message, ""
			return nil, e
		case info.State == types.TaskInfoStateSuccess:
			return info.Result, nil
		case info.State == types.TaskInfoStateError:
			return nil, fail(a.doing, a.object, taskFault(info.Error))
		}
		if err := pace.next(ctx, a.c.life); err != nil {
			return nil, a.c.failed(ctx, a.doing, a.object, err)
		}
	}
}

// shownNames is how many names a finding lists.
const shownNames = 5

// checkMaintenance says which VMs run on the host, and who will move them.
func (a *action) checkMaintenance(ctx context.Context, op backend.HostMaintenanceOp) ([]backend.Finding, error) {
	if !op.Enter {
		return nil, nil
	}
	running, err := a.runningOn(ctx, a.c.moref(op.Host))
	if err != nil || len(running) == 0 {
		return nil, err
	}
	moves, err := a.moverOf(ctx, a.c.moref(op.Host))
	if err != nil {
		return nil, err
	}
	who := listed(running)
	if moves {
		text := who + " run on it; the cluster's scheduler (DRS) moves them"
		return []backend.Finding{{Severity: backend.SeverityInfo, Text: text, Object: op.Host}}, nil
	}
	text := who + " run on it, and nothing moves them: the host enters maintenance mode when they have been moved or powered off"
	return []backend.Finding{{Severity: backend.SeverityWarning, Text: text, Object: op.Host}}, nil
}

// listed joins names, the first few of them.
func listed(names []string) string {
	if len(names) <= shownNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shownNames], ", "), len(names)-shownNames)
}

// runningOn are the names of the VMs that run on a host.
func (a *action) runningOn(ctx context.Context, host moref) ([]string, error) {
	skip := true
	spec := types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{"name", "runtime.powerState"}}},
		ObjectSet: []types.ObjectSpec{{Obj: host, Skip: &skip, SelectSet: []types.BaseSelectionSpec{
			&types.TraversalSpec{Type: "HostSystem", Path: "vm"},
		}}},
	}
	var running []string
	err := a.c.readWithin(ctx, pageTimeout, a.doing, a.object, func(ctx context.Context) error {
		running = nil
		return a.c.retrieve(ctx, spec, func(page []types.ObjectContent) {
			for _, o := range page {
				got := propsOf(o)
				if as[types.VirtualMachinePowerState](got["runtime.powerState"]) == types.VirtualMachinePowerStatePoweredOn {
					running = append(running, unescape(as[string](got["name"])))
				}
			}
		})
	})
	return running, err
}

// moverOf tells whether the cluster of a host moves VMs away by itself: DRS has to be
// on and to need nobody's consent.
func (a *action) moverOf(ctx context.Context, host moref) (bool, error) {
	got, err := a.c.retrieveOne(ctx, a.doing, host, "parent")
	if err != nil {
		return false, err
	}
	up := as[moref](got["parent"])
	if up.Type != "ClusterComputeResource" {
		return false, nil
	}
	got, err = a.c.retrieveOne(ctx, a.doing, up, "configurationEx")
	if err != nil {
		return false, err
	}
	drs := as[types.ClusterConfigInfoEx](got["configurationEx"]).DrsConfig
	on := drs.Enabled != nil && *drs.Enabled
	return on && (drs.DefaultVmBehavior == "" || drs.DefaultVmBehavior == types.DrsBehaviorFullyAutomated), nil
}
