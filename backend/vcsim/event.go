package vcsim

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// events stands in for the event manager: an event about nothing ends the simulator's
// own, and that an event triggers an alarm is no event.
type events struct {
	Self types.ManagedObjectReference
	own  *simulator.EventManager
}

// Reference implements mo.Reference.
func (e *events) Reference() types.ManagedObjectReference { return e.Self }

func (s *Server) eventReceiver(call *simulator.Method) mo.Reference {
	if call.Name != "PostEvent" {
		return nil
	}
	own, ok := s.model.Map().Get(call.This).(*simulator.EventManager)
	if !ok {
		return nil
	}
	return &events{Self: own.Self, own: own}
}

// PostEvent implements the method of the EventManager.
func (e *events) PostEvent(ctx *simulator.Context, req *types.PostEvent) soap.HasFault {
	ex, ok := req.EventToPost.(*types.EventEx)
	if !ok {
		return e.own.PostEvent(ctx, req)
	}
	ref := types.ManagedObjectReference{Type: strings.TrimPrefix(ex.ObjectType, "vim."), Value: ex.ObjectId}
	me, ok := ctx.Map.Get(ref).(mo.Entity)
	if !ok {
		return &methods.PostEventBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "eventToPost"})}
	}
	ex.ObjectType = ref.Type
	before := triggeredOf(ctx, me)
	body := e.own.PostEvent(ctx, req)
	if ctx.Map.AlarmManager() != nil {
		eachAbove(ctx, me, func(states []types.AlarmState) []types.AlarmState { return states })
		postChanges(ctx, me, before)
	}
	return body
}

// post adds an event to the history; the simulator words it.
func post(ctx *simulator.Context, e types.BaseEvent) {
	em := ctx.Map.EventManager()
	ctx.WithLock(em, func() { em.PostEvent(ctx, &types.PostEvent{EventToPost: e}) })
}
