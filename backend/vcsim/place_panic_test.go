package vcsim

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// TestAPanicLeavesNothingLocked: the task fails, and its object can be used by others.
func TestAPanicLeavesNothingLocked(t *testing.T) {
	s, err := Start(Options{VMs: 1, StandaloneHosts: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	panics := map[string]job{
		"finish": {id: "clone", finish: func(*simulator.Context) (types.AnyType, types.BaseMethodFault) { panic("no such datastore") }},
		"after": {
			id: "relocate", after: func(*simulator.Context) { panic("no such folder") },
			finish: func(*simulator.Context) (types.AnyType, types.BaseMethodFault) { return nil, nil },
		},
	}
	for name, j := range panics {
		vm := s.model.Map().Any("VirtualMachine").(*simulator.VirtualMachine)
		task := s.model.Map().Get(s.run(s.model.Service.Context, vm, vm.Name, j)).(*simulator.Task)
		other := &simulator.Context{Context: t.Context(), Map: s.model.Map()}
		var info types.TaskInfo
		for end := time.Now().Add(5 * time.Second); info.State != types.TaskInfoStateError; time.Sleep(2 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: the task is %s", name, info.State)
			}
			other.Map.WithLock(other, task, func() { info = task.Info })
		}
		if _, ok := info.Error.Fault.(*types.SystemError); !ok {
			t.Errorf("%s: the task failed with %T", name, info.Error.Fault)
		}
		free := make(chan struct{})
		go other.Map.WithLock(other, vm, func() { close(free) })
		select {
		case <-free:
		case <-time.After(2 * time.Second):
			t.Errorf("%s: the VM is locked for good", name)
		}
	}
}
