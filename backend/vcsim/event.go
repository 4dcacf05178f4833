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
// own, and the alarms that an event triggers are not told to who watches them.
type events struct {
	Self types.ManagedObjectReference
	srv  *Server
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
	return &events{Self: own.Self, srv: s, own: own}
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
	body := e.own.PostEvent(ctx, req)
	if ctx.Map.AlarmManager() != nil {
		e.srv.eachAbove(ctx, me, func(states []types.AlarmState) []types.AlarmState { return states })
	}
	return body
}
