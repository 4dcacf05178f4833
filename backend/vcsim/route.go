package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// machine adds methods to one VM. It stands in for the VM's own type for a single
// call, because the simulator's own code expects to find that type in the registry.
type machine struct {
	Self types.ManagedObjectReference // the VM's: calls are serialised with its own
	srv  *Server
	vm   *simulator.VirtualMachine
}

// Reference implements mo.Reference.
func (m *machine) Reference() types.ManagedObjectReference { return m.Self }

// snapshot adds methods to one snapshot.
type snapshot struct {
	machine
	of types.ManagedObjectReference
}

// route sends the calls that we implement to our own types.
func (s *Server) route(ctx *simulator.Context, call *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if by, fault := s.refused(ctx, call); by != nil || fault != nil {
		return by, fault
	}
	if ctx.Session == nil {
		return nil, nil
	}
	if call.Name == "WaitForUpdatesEx" {
		s.noteWait(ctx, call.This)
		return nil, nil
	}
	own := s.receiver(ctx, call)
	if own == nil {
		return nil, nil
	}
	// The simulator prefers the registered object over the one returned here, so
	// the call must no longer name it.
	call.This = types.ManagedObjectReference{Type: "Extension", Value: call.This.Value}
	return own, nil
}

// areas give our stand-in for the object of a call, nil for calls that are not theirs;
// one file for each of them.
func (s *Server) areas() []func(*simulator.Method) mo.Reference {
	return []func(*simulator.Method) mo.Reference{
		s.taskReceiver, s.placeReceiver, s.machineReceiver, s.snapshotReceiver, s.alarmReceiver, s.eventReceiver,
		s.perfReceiver, s.leaseReceiver, s.ovfReceiver, s.exportReceiver, s.fileReceiver, s.searchReceiver,
		s.sessionReceiver,
	}
}

// receiver is our stand-in for the object of the call, nil where the simulator's
// own does.
func (s *Server) receiver(ctx *simulator.Context, call *simulator.Method) mo.Reference {
	if own := s.collectorReceiver(ctx, call); own != nil {
		return own
	}
	for _, area := range s.areas() {
		if own := area(call); own != nil {
			return own
		}
	}
	return nil
}

func (s *Server) machineReceiver(call *simulator.Method) mo.Reference {
	switch call.Name {
	case "PowerOnVM_Task", "PowerOffVM_Task", "SuspendVM_Task", "ResetVM_Task",
		"CreateSnapshot_Task", "CreateSnapshotEx_Task", "RevertToCurrentSnapshot_Task", "RemoveAllSnapshots_Task", "AnswerVM":
	default:
		return nil
	}
	if vm := s.standIn(call.This); vm != nil {
		return vm
	}
	return nil
}

// standIn is our stand-in for a VM; nil when it is none.
func (s *Server) standIn(ref types.ManagedObjectReference) *machine {
	vm, ok := s.model.Map().Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return nil
	}
	return &machine{Self: vm.Self, srv: s, vm: vm}
}

func (s *Server) snapshotReceiver(call *simulator.Method) mo.Reference {
	switch call.Name {
	case "RevertToSnapshot_Task", "RemoveSnapshot_Task", "RenameSnapshot":
	default:
		return nil
	}
	ref := call.This
	sn, ok := s.model.Map().Get(ref).(*simulator.VirtualMachineSnapshot)
	if !ok {
		return nil
	}
	vm := s.standIn(sn.Vm)
	if vm == nil {
		return nil
	}
	return &snapshot{machine: *vm, of: ref}
}

// noteWait remembers a collector with an open wait, for Close.
func (s *Server) noteWait(ctx *simulator.Context, ref types.ManagedObjectReference) {
	pc, ok := ctx.Session.Get(ref).(*simulator.PropertyCollector)
	if !ok {
		return
	}
	s.mu.Lock()
	s.waiting[pc] = struct{}{}
	s.mu.Unlock()
}
