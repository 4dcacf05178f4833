package vsphere

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// Some properties are told to a property collector once and never again: for these, the
// API reference says, servers since 5.0 need not send an update to who waits with a
// version. They are read again: soon after an event about an alarm and after an
// acknowledgement of ours, and all of them once a minute.

// unannounced tells whether a property's changes are not told. Sources:
// ManagedEntity.overallStatus, ResourcePool.runtime; triggeredAlarmState is another.
func unannounced(path string) bool {
	switch path {
	case "overallStatus", "runtime.cpu.overallUsage", "runtime.memory.overallUsage":
		return true
	default:
		return false
	}
}

// unannouncedSets are such properties of these types.
func unannouncedSets(kinds []string) []types.PropertySpec {
	var sets []types.PropertySpec
	for _, k := range kinds {
		if newEntity(k) == nil {
			continue // a mere place
		}
		paths := slices.DeleteFunc(leanPaths(k), func(path string) bool { return !unannounced(path) })
		if len(paths) > 0 {
			sets = append(sets, types.PropertySpec{Type: k, PathSet: paths})
		}
	}
	return sets
}

// statusFeed reads what is not told. What fails is left as it was: the next round mends
// it, and the pulse notices a connection that is lost.
func (w *watch) statusFeed(ctx context.Context, v views, feed chan<- func(context.Context) error) error {
	tick := time.NewTicker(roundEvery)
	defer tick.Stop()
	news := w.c.alarms.news()
	was, _ := w.readAlarms(ctx)
	for {
		whole := false
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			whole = true
		case <-news:
		}
		news = w.c.alarms.news() // before reading: what comes meanwhile makes for another
		now, err := w.readAlarms(ctx)
		if err != nil {
			continue
		}
		objects, err := w.readStatus(ctx, v, whole, concerned(was, now))
		if err == nil {
			was = now // else those that had alarms are looked at once more
		}
		if serr := send(ctx, feed, func(ctx context.Context) error { return w.restate(ctx, now, objects) }); serr != nil {
			return serr
		}
		if !whole || err != nil {
			continue
		}
		if err := w.farewell(ctx, feed, objects); err != nil {
			return err
		}
	}
}

// concerned are the objects that have or had alarms of their own.
func concerned(was, now []types.AlarmState) []moref {
	var refs []moref
	for _, s := range slices.Concat(was, now) {
		if !slices.Contains(refs, s.Entity) {
			refs = append(refs, s.Entity)
		}
	}
	return refs
}

// readAlarms are the states of all alarms; none where the server has no alarms.
func (w *watch) readAlarms(ctx context.Context) (states []types.AlarmState, err error) {
	if w.c.vc.ServiceContent.AlarmManager == nil {
		return nil, nil
	}
	err = w.c.once(ctx, callTimeout, func(ctx context.Context) error {
		states, err = w.c.alarmStates(ctx)
		return err
	})
	return states, err
}

// readStatus reads the properties of all objects, or of these only.
func (w *watch) readStatus(ctx context.Context, v views, whole bool, refs []moref) (objects []types.ObjectContent, err error) {
	sets := unannouncedSets(append(infraTypes(), "VirtualMachine"))
	spec := refSpec(refs, sets)
	if whole {
		spec = viewSpec(v.infra, sets)
		spec.ObjectSet = append(spec.ObjectSet, viewSpec(v.vms, nil).ObjectSet...)
	}
	if len(spec.ObjectSet) == 0 {
		return nil, nil
	}
	err = w.c.once(ctx, pageTimeout, func(ctx context.Context) error {
		return w.c.retrieve(ctx, spec, func(page []types.ObjectContent) { objects = append(objects, page...) })
	})
	return objects, err
}

// restate merges what was read into what is known, and emits what is new in it. What a
// collector has not told yet comes with it.
func (w *watch) restate(ctx context.Context, states []types.AlarmState, objects []types.ObjectContent) error {
	for _, o := range objects {
		e, known := w.entities[o.Obj.Value]
		if !known {
			continue
		}
		if was := w.object(o.Obj.Value, e); w.differs(o, e, was) {
			w.put(o.Obj.Value, e)
		}
	}
	if w.c.vc.ServiceContent.AlarmManager != nil {
		w.alarms.states, w.alarms.dirty = states, true
	}
	if w.synced {
		if err := w.tellAlarms(ctx); err != nil {
			return err
		}
	}
	w.flush()
	return nil
}

// differs sets what was read of an object, and tells whether it is shown otherwise now.
func (w *watch) differs(o types.ObjectContent, e entity, was backend.Object) bool {
	for _, p := range o.PropSet {
		e.set(w.c.names, p.Name, p.Val)
	}
	return !reflect.DeepEqual(was, w.object(o.Obj.Value, e))
}
