package backendtest

import "hvdeck/backend"

func alarmCases() []testCase {
	return []testCase{
		{name: "alarm/acknowledge", ops: []backend.Op{backend.AlarmAckOp{}}, run: alarmAcknowledge},
	}
}

// alarmAcknowledge also holds that a watch tells an alarm and its acknowledgement, and
// that neither a second acknowledgement nor one of nothing is taken.
func alarmAcknowledge(r *run) {
	r.needs(backend.VerbAlarmAck)
	if r.Trigger == nil {
		r.fatalf("no way to trigger an alarm here")
	}
	vm := r.vm(r.Running).ID
	w := r.onlooker()
	r.Trigger(r.t, r.Running)
	var alarm *backend.Alarm
	r.await("a triggered alarm in the list", func() bool {
		alarm = r.alarmOf(vm)
		return alarm != nil
	})
	if alarm.Name == "" || alarm.ObjectName != r.Running || alarm.Since.IsZero() || alarm.Status < backend.HealthYellow || alarm.Acked {
		r.errorf("the alarm is %+v", alarm)
	}
	r.await("the alarm in the watch", func() bool { return w.alarm(alarm.ID) != nil })
	r.do(backend.AlarmAckOp{Alarm: alarm.ID})
	r.await("the acknowledgement in the watch", func() bool { a := w.alarm(alarm.ID); return a != nil && a.Acked })
	r.await("the acknowledgement", func() bool {
		alarm = r.alarmOf(vm)
		return alarm != nil && alarm.Acked && alarm.AckedBy != "" && !alarm.AckedAt.IsZero()
	})
	r.refused(backend.AlarmAckOp{Alarm: alarm.ID}, backend.ClassConflict)
	r.refused(backend.AlarmAckOp{Alarm: r.unknown(backend.KindAlarm)}, backend.ClassNotFound)
}

// alarmOf is the triggered alarm of an object; nil when there is none.
func (r *run) alarmOf(object backend.Ref) *backend.Alarm {
	for _, o := range r.list(backend.Query{Kind: backend.KindAlarm}) {
		if a, ok := o.(*backend.Alarm); ok && a.Object == object {
			return a
		}
	}
	return nil
}

// alarm is what the watcher was told of an alarm; nil when nothing.
func (w *watching) alarm(ref backend.Ref) *backend.Alarm {
	w.refresh()
	w.mu.Lock()
	defer w.mu.Unlock()
	a, _ := w.objects[ref].(*backend.Alarm)
	return a
}
