package vsphere

import (
	"context"
	"reflect"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// alarmFeed are the triggered alarms of a watch.
type alarmFeed struct {
	states []types.AlarmState
	dirty  bool // the states are newer than what was told
	told   map[backend.Ref]*backend.Alarm
}

// tellAlarms emits what is new of the alarms, and removes those that are gone. A rename
// of an object is news, too.
func (w *watch) tellAlarms(ctx context.Context) error {
	if !w.alarms.dirty {
		return nil
	}
	err := w.c.once(ctx, callTimeout, func(ctx context.Context) error { return w.c.define(ctx, w.alarms.states) })
	if err != nil {
		return err
	}
	w.alarms.dirty = false
	now := make(map[backend.Ref]*backend.Alarm)
	for _, a := range w.c.triggered(w.alarms.states) {
		now[a.ID] = a
		if old := w.alarms.told[a.ID]; old == nil || !reflect.DeepEqual(old, a) {
			w.out = append(w.out, a)
		}
	}
	for ref := range w.alarms.told {
		if now[ref] == nil {
			w.gone = append(w.gone, ref)
		}
	}
	w.alarms.told = now
	return nil
}
