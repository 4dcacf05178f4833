package vcsim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// demoAlarms gives two VMs of the demo a reason to be looked at.
func (s *Server) demoAlarms() error {
	for _, a := range []struct{ name, text, vm string }{
		{"Virtual machine memory usage", "Default alarm to monitor virtual machine memory usage", "db-02"},
		{"Virtual machine snapshot size", "Alarm to monitor the space that snapshots take", "log-2"},
	} {
		vm, ok := byName(s.model.Map(), "VirtualMachine", a.vm).(*simulator.VirtualMachine)
		if !ok {
			return fmt.Errorf("no VM %s in the simulated inventory", a.vm)
		}
		s.Define(a.name, a.text)
		if err := s.Trigger(a.name, vm.Self, types.ManagedEntityStatusYellow); err != nil {
			return err
		}
	}
	return nil
}
