// Package store holds the latest known state of everything, by kind, for the
// screens to read.
//
// It promises: the newest state wins and no queue grows while nobody reads; every
// foreign string is cleaned once, on its way in; what is handed out is immutable;
// objects of a connection that was lost stay, and ConnStatus says since when they
// are stale; Changed has at most one notice outstanding. All methods are safe for
// concurrent use and none calls a hypervisor.
package store

import (
	"reflect"
	"sync"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/clean"
)

// Topic is something whose change can be asked for by revision.
type Topic uint8

// The topics that are not kinds of object.
const (
	TopicConns Topic = Topic(64) + iota
	TopicSamples
	TopicDetails
	TopicTasks
	TopicEvents
	topicEnd
)

// Of is the topic of a kind.
func Of(k backend.Kind) Topic { return Topic(k) }

// Revs are the revisions of all topics at one moment; it is comparable.
type Revs [topicEnd]uint64

// Store is made by New.
type Store struct {
	cleaner *clean.Cleaner
	alike   alike
	now     func() time.Time
	changed chan struct{}

	mu      sync.RWMutex
	revs    Revs
	conns   []ConnStatus
	lists   map[listKey]*list
	details map[backend.Ref]*backend.Detail
	series  map[backend.Ref]*series
	nodes   map[backend.Ref]*node
	asking  map[backend.Ref]*backend.VM // VMs that wait for an answer
	events  []backend.Event
}

// listKey names a list: a kind of a connection, or the children of one parent.
type listKey struct {
	conn   backend.ConnID
	kind   backend.Kind
	parent backend.Ref
}

type list struct {
	objects map[string]backend.Object
	// rev counts the changes of objects.
	rev uint64
	// seen marks what was sent since the last beginSync; nil outside a sync.
	seen map[string]bool
	at   time.Time
	// whole: all of it has been here once, so that what is not in it is not there.
	whole bool
}

// New makes an empty store; now is the clock.
func New(now func() time.Time) *Store {
	return &Store{
		cleaner: clean.NewCleaner(),
		now:     now,
		changed: make(chan struct{}, 1),
		lists:   map[listKey]*list{},
		details: map[backend.Ref]*backend.Detail{},
		series:  map[backend.Ref]*series{},
		nodes:   map[backend.Ref]*node{},
		asking:  map[backend.Ref]*backend.VM{},
	}
}

// Changed delivers a notice after one or more changes.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// Revs gives the revisions; a topic whose revision differs has changed.
func (s *Store) Revs() Revs {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.revs
}

// Bump marks a topic that is kept elsewhere (tasks) as changed.
func (s *Store) Bump(t Topic) {
	s.mu.Lock()
	s.bump(t)
	s.mu.Unlock()
}

