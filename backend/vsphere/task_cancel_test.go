package vsphere_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

func TestTasksOfOthersAreCancelled(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1, TaskTime: 5 * time.Second})
	c, ok := backend.As[backend.TaskCanceller](b)
	if !ok {
		t.Fatal("the driver has no TaskCanceller")
	}
	key, done := make(chan string, 1), make(chan error, 1)
	go func() {
		_, err := b.Do(t.Context(), backend.SnapshotCreateOp{VM: vm.ID, Name: "never"}, backend.Progress{Remote: func(k string) { key <- k }})
		done <- err
	}()
	task := <-key
	if err := c.CancelTask(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if err := <-done; backend.ClassOf(err) != backend.ClassCancelled {
		t.Errorf("the task: %v", err)
	}
	if n := len(snapshots(t, b, vm.ID)); n != 0 {
		t.Errorf("%d snapshots after the cancel", n)
	}
	err := c.CancelTask(t.Context(), task)
	if backend.ClassOf(err) != backend.ClassConflict || !strings.Contains(err.Error(), "has ended already") {
		t.Errorf("a task that has ended: %v", err)
	}
	err = c.CancelTask(t.Context(), "task-gone")
	if backend.ClassOf(err) != backend.ClassNotFound || !strings.Contains(err.Error(), "no longer knows the task") {
		t.Errorf("a task that is gone: %v", err)
	}
	fixed := putTask(s, vm.ID, "reconfigVm", types.TaskInfoStateRunning)
	err = c.CancelTask(t.Context(), fixed.Self.Value)
	if backend.ClassOf(err) != backend.ClassUnsupported || !strings.Contains(err.Error(), "can't cancel this task") {
		t.Errorf("a task that can't be cancelled: %v", err)
	}
}

// putTask makes the server tell of a task on a VM that nobody carries out.
func putTask(s *vcsim.Server, vm backend.Ref, id string, state types.TaskInfoState) *simulator.Task {
	task := simulator.CreateTask(types.ManagedObjectReference{Type: "VirtualMachine", Value: vm.ID}, "x", nil)
	task.Self = types.ManagedObjectReference{Type: "Task", Value: "task-test-" + id + "-" + string(state)}
	task.Info.Key, task.Info.Task, task.Info.DescriptionId, task.Info.State = task.Self.Value, task.Self, id, state
	s.Model().Map().Put(task)
	return task
}

func endTask(s *vcsim.Server, task *simulator.Task) {
	s.Model().Map().AtomicUpdate(s.Model().Service.Context, task, []types.PropertyChange{{Name: "info.state", Val: types.TaskInfoStateSuccess}})
}

// TestTasksImplyStates holds both spellings of the ids, and queued tasks.
func TestTasksImplyStates(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1})
	m := watch(t, b)
	m.untilSynced()
	running, queued := types.TaskInfoStateRunning, types.TaskInfoStateQueued
	for _, c := range []struct {
		id    string
		state types.TaskInfoState
		want  backend.Activity
	}{
		{"VirtualMachine.powerOn", running, backend.ActivityPoweringOn},
		{"VirtualMachine.powerOn", queued, backend.ActivityPoweringOn},
		{"Drm.ExecuteVmPowerOnLRO", running, backend.ActivityPoweringOn},
		{"VirtualMachine.powerOff", running, backend.ActivityPoweringOff},
		{"VirtualMachine.suspend", queued, backend.ActivitySuspending},
		{"VirtualMachine.reset", running, backend.ActivityResetting},
		{"VirtualMachine.shutdownGuest", running, backend.ActivityShuttingDown},
		{"VirtualMachine.createSnapshot", running, backend.ActivitySnapshotting},
		{"VirtualMachine.createSnapshotEx", running, backend.ActivitySnapshotting},
		{"VirtualMachine.revertSnapshot", running, backend.ActivityReverting},
		{"VirtualMachine.revertToSnapshot", queued, backend.ActivityReverting},
		{"VirtualMachine.revertToCurrentSnapshot", running, backend.ActivityReverting},
		{"VirtualMachine.RemoveAllSnapshots", running, backend.ActivityDeleting},
		{"VirtualMachine.removeAllSnapshots", running, backend.ActivityDeleting},
		{"VirtualMachine.relocateVm", running, backend.ActivityMigrating},
		{"VirtualMachine.relocate", running, backend.ActivityMigrating},
		{"Drm.ExecuteVMotionLRO", running, backend.ActivityMigrating},
		{"VirtualMachine.cloneVm", running, backend.ActivityCloning},
		{"VirtualMachine.clone", queued, backend.ActivityCloning},
	} {
		task := putTask(s, vm.ID, c.id, c.state)
		m.until(c.id+" "+string(c.state), func() bool { return m.vm(vm.Name).Activity == c.want })
		endTask(s, task)
		m.until("the end of "+c.id, func() bool { return m.vm(vm.Name).Activity == backend.ActivityNone })
	}
	waits, runs := putTask(s, vm.ID, "powerOff", queued), putTask(s, vm.ID, "clone", running)
	m.until("the running one first", func() bool { return m.vm(vm.Name).Activity == backend.ActivityCloning })
	endTask(s, runs)
	m.until("then the one that waits", func() bool { return m.vm(vm.Name).Activity == backend.ActivityPoweringOff })
	endTask(s, waits)
	m.until("then none", func() bool { return m.vm(vm.Name).Activity == backend.ActivityNone })
}

// TestATaskThatCannotBeCancelledGoesOn: that is said once, and its end counts.
func TestATaskThatCannotBeCancelledGoesOn(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1, TaskTime: time.Second})
	s.Refuse(vcsim.Refusal{Method: "CancelTask", Fault: &types.NotSupported{}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var said []string
	_, err := b.Do(ctx, backend.SnapshotCreateOp{VM: vm.ID, Name: "made"}, backend.Progress{
		Remote: func(string) { cancel() }, Uncancellable: func(why string) { said = append(said, why) },
	})
	if err != nil || len(said) != 1 || !strings.Contains(said[0], "does not support this") {
		t.Errorf("%v, said %q", err, said)
	}
	if n := len(snapshots(t, b, vm.ID)); n != 1 {
		t.Errorf("%d snapshots", n)
	}
}

// TestTasksOfASingleHost imply states while the host tells of them.
func TestTasksOfASingleHost(t *testing.T) {
	s := sim(t, vcsim.Options{ESX: true, VMs: 1})
	b := dial(t, vsphere.Options{URL: s.URL()})
	vm := list(t, b, backend.Query{Kind: backend.KindVM})[0].(*backend.VM)
	m := watch(t, b)
	m.untilSynced()
	task := putTask(s, vm.ID, "VirtualMachine.suspend", types.TaskInfoStateRunning)
	m.until("suspending", func() bool { return m.vm(vm.Name).Activity == backend.ActivitySuspending })
	endTask(s, task)
	m.until("the basic state", func() bool {
		return m.vm(vm.Name).Activity == backend.ActivityNone && m.vm(vm.Name).State == backend.PowerOn
	})
}
