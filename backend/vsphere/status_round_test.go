package vsphere

import (
	"testing"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
)

// TestStatusRound: states and loads of which neither an update nor an event tells come
// with the round.
func TestStatusRound(t *testing.T) {
	w := watching(t, vcsim.Options{VMs: 2})
	reg := w.server.Model().Map()
	bg := &simulator.Context{Context: t.Context(), Map: reg}
	vm := reg.All("VirtualMachine")[0].(*simulator.VirtualMachine)
	bg.WithLock(vm, func() { vm.OverallStatus = types.ManagedEntityStatusYellow })
	pool := reg.All("ResourcePool")[0].(*simulator.ResourcePool)
	bg.WithLock(pool, func() { pool.Runtime.Cpu.OverallUsage, pool.Runtime.Memory.OverallUsage = 1234, 5<<20 })
	objects, err := w.readStatus(t.Context(), w.views, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.restate(t.Context(), nil, objects); err != nil {
		t.Fatal(err)
	}
	if got, ok := w.told[vm.Name].(*backend.VM); !ok || got.Alarm != backend.HealthYellow {
		t.Errorf("the VM: %+v", w.told[vm.Name])
	}
	got, ok := w.told[pool.Name].(*backend.ResourcePool)
	if !ok || got.CPUUsedMHz != 1234 || got.MemoryUsed != 5<<20 {
		t.Errorf("the pool: %+v", w.told[pool.Name])
	}
	if len(w.told) != 2 {
		t.Errorf("%d objects were told, of which two have changed", len(w.told))
	}
}
