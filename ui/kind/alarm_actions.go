package kind

import (
	"hvdeck/backend"
	"hvdeck/keymap"
)

// alarmActions are what can be done about an alarm. Acknowledging asks nothing: the
// alarm stays in sight until its cause is gone.
func alarmActions() []keymap.Action {
	a := onEach(manageAction(backend.KindAlarm, "acknowledge", "Acknowledge", "a",
		"Says that somebody is on it: the alarm stays until its cause is gone, its actions stop.", backend.VerbAlarmAck, keymap.Safe))
	a.Group = "Alarms"
	a.When = func(_ keymap.Selection, o backend.Object) string {
		alarm, ok := o.(*backend.Alarm)
		if !ok || !alarm.Acked {
			return ""
		}
		if alarm.AckedBy != "" {
			return alarm.AckedBy + " has acknowledged it"
		}
		return "it is acknowledged already"
	}
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.AlarmAckOp{Alarm: o.Ref()}
	}
	return []keymap.Action{a}
}
