package vcsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/vcsim"
)

// failsWith asserts the fault that a task ends with.
func failsWith(t *testing.T, task *object.Task, err error, want types.BaseMethodFault) {
	t.Helper()
	if err == nil {
		err = task.Wait(t.Context())
	}
	if !fault.Is(err, want) {
		t.Errorf("%v, want %T", err, want)
	}
}

func TestAHotPlugThatIsOffIsRefused(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1})
	vm := vmNamed(t, c, "/DC0/vm/DC0_C0_RP0_VM0")
	change := func(spec types.VirtualMachineConfigSpec) (*object.Task, error) {
		return vm.Reconfigure(t.Context(), spec)
	}
	task, err := change(types.VirtualMachineConfigSpec{NumCPUs: 4})
	failsWith(t, task, err, &types.CpuHotPlugNotSupported{})
	task, err = change(types.VirtualMachineConfigSpec{MemoryMB: 4096})
	failsWith(t, task, err, &types.MemoryHotPlugNotSupported{})
	cores := int32(2)
	task, err = change(types.VirtualMachineConfigSpec{NumCoresPerSocket: &cores})
	failsWith(t, task, err, &types.InvalidPowerState{})
	task, err = change(types.VirtualMachineConfigSpec{Annotation: "notes change at any time"})
	wait(t, task, err)
	task, err = vm.PowerOff(t.Context())
	wait(t, task, err)
	task, err = change(types.VirtualMachineConfigSpec{NumCPUs: 4, MemoryMB: 4096})
	wait(t, task, err)
	if hw := props(t, vm, "config.hardware").Config.Hardware; hw.NumCPU != 4 || hw.MemoryMB != 4096 {
		t.Errorf("%d vCPUs, %d MB", hw.NumCPU, hw.MemoryMB)
	}
}

func TestClonesThatCannotBe(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1})
	vm := vmNamed(t, c, "/DC0/vm/DC0_C0_RP0_VM0")
	folders, err := find.NewFinder(c.Client).Folder(t.Context(), "/DC0/vm")
	if err != nil {
		t.Fatal(err)
	}
	clone := func(name string, spec types.VirtualMachineCloneSpec) (*object.Task, error) {
		return vm.Clone(t.Context(), folders, name, spec)
	}
	task, err := clone("DC0_H0_VM0", types.VirtualMachineCloneSpec{})
	failsWith(t, task, err, &types.DuplicateName{})
	child := types.VirtualMachineRelocateSpec{DiskMoveType: string(types.VirtualMachineRelocateDiskMoveOptionsCreateNewChildDiskBacking)}
	task, err = clone("linked", types.VirtualMachineCloneSpec{Location: child})
	failsWith(t, task, err, &types.InvalidArgument{})
	gone := types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: "snapshot-gone"}
	task, err = clone("linked", types.VirtualMachineCloneSpec{Location: child, Snapshot: &gone})
	failsWith(t, task, err, &types.InvalidArgument{})
}

func TestAVMIsRegisteredUnderAnotherName(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1})
	ctx := t.Context()
	vm := vmNamed(t, c, "/DC0/vm/DC0_C0_RP0_VM0")
	was := props(t, vm, "config", "resourcePool")
	task, err := vm.PowerOff(ctx)
	wait(t, task, err)
	if err := vm.Unregister(ctx); err != nil {
		t.Fatal(err)
	}
	folder, err := find.NewFinder(c.Client).Folder(ctx, "/DC0/vm")
	if err != nil {
		t.Fatal(err)
	}
	task, err = folder.RegisterVM(ctx, was.Config.Files.VmPathName, "another", false, object.NewResourcePool(c.Client, *was.ResourcePool), nil)
	wait(t, task, err)
	now := props(t, vmNamed(t, c, "/DC0/vm/another"), "config").Config
	if now.Uuid != was.Config.Uuid || len(now.Hardware.Device) != len(was.Config.Hardware.Device) || now.Files.VmPathName != was.Config.Files.VmPathName {
		t.Errorf("it came back as %+v", now)
	}
	task, err = folder.RegisterVM(ctx, was.Config.Files.VmPathName, "twice", false, object.NewResourcePool(c.Client, *was.ResourcePool), nil)
	failsWith(t, task, err, &types.AlreadyExists{})
}

func TestTicketsAreForRunningVMs(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1})
	vm := vmNamed(t, c, "/DC0/vm/DC0_C0_RP0_VM0")
	ticket, err := vm.AcquireTicket(t.Context(), "webmks")
	if err != nil || ticket.Ticket == "" || !strings.HasPrefix(ticket.Host, "DC0_C0_H") {
		t.Errorf("%+v, %v", ticket, err)
	}
	if _, err := vm.AcquireTicket(t.Context(), "nonsense"); !fault.Is(err, &types.InvalidArgument{}) {
		t.Errorf("%v", err)
	}
	task, err := vm.PowerOff(t.Context())
	wait(t, task, err)
	if _, err := vm.AcquireTicket(t.Context(), "webmks"); !fault.Is(err, &types.InvalidPowerState{}) {
		t.Errorf("%v", err)
	}
}

func TestACancelThatComesTooLate(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1, TaskTime: 2 * time.Second})
	vm := vmNamed(t, c, "/DC0/vm/DC0_C0_RP0_VM0")
	task, err := vm.CreateSnapshot(t.Context(), "never", "", false, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	failsWith(t, task, nil, &types.RequestCanceled{})
	if err := task.Cancel(t.Context()); !fault.Is(err, &types.InvalidState{}) {
		t.Errorf("cancelled twice: %v", err)
	}
	done, err := vm.Reconfigure(t.Context(), types.VirtualMachineConfigSpec{Annotation: "x"})
	wait(t, done, err)
	if _, err := methods.CancelTask(t.Context(), c.Client, &types.CancelTask{This: done.Reference()}); !fault.Is(err, &types.InvalidState{}) {
		t.Errorf("cancelled after its end: %v", err)
	}
}

// TestChecksBelongToTheirChecker: a checker does not have the methods of the other.
func TestChecksBelongToTheirChecker(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1})
	vm := vmNamed(t, c, "/DC0/vm/DC0_C0_RP0_VM0").Reference()
	provisioning, compatibility := *c.ServiceContent.VmProvisioningChecker, *c.ServiceContent.VmCompatibilityChecker
	_, err := methods.CheckPowerOn_Task(t.Context(), c.Client, &types.CheckPowerOn_Task{This: provisioning, Vm: vm})
	if !fault.Is(err, &types.MethodNotFound{}) {
		t.Errorf("the start at the provisioning checker: %v", err)
	}
	_, err = methods.CheckRelocate_Task(t.Context(), c.Client, &types.CheckRelocate_Task{This: compatibility, Vm: vm})
	if !fault.Is(err, &types.MethodNotFound{}) {
		t.Errorf("the move at the compatibility checker: %v", err)
	}
	res, err := methods.CheckPowerOn_Task(t.Context(), c.Client, &types.CheckPowerOn_Task{This: compatibility, Vm: vm})
	if err != nil {
		t.Fatal(err)
	}
	info, err := object.NewTask(c.Client, res.Returnval).WaitForResult(t.Context())
	if err != nil || len(info.Result.(types.ArrayOfCheckResult).CheckResult) != 1 {
		t.Errorf("%+v, %v", info, err)
	}
}
