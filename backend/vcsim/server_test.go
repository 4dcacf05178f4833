package vcsim_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/vcsim"
)

func start(t *testing.T, o vcsim.Options) (*vcsim.Server, *govmomi.Client) {
	t.Helper()
	began := time.Now()
	s, err := vcsim.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Logf("started in %v", time.Since(began))
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c, err := govmomi.NewClient(t.Context(), u, true)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func vmNamed(t *testing.T, c *govmomi.Client, path string) *object.VirtualMachine {
	t.Helper()
	vm, err := find.NewFinder(c.Client).VirtualMachine(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func props(t *testing.T, vm *object.VirtualMachine, ps ...string) mo.VirtualMachine {
	t.Helper()
	var out mo.VirtualMachine
	if err := vm.Properties(t.Context(), vm.Reference(), ps, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func wait(t *testing.T, task *object.Task, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := task.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshotsRestoreThePowerState(t *testing.T) {
	_, c := start(t, vcsim.Options{Fast: 3})
	vm := vmNamed(t, c, "/DC0/vm/fast-00001")
	ctx := t.Context()
	task, err := vm.CreateSnapshot(ctx, "off", "first", false, false)
	wait(t, task, err)
	task, err = vm.PowerOn(ctx)
	wait(t, task, err)
	task, err = vm.CreateSnapshot(ctx, "on", "", true, false)
	wait(t, task, err)
	task, err = vm.RevertToSnapshot(ctx, "off", false)
	wait(t, task, err)
	got := props(t, vm, "runtime.powerState", "snapshot")
	if got.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("after revert: %s", got.Runtime.PowerState)
	}
	root := got.Snapshot.RootSnapshotList[0]
	if root.Name != "off" || len(root.ChildSnapshotList) != 1 || *got.Snapshot.CurrentSnapshot != root.Snapshot {
		t.Errorf("tree after revert: %+v", got.Snapshot)
	}
	task, err = vm.RevertToSnapshot(ctx, "on", false)
	wait(t, task, err)
	if got := props(t, vm, "runtime.powerState").Runtime.PowerState; got != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("after revert to a running one: %s", got)
	}
	req := types.RenameSnapshot{This: root.Snapshot, Name: "renamed", Description: "new"}
	if _, err := methods.RenameSnapshot(ctx, c.Client, &req); err != nil {
		t.Fatal(err)
	}
	task, err = vm.RemoveSnapshot(ctx, "on", false, nil)
	wait(t, task, err)
	info := props(t, vm, "snapshot").Snapshot
	if info.RootSnapshotList[0].Name != "renamed" || info.RootSnapshotList[0].Description != "new" {
		t.Errorf("after rename: %+v", info.RootSnapshotList[0])
	}
	if info.CurrentSnapshot == nil || *info.CurrentSnapshot != root.Snapshot {
		t.Error("the parent of a deleted current snapshot must become current")
	}
}

func TestDemo(t *testing.T) {
	s, c := start(t, vcsim.Options{Demo: true, TaskTime: 200 * time.Millisecond})
	vms, err := find.NewFinder(c.Client).VirtualMachineList(t.Context(), "/*/vm/*/*")
	if err != nil || len(vms) < 55 {
		t.Fatalf("%d VMs, %v", len(vms), err)
	}
	erp := vmNamed(t, c, "/fra1/vm/Production/legacy-erp")
	deadline := time.Now().Add(5 * time.Second)
	for props(t, erp, "runtime.question").Runtime.Question == nil {
		if time.Now().After(deadline) {
			t.Fatal("no question raised")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := erp.Answer(t.Context(), "nonsense", "2"); err == nil {
		t.Error("an unknown question was answered")
	}
	if err := erp.Answer(t.Context(), "7", "2"); err != nil {
		t.Fatal(err)
	}
	for props(t, erp, "runtime.powerState").Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		if time.Now().After(deadline) {
			t.Fatal("the answered VM did not start")
		}
		time.Sleep(10 * time.Millisecond)
	}
	db := vmNamed(t, c, "/fra1/vm/Production/db-03")
	task, err := db.CreateSnapshot(t.Context(), "mine", "", true, false)
	wait(t, task, err)
	_ = s
}

func TestCancelledTaskStops(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1, TaskTime: 10 * time.Second})
	vm := vmNamed(t, c, "/DC0/vm/DC0_H0_VM0")
	task, err := vm.CreateSnapshot(t.Context(), "never", "", false, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := task.Wait(t.Context()); err == nil {
		t.Error("a cancelled task succeeded")
	}
	if props(t, vm, "snapshot").Snapshot != nil {
		t.Error("the cancelled snapshot was taken")
	}
}

func TestCloseDoesNotWaitForWatchers(t *testing.T) {
	s, c := start(t, vcsim.Options{VMs: 1})
	waiting := make(chan struct{})
	go func() {
		defer close(waiting)
		res, err := methods.WaitForUpdatesEx(context.Background(), c.Client, &types.WaitForUpdatesEx{This: c.ServiceContent.PropertyCollector})
		if err == nil {
			next := &types.WaitForUpdatesEx{This: c.ServiceContent.PropertyCollector, Version: res.Returnval.Version}
			_, _ = methods.WaitForUpdatesEx(context.Background(), c.Client, next)
		}
	}()
	time.Sleep(50 * time.Millisecond) // either moment of closing is legal
	began := time.Now()
	s.Close()
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("Close took %v", d)
	}
	<-waiting
}

func TestFastIsQuick(t *testing.T) {
	s, c := start(t, vcsim.Options{Fast: 5000})
	if n := len(s.Model().Map().All("VirtualMachine")); n < 5000 {
		t.Errorf("%d VMs", n)
	}
	vmNamed(t, c, "/DC0/vm/fast-04999")
}
