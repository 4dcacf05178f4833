package vsphere

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// noAlarms is why a single ESXi host has none.
const noAlarms = "a single ESXi host has no alarms; its vCenter keeps them"

// alarmDef is what is shown of an alarm's definition.
type alarmDef struct{ name, text string }

// alarmDefs are the definitions by moid, each fetched once for a connection, and the word
// that an alarm has changed. Safe for concurrent use.
type alarmDefs struct {
	mu      sync.Mutex
	defs    map[string]alarmDef
	changed chan struct{} // nil while nobody waits
}

// news is closed at the next change of an alarm.
func (d *alarmDefs) news() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changed == nil {
		d.changed = make(chan struct{})
	}
	return d.changed
}

// change wakes who waits for news.
func (d *alarmDefs) change() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// alarmID names the alarm of one object: what it takes to acknowledge it.
func alarmID(alarm, object moref) string {
	return alarm.Value + "@" + object.Type + ":" + object.Value
}

// parseAlarmID undoes alarmID.
func parseAlarmID(id string) (alarm, object moref, ok bool) {
	def, of, ok := strings.Cut(id, "@")
	kind, moid, named := strings.Cut(of, ":")
	if !ok || !named || def == "" || kind == "" || moid == "" {
		return alarm, object, false
	}
	return moref{Type: "Alarm", Value: def}, moref{Type: kind, Value: moid}, true
}

// define fetches the definitions that are not known yet, in one call. The error is the
// server's. A definition that is gone meanwhile stays without a name.
func (c *Conn) define(ctx context.Context, states []types.AlarmState) error {
	var unknown []moref
	c.alarms.mu.Lock()
	for _, s := range states {
		if _, known := c.alarms.defs[s.Alarm.Value]; !known && !slices.Contains(unknown, s.Alarm) {
			unknown = append(unknown, s.Alarm)
		}
	}
	c.alarms.mu.Unlock()
	if len(unknown) == 0 {
		return nil
	}
	spec := refSpec(unknown, []types.PropertySpec{{Type: "Alarm", PathSet: []string{"info.name", "info.description"}}})
	err := c.retrieve(ctx, spec, func(page []types.ObjectContent) {
		for _, o := range page {
			got := propsOf(o)
			c.alarms.put(o.Obj.Value, alarmDef{name: as[string](got["info.name"]), text: as[string](got["info.description"])})
		}
	})
	if notFound(err) {
		return nil // the state goes with its definition
	}
	return err
}

func (d *alarmDefs) put(moid string, def alarmDef) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.defs == nil {
		d.defs = make(map[string]alarmDef)
	}
	d.defs[moid] = def
}

func (d *alarmDefs) get(moid string) alarmDef {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.defs[moid]
}

// alarm is the neutral object of a triggered alarm.
func (c *Conn) alarm(s types.AlarmState) *backend.Alarm {
	def := c.alarms.get(s.Alarm.Value)
	a := &backend.Alarm{
		Meta:       backend.Meta{ID: c.ref(backend.KindAlarm, alarmID(s.Alarm, s.Entity)), Name: orDefault(def.name, s.Alarm.Value)},
		ObjectName: c.names.name(s.Entity.Value), Status: health(s.OverallStatus), Since: c.ours(s.Time), AckedBy: s.AcknowledgedByUser, Text: def.text,
		Object: c.ref(kindOf(s.Entity.Type), s.Entity.Value),
	}
	a.Acked = s.Acknowledged != nil && *s.Acknowledged
	if s.AcknowledgedTime != nil {
		a.AckedAt = c.ours(*s.AcknowledgedTime)
	}
	return a
}

// triggered are the alarms of these states, the worst first and the newest of those.
func (c *Conn) triggered(states []types.AlarmState) []*backend.Alarm {
	var all []*backend.Alarm
	for _, s := range states {
		if s.OverallStatus != types.ManagedEntityStatusGreen {
			all = append(all, c.alarm(s))
		}
	}
	slices.SortFunc(all, func(a, b *backend.Alarm) int {
		return cmp.Or(cmp.Compare(b.Status, a.Status), b.Since.Compare(a.Since), cmp.Compare(a.ID.ID, b.ID.ID))
	})
	return all
}

// alarmSpec selects the alarms of the whole inventory: those of an object are also told
// of what it is in. Source: ManagedEntity.triggeredAlarmState, of which a collector tells
// the state at its first call only; see status_round.go.
func (c *Conn) alarmSpec() types.PropertyFilterSpec {
	root := c.vc.ServiceContent.RootFolder
	return refSpec([]moref{root}, []types.PropertySpec{{Type: root.Type, PathSet: []string{"triggeredAlarmState"}}})
}

// alarmStates fetches the states of all alarms. The error is the server's.
func (c *Conn) alarmStates(ctx context.Context) ([]types.AlarmState, error) {
	var states []types.AlarmState
	err := c.retrieve(ctx, c.alarmSpec(), func(page []types.ObjectContent) {
		for _, o := range page {
			states = as[types.ArrayOfAlarmState](propsOf(o)["triggeredAlarmState"]).AlarmState
		}
	})
	return states, err
}

// listAlarms lists the triggered alarms of the server.
func (c *Conn) listAlarms(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	if c.vc.ServiceContent.AlarmManager == nil {
		return backend.Refuse(backend.ClassUnsupported, "list alarms of", c.end.shown(), "%s", noAlarms)
	}
	if err := c.learnPlaces(ctx); err != nil {
		return err
	}
	var states []types.AlarmState
	err := c.readWithin(ctx, pageTimeout, "list alarms of", c.end.shown(), func(ctx context.Context) error {
		var err error
		if states, err = c.alarmStates(ctx); err != nil {
			return err
		}
		if err := c.define(ctx, states); err != nil {
			return err
		}
		return c.nameObjects(ctx, states)
	})
	if err != nil {
		return err
	}
	var objects []backend.Object
	for _, a := range c.triggered(states) {
		if len(q.Refs) == 0 || slices.Contains(q.Refs, a.ID) {
			objects = append(objects, a)
		}
	}
	if len(objects) > 0 {
		emit(objects)
	}
	return nil
}

// nameObjects fetches the names of objects that are not known, which without a watch
// are those of VMs.
func (c *Conn) nameObjects(ctx context.Context, states []types.AlarmState) error {
	var refs []moref
	for _, s := range states {
		if c.names.name(s.Entity.Value) == s.Entity.Value && !slices.Contains(refs, s.Entity) {
			refs = append(refs, s.Entity)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	err := c.retrieve(ctx, refSpec(refs, []types.PropertySpec{{Type: "ManagedEntity", PathSet: []string{"name"}}}), func(page []types.ObjectContent) {
		for _, o := range page {
			c.learn(o.Obj, "name", propsOf(o)["name"])
		}
	})
	if notFound(err) {
		return nil // its alarms go with it
	}
	return err
}
