package vcsim

import (
	"fmt"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// alarms stands in for the alarm manager: the simulator's posts no events, and takes an
// acknowledgement of nothing for one. As the API reference says of triggeredAlarmState and
// overallStatus, nobody who waits for updates is told of a change: events tell, and who
// reads the properties again.
type alarms struct {
	Self types.ManagedObjectReference // not the manager's: its lock is taken after that of the events
	srv  *Server
}

// Reference implements mo.Reference.
func (a *alarms) Reference() types.ManagedObjectReference { return a.Self }

func (s *Server) alarmReceiver(call *simulator.Method) mo.Reference {
	if call.Name != "AcknowledgeAlarm" {
		return nil
	}
	return &alarms{Self: types.ManagedObjectReference{Type: call.This.Type, Value: call.This.Value + "-acknowledge"}, srv: s}
}

// AcknowledgeAlarm implements the method of the AlarmManager. What is acknowledged
// already stays as it was.
func (a *alarms) AcknowledgeAlarm(ctx *simulator.Context, req *types.AcknowledgeAlarm) soap.HasFault {
	body := &methods.AcknowledgeAlarmBody{}
	me, known := ctx.Map.Get(req.Entity).(mo.Entity)
	def, defined := ctx.Map.Get(req.Alarm).(*simulator.Alarm)
	if !defined || !known {
		gone := req.Entity
		if known {
			gone = req.Alarm
		}
		body.Fault_ = simulator.Fault("", &types.ManagedObjectNotFound{Obj: gone})
		return body
	}
	now, done := time.Now(), false
	eachAbove(ctx, me, func(states []types.AlarmState) []types.AlarmState {
		for i, st := range states {
			if st.Alarm != req.Alarm || st.Entity != req.Entity || isTrue(st.Acknowledged) {
				continue
			}
			states[i].Acknowledged, states[i].AcknowledgedTime = types.NewBool(true), &now
			states[i].AcknowledgedByUser = ctx.Session.UserName
			done = true
		}
		return states
	})
	if done {
		text := fmt.Sprintf("Acknowledged alarm '%s' on %s", def.Info.Name, me.Entity().Name)
		post(ctx, &types.AlarmAcknowledgedEvent{
			AlarmEvent: alarmEvent(ctx, def, me, text), Source: argument(me), Entity: rootArgument(ctx, me),
		})
	}
	body.Res = &types.AcknowledgeAlarmResponse{}
	return body
}

func isTrue(b *bool) bool { return b != nil && *b }

// Trigger raises the alarm of this name for an object, as its definition would, or
// changes its status; green clears it.
func (s *Server) Trigger(alarm string, object types.ManagedObjectReference, status types.ManagedEntityStatus) error {
	me, ok := s.model.Map().Get(object).(mo.Entity)
	if !ok {
		return fmt.Errorf("no object %s in the simulated inventory", object.Value)
	}
	def := s.alarmNamed(alarm)
	if def == nil {
		return fmt.Errorf("no alarm %q in the simulated inventory", alarm)
	}
	session := *s.model.Service.Context.Session
	bg := &simulator.Context{Context: s.ctx, Map: s.model.Map(), Session: &session}
	before := triggeredOf(bg, me)
	state := types.AlarmState{
		Key: def.Self.Value + "." + object.Value, Entity: object, Alarm: def.Self, OverallStatus: status,
		Time: time.Now(), Acknowledged: types.NewBool(false),
	}
	eachAbove(bg, me, func(states []types.AlarmState) []types.AlarmState {
		at := slices.IndexFunc(states, func(st types.AlarmState) bool { return st.Alarm == def.Self && st.Entity == object })
		switch {
		case at >= 0 && status == types.ManagedEntityStatusGreen:
			return slices.Delete(states, at, at+1)
		case at >= 0:
			states[at].OverallStatus = status
		case status != types.ManagedEntityStatusGreen:
			return append(states, state)
		}
		return states
	})
	postChanges(bg, me, before)
	return nil
}

// Define adds the definition of an alarm to the root folder.
func (s *Server) Define(name, description string) {
	root := s.model.ServiceContent.RootFolder
	s.model.Map().AlarmManager().CreateAlarm(s.model.Service.Context, &types.CreateAlarm{
		Entity: root, Spec: &types.AlarmSpec{Name: name, Description: description, Enabled: true},
	})
}

func (s *Server) alarmNamed(name string) *simulator.Alarm {
	for _, ref := range s.model.Map().AllReference("Alarm") {
		if def, ok := ref.(*simulator.Alarm); ok && def.Info.Name == name {
			return def
		}
	}
	return nil
}

// eachAbove changes the triggered alarms of an object and of all that it is in, each
// from a copy. The object's own state follows its own alarms.
func eachAbove(ctx *simulator.Context, me mo.Entity, change func([]types.AlarmState) []types.AlarmState) {
	for me != nil {
		obj := me.Entity()
		var up *types.ManagedObjectReference
		ctx.WithLock(me, func() {
			obj.TriggeredAlarmState = change(slices.Clone(obj.TriggeredAlarmState))
			obj.OverallStatus = worstOf(obj.Self, obj.TriggeredAlarmState)
			switch o := me.(type) {
			case *simulator.VirtualMachine:
				o.Summary.OverallStatus = obj.OverallStatus
			case *simulator.HostSystem:
				o.Summary.OverallStatus = obj.OverallStatus
			}
			up = obj.Parent
		})
		me = nil
		if up != nil {
			me, _ = ctx.Map.Get(*up).(mo.Entity)
		}
	}
}

// worstOf is the status that an object's own alarms give it.
func worstOf(self types.ManagedObjectReference, states []types.AlarmState) types.ManagedEntityStatus {
	worst := types.ManagedEntityStatusGreen
	for _, st := range states {
		switch {
		case st.Entity != self:
		case st.OverallStatus == types.ManagedEntityStatusRed:
			return types.ManagedEntityStatusRed
		case st.OverallStatus == types.ManagedEntityStatusYellow:
			worst = types.ManagedEntityStatusYellow
		}
	}
	return worst
}
