package vcsim

import (
	"slices"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Refusal makes calls fail as a server would refuse them. The simulator has rules of its
// own for that, but counts them without a lock that two calls at once would need.
type Refusal struct {
	Method string // "PowerOffVM_Task"
	Fault  types.BaseMethodFault
	// Message is the text beside the fault; a call before the login gets none.
	Message string
	Count   int // of calls that fail; 0: all until Relent
}

// refusals are those in force.
type refusals struct {
	mu  sync.Mutex
	all []*Refusal
}

// Refuse makes calls fail from the next on.
func (s *Server) Refuse(r Refusal) {
	s.refusals.mu.Lock()
	defer s.refusals.mu.Unlock()
	s.refusals.all = append(s.refusals.all, &r)
}

// Relent ends every refusal.
func (s *Server) Relent() {
	s.refusals.mu.Lock()
	defer s.refusals.mu.Unlock()
	s.refusals.all = nil
}

// next takes one refusal of the method from those in force, nil when there is none.
func (r *refusals) next(method string) *Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.all, func(e *Refusal) bool { return e.Method == method })
	if i < 0 {
		return nil
	}
	found := *r.all[i]
	switch r.all[i].Count {
	case 0:
	case 1:
		r.all = slices.Delete(r.all, i, i+1)
	default:
		r.all[i].Count--
	}
	return &found
}

// refuser answers a call with a fault, whatever the call is.
type refuser struct {
	Self types.ManagedObjectReference
	with *soap.Fault
}

// Reference implements mo.Reference.
func (r *refuser) Reference() types.ManagedObjectReference { return r.Self }

// Refuse is what the simulator calls instead of the method that was asked for.
func (r *refuser) Refuse(any) soap.HasFault { return r }

// Fault implements soap.HasFault.
func (r *refuser) Fault() *soap.Fault { return r.with }

// refused tells whether a call is to fail, and by whom or with what.
func (s *Server) refused(ctx *simulator.Context, call *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	r := s.refusals.next(call.Name)
	if r == nil {
		return nil, nil
	}
	if ctx.Session == nil {
		return nil, r.Fault
	}
	self := types.ManagedObjectReference{Type: "Extension", Value: call.This.Value}
	call.This, call.Name = self, "Refuse"
	return &refuser{Self: self, with: simulator.Fault(r.Message, r.Fault)}, nil
}
