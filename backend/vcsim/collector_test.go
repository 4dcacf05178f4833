package vcsim_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/vcsim"
)

// TestManyFollowTheRecentTasks: tasks begin while what others follow them by is collected.
func TestManyFollowTheRecentTasks(t *testing.T) {
	const clients, rounds = 6, 12
	s, c := start(t, vcsim.Options{VMs: clients})
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var followers, actors sync.WaitGroup
	following, end := context.WithCancel(ctx)
	defer followers.Wait()
	defer end()
	for range clients {
		own, err := govmomi.NewClient(ctx, u, true)
		if err != nil {
			t.Fatal(err)
		}
		followers.Go(func() {
			if err := followRecent(following, own); following.Err() == nil {
				t.Errorf("follow the recent tasks: %v", err)
			}
		})
	}
	for i := range clients {
		vm := vmNamed(t, c, fmt.Sprintf("DC0_H0_VM%d", i))
		actors.Go(func() {
			repeat(t, rounds, func(n int) error { return switched(ctx, vm, n%2 == 1) })
		})
	}
	actors.Wait()
}

// followRecent waits for the tasks that the task manager names, as a console does.
func followRecent(ctx context.Context, c *govmomi.Client) error {
	pc, err := feed(ctx, c, "Task", []string{"info.state"}, *c.ServiceContent.TaskManager, "recentTask")
	version := ""
	for err == nil {
		var res *types.WaitForUpdatesExResponse
		res, err = methods.WaitForUpdatesEx(ctx, c, &types.WaitForUpdatesEx{This: pc, Version: version})
		if err == nil && res.Returnval != nil {
			version = res.Returnval.Version
		}
	}
	return err
}

// TestManyVMsCome: VMs are made while those that are there are collected.
func TestManyVMsCome(t *testing.T) {
	const clients, rounds = 3, 8
	s, c := start(t, vcsim.Options{VMs: clients, Fast: 100})
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	following, end := context.WithCancel(ctx)
	var followers, actors sync.WaitGroup
	defer followers.Wait()
	defer end()
	for range clients {
		own, err := govmomi.NewClient(ctx, u, true)
		if err != nil {
			t.Fatal(err)
		}
		v, err := view.NewManager(own.Client).CreateContainerView(ctx, own.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
		if err != nil {
			t.Fatal(err)
		}
		pc, err := followVMs(ctx, own, v.Reference())
		if err != nil {
			t.Fatal(err)
		}
		followers.Go(func() { waitForChanges(following, own, pc, make(chan struct{}, 1)) })
	}
	folder, err := find.NewFinder(c.Client).Folder(ctx, "/DC0/vm")
	if err != nil {
		t.Fatal(err)
	}
	vm := vmNamed(t, c, "DC0_H0_VM0")
	for i := range clients {
		actors.Go(func() {
			repeat(t, rounds, func(n int) error {
				return carriedOut(ctx, func() (*object.Task, error) {
					return vm.Clone(ctx, folder, fmt.Sprintf("new-%d-%d", i, n), types.VirtualMachineCloneSpec{})
				})
			})
		})
	}
	actors.Wait()
}

// followVMs makes a feed of the VMs of a view.
func followVMs(ctx context.Context, c *govmomi.Client, of types.ManagedObjectReference) (types.ManagedObjectReference, error) {
	return feed(ctx, c, "VirtualMachine", []string{"name", "runtime.powerState"}, of, "view")
}

// feed makes a collector that follows properties of the objects that a list of another names.
func feed(ctx context.Context, c *govmomi.Client, kind string, paths []string, from types.ManagedObjectReference, list string) (types.ManagedObjectReference, error) {
	own, err := methods.CreatePropertyCollector(ctx, c, &types.CreatePropertyCollector{This: c.ServiceContent.PropertyCollector})
	if err != nil {
		return types.ManagedObjectReference{}, err
	}
	skip := true
	_, err = methods.CreateFilter(ctx, c, &types.CreateFilter{This: own.Returnval, Spec: types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{{Type: kind, PathSet: paths}},
		ObjectSet: []types.ObjectSpec{{Obj: from, Skip: &skip, SelectSet: []types.BaseSelectionSpec{
			&types.TraversalSpec{Type: from.Type, Path: list},
		}}},
	}})
	return own.Returnval, err
}

// waitForChanges tells of the first change behind what is there, and goes on waiting.
func waitForChanges(ctx context.Context, c *govmomi.Client, pc types.ManagedObjectReference, changed chan<- struct{}) {
	version := ""
	for n := 0; ; {
		res, err := methods.WaitForUpdatesEx(ctx, c, &types.WaitForUpdatesEx{This: pc, Version: version})
		if err != nil || res.Returnval == nil {
			return
		}
		if version != "" && (res.Returnval.Truncated == nil || !*res.Returnval.Truncated) {
			n++
		}
		if n > 0 {
			select {
			case changed <- struct{}{}:
			default: // told already
			}
		}
		version = res.Returnval.Version
	}
}

// repeat does something so often, until it fails.
func repeat(t *testing.T, rounds int, do func(n int) error) {
	for n := range rounds {
		if err := do(n); err != nil {
			t.Errorf("round %d: %v", n, err)
			return
		}
	}
}

// switched turns a VM on or off.
func switched(ctx context.Context, vm *object.VirtualMachine, on bool) error {
	return carriedOut(ctx, func() (*object.Task, error) {
		if on {
			return vm.PowerOn(ctx)
		}
		return vm.PowerOff(ctx)
	})
}

// carriedOut begins a task and waits until it has succeeded. It asks for its state by
// name: of the whole info the simulator gives what it reads without a lock.
func carriedOut(ctx context.Context, begin func() (*object.Task, error)) error {
	task, err := begin()
	if err != nil {
		return err
	}
	failed := false
	err = property.Wait(ctx, property.DefaultCollector(task.Client()), task.Reference(), []string{"info.state"},
		func(changes []types.PropertyChange) bool {
			failed = slices.ContainsFunc(changes, func(c types.PropertyChange) bool { return c.Val == types.TaskInfoStateError })
			return failed || slices.ContainsFunc(changes, func(c types.PropertyChange) bool { return c.Val == types.TaskInfoStateSuccess })
		})
	if err == nil && failed {
		return fmt.Errorf("%s failed", task.Reference().Value)
	}
	return err
}
