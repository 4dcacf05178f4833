package vsphere

import (
	"context"
	"errors"
	"sync"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

// Watch implements backend.Backend. Three callers wait at the server (inventory,
// tasks, pulse) and send what they got to this goroutine, which alone keeps the
// state and calls emit.
func (c *Conn) Watch(ctx context.Context, emit func(backend.Delta)) error {
	restarts := 0
	sent := make(map[backend.Ref]bool)
	var counted *tally
	events := newEventFeed(c) // its position outlives a re-sync
	for {
		w := newWatch(c, emit)
		w.events = events
		w.before, w.tally = sent, newTally(counted)
		was := c.generation()
		w.login = was
		err := w.run(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the caller ended it
		}
		if !sessionEnded(err) && !errors.Is(err, errStale) {
			return c.failed(ctx, "watch", c.end.shown(), err)
		}
		if w.synced {
			restarts = 0
		}
		sent, counted = w.told(), w.tally
		if restarts++; restarts > 3 {
			return c.failed(ctx, "watch", c.end.shown(), err)
		}
		if sessionEnded(err) {
			if err := c.renew(ctx, was); err != nil {
				return c.failed(ctx, "watch", c.end.shown(), err)
			}
		}
	}
}

// watch is the state of one change feed, from one login to the next.
type watch struct {
	c        *Conn
	emit     func(backend.Delta)
	entities map[string]entity // by moid, without places
	tally    *tally
	tasks    map[string]backend.RemoteTask
	infos    map[string]*types.TaskInfo
	events   *eventFeed
	alarms   alarmFeed
	changed  chan struct{}         // holds a note when something changed
	groups   map[string]*portGroup // standard port groups, from the last round
	synced   bool                  // the initial set is complete
	late     int                   // beats in a row without an answer in time; only pulse touches it
	login    int                   // views and collectors are of the session of this login
	// before are the objects told by the feed before this one: Synced counts what
	// was sent since Watch began, so those that went meanwhile are removed by name.
	before map[backend.Ref]bool
	// early are the objects that were fetched before the collector began: what it does
	// not tell in its initial set has gone in between.
	early map[string]moref

	out   []backend.Object
	gone  []backend.Ref
	again map[moref]bool // to be fetched whole
	redo  bool           // a place was renamed: names in objects are old
}

func newWatch(c *Conn, emit func(backend.Delta)) *watch {
	return &watch{
		c: c, emit: emit, entities: make(map[string]entity), tally: newTally(nil),
		tasks: make(map[string]backend.RemoteTask), infos: make(map[string]*types.TaskInfo), again: make(map[moref]bool),
		early: make(map[string]moref), changed: make(chan struct{}, 1),
	}
}

// run keeps one feed going until it breaks.
func (w *watch) run(ctx context.Context) error {
	views, err := w.begin(ctx)
	if err != nil {
		return staleIfGone(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(w.c.life, cancel)
	defer stop()
	feed := make(chan func(context.Context) error)
	failed := make(chan error, 8)
	var group sync.WaitGroup
	for _, part := range []struct {
		name string
		work func(context.Context, chan<- func(context.Context) error) error
	}{
		{"inventory watch", func(ctx context.Context, feed chan<- func(context.Context) error) error {
			return w.inventory(ctx, views, feed)
		}},
		{"status watch", func(ctx context.Context, feed chan<- func(context.Context) error) error {
			return w.statusFeed(ctx, views, feed)
		}},
		{"task watch", w.taskFeed}, {"pulse", w.pulse}, {"rounds", w.rounds},
	} {
		group.Add(1)
		guard.Go(part.name, func(err error) { failed <- err }, func() {
			defer group.Done()
			failed <- part.work(ctx, feed)
		})
	}
	err = w.serve(ctx, feed, failed)
	cancel()
	group.Wait()
	return err
}

// serve applies what arrives until one part fails.
func (w *watch) serve(ctx context.Context, feed <-chan func(context.Context) error, failed <-chan error) error {
	for {
		select {
		case apply := <-feed:
			if err := apply(ctx); err != nil {
				return err
			}
		case err := <-failed:
			return err
		}
	}
}

// send hands work to the goroutine of Watch, or gives up with the context.
func send(ctx context.Context, feed chan<- func(context.Context) error, apply func(context.Context) error) error {
	select {
	case feed <- apply:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// beginAlarms reads the alarms once, before the first set of objects is complete. A filter
// for them would tell no more than that, and every filter of a collector costs.
func (w *watch) beginAlarms(ctx context.Context, feed chan<- func(context.Context) error) error {
	if w.c.vc.ServiceContent.AlarmManager == nil {
		return nil
	}
	states, err := w.readAlarms(ctx)
	if err != nil {
		return staleIfGone(err)
	}
	return send(ctx, feed, func(context.Context) error {
		w.alarms.states, w.alarms.dirty = states, true
		return nil
	})
}

// inventory follows all objects by one collector.
func (w *watch) inventory(ctx context.Context, v views, feed chan<- func(context.Context) error) error {
	k, err := w.c.newCollector(ctx)
	if err != nil {
		return err
	}
	// One filter for all: a simulator collects every filter for each change.
	spec := viewSpec(v.infra, leanSets(append(infraTypes(), "VirtualMachine")))
	spec.ObjectSet = append(spec.ObjectSet, viewSpec(v.vms, nil).ObjectSet...)
	if err := k.filter(ctx, spec); err != nil {
		return staleIfGone(err)
	}
	if err := w.beginAlarms(ctx, feed); err != nil {
		return err
	}
	for {
		set, err := k.next(ctx)
		if err != nil {
			return err
		}
		if set == nil {
			continue
		}
		if err := send(ctx, feed, func(ctx context.Context) error { return w.apply(ctx, set) }); err != nil {
			return err
		}
	}
}

// apply merges a set of changes and emits what came of it.
func (w *watch) apply(ctx context.Context, set *types.UpdateSet) error {
	select {
	case w.changed <- struct{}{}:
	default:
	}
	for _, f := range set.FilterSet {
		w.learnPlaces(f.ObjectSet)
		for _, u := range f.ObjectSet {
			w.update(u)
		}
	}
	if err := w.refetch(ctx); err != nil {
		return err
	}
	if w.redo && w.synced {
		w.rename()
	}
	w.redo = false
	if err := w.tell(ctx); err != nil {
		return err
	}
	if (set.Truncated == nil || !*set.Truncated) && !w.synced {
		return w.complete(ctx)
	}
	return nil
}

// tell emits what changed, with the counts and alarms that follow from it.
func (w *watch) tell(ctx context.Context) error {
	if w.synced {
		w.out = append(w.out, w.tally.changed(w)...)
		if err := w.tellAlarms(ctx); err != nil {
			return err
		}
	}
	w.flush()
	return nil
}

// complete ends the initial set.
func (w *watch) complete(ctx context.Context) error {
	for _, ref := range w.early {
		w.leave(ref)
	}
	w.tally.complete(w.entities)
	w.out = append(w.out, w.tally.changed(w)...)
	if err := w.tellAlarms(ctx); err != nil {
		return err
	}
	w.synced = true
	w.removeMissing()
	w.flush()
	w.emit(backend.Synced{Kinds: w.c.caps.Watched})
	return nil
}

// told are all objects that the receiver may have.
func (w *watch) told() map[backend.Ref]bool {
	all := w.before
	for moid, e := range w.entities {
		if o := e.object(w.c, moid); o != nil {
			all[o.Ref()] = true
		}
	}
	for ref := range w.alarms.told {
		all[ref] = true
	}
	return all
}

// removeMissing removes what an earlier feed told and this one did not.
func (w *watch) removeMissing() {
	for r := range w.before {
		_, known := w.entities[r.ID]
		if !known && w.alarms.told[r] == nil {
			w.gone = append(w.gone, r)
			w.c.names.forget(r.ID)
		}
	}
	w.before = make(map[backend.Ref]bool)
}

func (w *watch) flush() {
	if len(w.out) > 0 {
		w.emit(backend.Upsert{Objects: w.out})
		w.out = nil
	}
	if len(w.gone) > 0 {
		w.emit(backend.Remove{Refs: w.gone})
		w.gone = nil
	}
}

// update merges the change of one object. Servers repeat enter; it overwrites.
func (w *watch) update(u types.ObjectUpdate) {
	delete(w.early, u.Obj.Value)
	if u.Kind == types.ObjectUpdateKindLeave {
		w.leave(u.Obj)
		return
	}
	e, known := w.entities[u.Obj.Value]
	if u.Kind == types.ObjectUpdateKindEnter || !known {
		e = newEntity(u.Obj.Type)
		if e != nil && u.Kind != types.ObjectUpdateKindEnter {
			w.again[u.Obj] = true
		}
	}
	for _, p := range u.ChangeSet {
		w.redo = w.c.learn(u.Obj, p.Name, p.Val) || w.redo
		w.alarms.dirty = w.alarms.dirty || p.Name == "name" && len(w.alarms.told) > 0
		if e != nil && !e.set(w.c.names, p.Name, p.Val) {
			w.again[u.Obj] = true // a path inside a property of ours
		}
	}
	if e == nil || w.again[u.Obj] {
		return
	}
	w.keep(u.Obj.Value, e)
}

// keep stores an entity and has it emitted.
func (w *watch) keep(moid string, e entity) {
	w.tally.note(moid, w.entities[moid], e)
	if vm, ok := e.(*vmState); ok {
		vm.activity = w.activityOf(moid)
	}
	if net, ok := e.(*networkState); ok {
		net.standard(w.c, moid, w.groups)
	}
	w.entities[moid] = e
	w.put(moid, e)
}

// put has an entity emitted, unless it is one that is not told.
func (w *watch) put(moid string, e entity) {
	if o := w.object(moid, e); o != nil {
		w.out = append(w.out, o)
	}
}

// learnPlaces notes all new places first: what an object is told as depends on those
// that it is in.
func (w *watch) learnPlaces(set []types.ObjectUpdate) {
	for _, u := range set {
		if u.Kind == types.ObjectUpdateKindLeave || u.Obj.Type == "VirtualMachine" {
			continue
		}
		for _, p := range u.ChangeSet {
			w.redo = w.c.learn(u.Obj, p.Name, p.Val) || w.redo
		}
	}
}

func (w *watch) object(moid string, e entity) backend.Object {
	w.tally.fill(moid, e, w.c.names)
	return e.object(w.c, moid)
}

func (w *watch) leave(ref moref) {
	if e, ok := w.entities[ref.Value]; ok {
		w.tally.note(ref.Value, e, nil)
		delete(w.entities, ref.Value)
		w.gone = append(w.gone, w.c.ref(kindOf(ref.Type), ref.Value))
	}
	delete(w.again, ref)
	w.c.names.forget(ref.Value)
}

// refetch gets objects whose change could not be merged.
func (w *watch) refetch(ctx context.Context) error {
	if len(w.again) == 0 {
		return nil
	}
	refs := make([]moref, 0, len(w.again))
	kinds := make(map[string]bool)
	for r := range w.again {
		refs, kinds[r.Type] = append(refs, r), true
	}
	clear(w.again)
	var list []string
	for k := range kinds {
		list = append(list, k)
	}
	err := w.fetch(ctx, refs, list)
	if !notFound(err) {
		return err
	}
	for _, ref := range refs { // one that is gone, whose leave follows, fails all
		if err := w.fetch(ctx, []moref{ref}, []string{ref.Type}); err != nil && !notFound(err) {
			return err
		}
	}
	return nil
}

// fetch gets these objects whole.
func (w *watch) fetch(ctx context.Context, refs []moref, kinds []string) error {
	return w.c.once(ctx, pageTimeout, func(ctx context.Context) error {
		return w.c.retrieve(ctx, refSpec(refs, leanSets(kinds)), func(page []types.ObjectContent) {
			for _, o := range page {
				if e := w.c.decode(o); e != nil {
					w.keep(o.Obj.Value, e)
				}
			}
		})
	})
}

// rename emits every object again, because names of places are part of most.
func (w *watch) rename() {
	w.alarms.dirty = true
	for moid, e := range w.entities {
		w.put(moid, e)
		if len(w.out) >= pageSize {
			w.flush()
		}
	}
}
