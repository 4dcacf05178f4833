package vcsim

import (
	"math"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// loadEvery is how often the figures move; a host refreshes its own each 20 s.
const loadEvery = 2 * time.Second

// startLoad moves the load figures until Close. They are written under the
// object's lock but not announced: nobody watches them, and the simulator collects
// a watcher's whole filter for each announcement.
func (s *Server) startLoad() {
	loads := make(map[string]int)
	for _, spec := range demoMachines() {
		loads[spec.guestID+spec.folder] = spec.load
	}
	bg := &simulator.Context{Context: s.ctx, Map: s.model.Map()}
	s.moveLoad(loads)
	s.moveUse(bg)
	s.work.Add(1)
	guard.Go("simulated load", nil, func() {
		defer s.work.Done()
		tick := time.NewTicker(loadEvery)
		defer tick.Stop()
		announce := time.NewTicker(announceEvery)
		defer announce.Stop()
		for {
			select {
			case <-s.ctx.Done():
				return
			case <-tick.C:
				s.moveLoad(loads)
			case <-announce.C:
				s.moveUse(bg)
			}
		}
	})
}

func (s *Server) moveLoad(loads map[string]int) {
	reg := s.model.Map()
	bg := &simulator.Context{Context: s.ctx, Map: reg}
	cpu := make(map[types.ManagedObjectReference]int32)
	mem := make(map[types.ManagedObjectReference]int32)
	for i, e := range reg.All("VirtualMachine") {
		vm := e.(*simulator.VirtualMachine)
		reg.WithLock(bg, vm, func() {
			moveVM(vm, loads[vm.Config.GuestId+folderOf(reg, vm)], i)
			if h := vm.Runtime.Host; h != nil {
				cpu[*h] += vm.Summary.QuickStats.OverallCpuUsage
				mem[*h] += vm.Summary.QuickStats.HostMemoryUsage
			}
		})
	}
	for _, e := range reg.All("HostSystem") {
		h := e.(*simulator.HostSystem)
		reg.WithLock(bg, h, func() {
			q := &h.Summary.QuickStats
			q.OverallCpuUsage, q.OverallMemoryUsage = cpu[h.Self]+900, mem[h.Self]+9000
			q.Uptime += int32(loadEvery / time.Second)
		})
	}
}

// moveVM sets figures that wander around the VM's usual load.
func moveVM(vm *simulator.VirtualMachine, percent, phase int) {
	q := &vm.Summary.QuickStats
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		q.OverallCpuUsage, q.HostMemoryUsage, q.GuestMemoryUsage = 0, 0, 0
		return
	}
	t := float64(time.Now().UnixMilli())/1000 + float64(phase)*13
	wave := 1 + 0.45*math.Sin(t/23) + 0.25*math.Sin(t/7.3) + 0.15*math.Sin(t/2.9)
	share := math.Min(math.Max(float64(max(percent, 2))*wave, 0.5), 99) / 100
	q.OverallCpuUsage = int32(share * float64(vm.Runtime.MaxCpuUsage))
	full := float64(vm.Summary.Config.MemorySizeMB)
	q.HostMemoryUsage = int32(full * (0.62 + 0.06*math.Sin(t/61)))
	q.GuestMemoryUsage = int32(full * (0.2 + 0.3*share))
	q.GuestHeartbeatStatus = types.ManagedEntityStatusGreen
	if vm.Runtime.BootTime != nil {
		q.UptimeSeconds = int32(time.Since(*vm.Runtime.BootTime).Seconds())
	}
}

func folderOf(reg *simulator.Registry, vm *simulator.VirtualMachine) string {
	if vm.Parent == nil {
		return ""
	}
	f, ok := reg.Get(*vm.Parent).(*simulator.Folder)
	if !ok {
		return ""
	}
	return f.Name
}
