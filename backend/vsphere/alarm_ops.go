package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// Operations on alarms.

func alarmVerbs() []backend.Verb { return []backend.Verb{backend.VerbAlarmAck} }

func (a *action) alarmWork(op backend.Op) work {
	if op, ok := op.(backend.AlarmAckOp); ok {
		return bind(op, a.acknowledge)
	}
	return nil
}

// acknowledge looks at the alarm first: the server takes an acknowledgement of what is
// not triggered without a word.
func (a *action) acknowledge(ctx context.Context, op backend.AlarmAckOp) (backend.Result, error) {
	alarm, object, ok := parseAlarmID(op.Alarm.ID)
	if !ok {
		return backend.Result{}, a.refuse(backend.ClassNotFound, "there is no such alarm")
	}
	name := a.c.names.name(object.Value)
	if def := a.c.alarms.get(alarm.Value); def.name != "" {
		a.object = def.name + " of " + name
	}
	got, err := a.c.retrieveOne(ctx, a.doing, object, "triggeredAlarmState")
	if err != nil {
		return backend.Result{}, err
	}
	for _, s := range as[types.ArrayOfAlarmState](got["triggeredAlarmState"]).AlarmState {
		if s.Alarm.Value != alarm.Value || s.Entity.Value != object.Value || s.OverallStatus == types.ManagedEntityStatusGreen {
			continue
		}
		if s.Acknowledged != nil && *s.Acknowledged {
			return backend.Result{}, a.refuse(backend.ClassConflict, "%s has acknowledged it already", orDefault(s.AcknowledgedByUser, "somebody"))
		}
		defer a.c.alarms.change() // also when the answer was lost
		return backend.Result{}, a.call(ctx, func(ctx context.Context) error {
			_, err := methods.AcknowledgeAlarm(ctx, a.c.vc, &types.AcknowledgeAlarm{
				This: *a.c.vc.ServiceContent.AlarmManager, Alarm: s.Alarm, Entity: s.Entity,
			})
			return err
		})
	}
	return backend.Result{}, a.refuse(backend.ClassNotFound, "the alarm has cleared meanwhile")
}
