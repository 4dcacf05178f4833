package vcsim

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// demoStory gives some VMs a history: snapshot trees, a suspended desktop, a VM
// that waits for an answer, alarms.
func (s *Server) demoStory() error {
	bg := s.model.Service.Context
	trees := map[string][]storyStep{
		"web-01": {{"base", "", "fresh install", 41}, {"updated", "base", "security updates", 12},
			{"try-kernel", "base", "6.12 from backports", 11}, {"before-tls", "updated", "", 3}},
		"db-01":    {{"before-upgrade", "", "PostgreSQL 16 to 17", 6}},
		"db-03":    {{"base", "", "", 90}, {"updated", "base", "spring", 60}, {"updated", "base", "summer", 30}, {"tuned", "updated", "", 9}},
		"build-7":  {{"clean", "", "reset point of the build jobs", 120}, {"toolchain", "clean", "", 20}},
		"test-1":   {{"a", "", "", 5}, {"b", "a", "", 4}, {"c", "b", "", 3}, {"d", "c", "", 2}, {"e", "a", "", 1}},
		"vdi-03":   {{"golden", "", "image of the month", 18}},
		"mail-01":  {{"before-migration", "", "", 200}},
		"web-06":   {{"old", "", "", 400}},
		"backup-1": {{"base", "", "", 33}, {"agent-9", "base", "", 2}},
	}
	for name, steps := range trees {
		m, err := s.machine(name)
		if err != nil {
			return err
		}
		for _, step := range steps {
			m.tell(bg, step)
		}
	}
	if err := s.demoStates(bg); err != nil {
		return err
	}
	return s.demoAlarms()
}

// storyStep is a snapshot taken below the one named under, days ago.
type storyStep struct {
	name, under, description string
	days                     int
}

func (m *machine) tell(bg *simulator.Context, step storyStep) {
	if info := cloneInfo(m.vm.Snapshot); step.under != "" && len(info.RootSnapshotList) > 0 {
		if node := named(info.RootSnapshotList, step.under); node != nil {
			info.CurrentSnapshot = &node.Snapshot
			m.setTree(bg, info)
		}
	}
	at := time.Now().Add(-time.Duration(step.days) * 24 * time.Hour)
	m.take(bg, snapshotSpec{name: step.name, description: step.description, memory: step.days < 10, at: at})
}

// named is the last snapshot of that name.
func named(t tree, name string) *types.VirtualMachineSnapshotTree {
	var found *types.VirtualMachineSnapshotTree
	for i := range t {
		if t[i].Name == name {
			found = &t[i]
		}
		if n := named(t[i].ChildSnapshotList, name); n != nil {
			found = n
		}
	}
	return found
}

// demoStates suspends a desktop and starts the VM that asks.
func (s *Server) demoStates(bg *simulator.Context) error {
	vdi, err := s.machine("vdi-05")
	if err != nil {
		return err
	}
	vdi.setPower(bg, types.VirtualMachinePowerStateSuspended)
	erp, err := s.machine("legacy-erp")
	if err != nil {
		return err
	}
	s.Asks(erp.Self)
	session := *s.model.Service.Context.Session
	session.UserName = "VSPHERE.LOCAL\\Administrator"
	erp.PowerOnVMTask(&simulator.Context{Context: s.ctx, Map: s.model.Map(), Session: &session},
		&types.PowerOnVM_Task{This: erp.Self})
	return nil
}

// machine finds a VM by name.
func (s *Server) machine(name string) (*machine, error) {
	vm, ok := byName(s.model.Map(), "VirtualMachine", name).(*simulator.VirtualMachine)
	if !ok {
		return nil, fmt.Errorf("no VM %s in the simulated inventory", name)
	}
	return &machine{Self: vm.Self, srv: s, vm: vm}, nil
}