func (s *Store) bump(t Topic) {
	s.revs[t]++
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Apply takes in a change. Invalidate, Foreign and Happened are not state of
// objects: Happened goes to the event log, the others are ignored.
func (s *Store) Apply(conn backend.ConnID, d backend.Delta) {
	switch d := d.(type) {
	case backend.Replace:
		s.replace(conn, d)
	case backend.Upsert:
		s.cleanAll(d.Objects)
		s.mu.Lock()
		s.upsert(conn, d.Objects)
		s.mu.Unlock()
	case backend.Remove:
		s.mu.Lock()
		s.remove(conn, d.Refs)
		s.mu.Unlock()
	case backend.Syncing:
		s.BeginSync(conn, d.Kinds)
	case backend.Synced:
		s.mu.Lock()
		s.endSync(conn, d.Kinds)
		s.mu.Unlock()
	case backend.Happened:
		s.AddEvent(d.Event)
	}
}

func (s *Store) cleanAll(objects []backend.Object) {
	for _, o := range objects {
		s.cleaner.Object(o)
	}
}

func (s *Store) list(k listKey) *list {
	l := s.lists[k]
	if l == nil {
		l = &list{objects: map[string]backend.Object{}}
		s.lists[k] = l
	}
	l.at = s.now()
	return l
}

func keyOf(conn backend.ConnID, o backend.Object) listKey {
	return listKey{conn, o.Ref().Kind, parentOf(o.Ref().Kind, o.Owner())}
}

// byParent reports whether a kind is listed by parent.
func byParent(k backend.Kind) bool { return k == backend.KindSnapshot || k == backend.KindVolume }

// parentOf keeps the parent only for kinds that are listed by parent.
func parentOf(k backend.Kind, parent backend.Ref) backend.Ref {
	if byParent(k) {
		return parent
	}
	return backend.Ref{}
}

func (s *Store) upsert(conn backend.ConnID, objects []backend.Object) {
	var at listKey
	var l *list
	for _, o := range objects {
		if k := keyOf(conn, o); l == nil || k != at {
			at, l = k, s.list(k)
		}
		s.put(l, o)
	}
}

func (s *Store) put(l *list, o backend.Object) {
	id := o.Ref().ID
	if l.seen != nil {
		l.seen[id] = true
	}
	if old, ok := l.objects[id]; ok && s.alike.equal(old, o) {
		return
	}
	s.set(l, o)
}

func (s *Store) set(l *list, o backend.Object) {
	l.objects[o.Ref().ID] = o
	s.noteQuestion(o)
	l.rev++
	s.bump(Of(o.Ref().Kind))
}

func (s *Store) remove(conn backend.ConnID, refs []backend.Ref) {
	for _, r := range refs {
		for _, l := range s.listsOf(conn, r.Kind) {
			if _, ok := l.objects[r.ID]; ok {
				s.drop(l, r)
			}
		}
	}
}

// listsOf are the lists that may hold an object of a kind.
func (s *Store) listsOf(conn backend.ConnID, kind backend.Kind) []*list {
	var out []*list
	if !byParent(kind) {
		if l := s.lists[listKey{conn: conn, kind: kind}]; l != nil {
			out = append(out, l)
		}
		return out
	}
	for k, l := range s.lists {
		if k.conn == conn && k.kind == kind {
			out = append(out, l)
		}
	}
	return out
}

func (s *Store) drop(l *list, r backend.Ref) {
	delete(l.objects, r.ID)
	l.rev++
	delete(s.details, r)
	delete(s.asking, r)
	delete(s.series, r)
	delete(s.nodes, r)
	for _, kind := range []backend.Kind{backend.KindSnapshot, backend.KindVolume} {
		k := listKey{r.Conn, kind, r}
		if _, listed := s.lists[k]; listed {
			delete(s.lists, k)
			s.bump(Of(kind))
		}
	}
	s.bump(Of(r.Kind))
}

// BeginSync starts marking what Watch sends, so that Synced can drop the rest.
func (s *Store) BeginSync(conn backend.ConnID, kinds []backend.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kind := range kinds {
		k := listKey{conn: conn, kind: kind}
		if l := s.lists[k]; l != nil {
			l.seen = map[string]bool{}
			continue
		}
		s.list(k).seen = map[string]bool{}
	}
}

// endSync drops what was not sent since beginSync.
func (s *Store) endSync(conn backend.ConnID, kinds []backend.Kind) {
	for _, kind := range kinds {
		l := s.list(listKey{conn: conn, kind: kind})
		if l.seen != nil {
			s.sweep(l, l.seen)
		}
		l.seen, l.whole = nil, true
		s.bump(Of(kind))
	}
}

// AddEvent appends to the event log, which keeps the last 1,000.
func (s *Store) AddEvent(e backend.Event) {
	s.cleaner.Object(&e)
	s.mu.Lock()
	defer s.mu.Unlock()
	const keep = 1000
	if len(s.events) >= keep+keep/2 {
		s.events = append([]backend.Event(nil), s.events[len(s.events)-keep:]...)
	}
	s.events = append(s.events, e)
	s.bump(TopicEvents)
}

// PutDetail keeps an object's dear fields; only the latest few are kept.
func (s *Store) PutDetail(d *backend.Detail) {
	s.cleaner.Object(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	const keep = 64
	if len(s.details) >= keep {
		s.dropOldestDetail()
	}
	old := s.details[d.Ref]
	s.details[d.Ref] = d
	if old == nil || !sameDetail(old, d) {
		s.bump(TopicDetails)
	}
}

func sameDetail(a, b *backend.Detail) bool {
	x, y := *a, *b
	x.At, y.At = time.Time{}, time.Time{}
	return reflect.DeepEqual(&x, &y)
}

func (s *Store) dropOldestDetail() {
	var oldest backend.Ref
	var at time.Time
	for r, d := range s.details {
		if at.IsZero() || d.At.Before(at) {
			oldest, at = r, d.At
		}
	}
	delete(s.details, oldest)
}
