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
	s, err := vcsim.Start(vcsim.Options{VMs: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	d, err := New(Options{ID: "vc", URL: s.URL()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	told := make(map[string]backend.Object)
	w := newWatch(b.(*Conn), func(d backend.Delta) {
		if d, ok := d.(backend.Upsert); ok {
			for _, o := range d.Objects {
				told[o.Title()] = o
			}
		}
	})
	v, err := w.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reg := s.Model().Map()
	bg := &simulator.Context{Context: t.Context(), Map: reg}
	vm := reg.All("VirtualMachine")[0].(*simulator.VirtualMachine)
	bg.WithLock(vm, func() { vm.OverallStatus = types.ManagedEntityStatusYellow })
	pool := reg.All("ResourcePool")[0].(*simulator.ResourcePool)
	bg.WithLock(pool, func() { pool.Runtime.Cpu.OverallUsage, pool.Runtime.Memory.OverallUsage = 1234, 5<<20 })
	clear(told)
	objects, err := w.readStatus(t.Context(), v, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.restate(t.Context(), nil, objects); err != nil {
		t.Fatal(err)
	}
	if got, ok := told[vm.Name].(*backend.VM); !ok || got.Alarm != backend.HealthYellow {
		t.Errorf("the VM: %+v", told[vm.Name])
	}
	got, ok := told[pool.Name].(*backend.ResourcePool)
	if !ok || got.CPUUsedMHz != 1234 || got.MemoryUsed != 5<<20 {
		t.Errorf("the pool: %+v", told[pool.Name])
	}
	if len(told) != 2 {
		t.Errorf("%d objects were told, of which two have changed", len(told))
	}
}
