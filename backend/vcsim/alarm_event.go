package vcsim

import (
	"fmt"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// triggeredOf is a copy of what an object's triggered alarms are now.
func triggeredOf(ctx *simulator.Context, me mo.Entity) []types.AlarmState {
	var states []types.AlarmState
	ctx.WithLock(me, func() { states = slices.Clone(me.Entity().TriggeredAlarmState) })
	return states
}

// postChanges posts how the object's own alarms differ from what they were.
func postChanges(ctx *simulator.Context, me mo.Entity, before []types.AlarmState) {
	now := statuses(me, triggeredOf(ctx, me))
	was := statuses(me, before)
	for alarm, to := range now {
		if from := was[alarm]; from != to {
			postStatus(ctx, me, alarm, from, to)
		}
	}
	for alarm, from := range was {
		if _, still := now[alarm]; !still {
			postStatus(ctx, me, alarm, from, types.ManagedEntityStatusGreen)
		}
	}
}

// statuses are those of the object's own alarms.
func statuses(me mo.Entity, states []types.AlarmState) map[types.ManagedObjectReference]types.ManagedEntityStatus {
	all := make(map[types.ManagedObjectReference]types.ManagedEntityStatus)
	for _, st := range states {
		if st.Entity == me.Entity().Self {
			all[st.Alarm] = st.OverallStatus
		}
	}
	return all
}

func postStatus(ctx *simulator.Context, me mo.Entity, alarm types.ManagedObjectReference, from, to types.ManagedEntityStatus) {
	def, ok := ctx.Map.Get(alarm).(*simulator.Alarm)
	if !ok {
		return
	}
	if from == "" {
		from = types.ManagedEntityStatusGreen
	}
	text := fmt.Sprintf("Alarm '%s' on %s changed from %s to %s", def.Info.Name, me.Entity().Name, from, to)
	post(ctx, &types.AlarmStatusChangedEvent{
		AlarmEvent: alarmEvent(ctx, def, me, text), Source: argument(me), Entity: rootArgument(ctx, me), From: string(from), To: string(to),
	})
}

// alarmEvent fills in which alarm, and of what. The simulator has no words for these.
func alarmEvent(ctx *simulator.Context, def *simulator.Alarm, me mo.Entity, text string) types.AlarmEvent {
	e := types.AlarmEvent{Alarm: types.AlarmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: def.Info.Name}, Alarm: def.Self}}
	obj := me.Entity()
	e.CreatedTime, e.Datacenter, e.FullFormattedMessage = time.Now(), datacenterOf(ctx.Map, obj.Parent), text
	name := types.EntityEventArgument{Name: obj.Name}
	switch obj.Self.Type {
	case "VirtualMachine":
		e.Vm = &types.VmEventArgument{EntityEventArgument: name, Vm: obj.Self}
	case "HostSystem":
		e.Host = &types.HostEventArgument{EntityEventArgument: name, Host: obj.Self}
	case "Datastore":
		e.Ds = &types.DatastoreEventArgument{EntityEventArgument: name, Datastore: obj.Self}
	}
	return e
}

func argument(me mo.Entity) types.ManagedEntityEventArgument {
	obj := me.Entity()
	return types.ManagedEntityEventArgument{EntityEventArgument: types.EntityEventArgument{Name: obj.Name}, Entity: obj.Self}
}

// rootArgument is what the alarms are registered with: the top of what the object is in.
func rootArgument(ctx *simulator.Context, me mo.Entity) types.ManagedEntityEventArgument {
	for {
		up := me.Entity().Parent
		if up == nil {
			return argument(me)
		}
		above, ok := ctx.Map.Get(*up).(mo.Entity)
		if !ok {
			return argument(me)
		}
		me = above
	}
}
