package store

import "hvdeck/backend"

// replace makes a list exactly what is given; a query by refs replaces only those.
// Thousands of objects are compared without a lock, so that no screen waits for it:
// what is stored never changes. The lock is held for what differs.
func (s *Store) replace(conn backend.ConnID, d backend.Replace) {
	s.cleanAll(d.Objects)
	k := listKey{conn, d.Query.Kind, parentOf(d.Query.Kind, d.Query.Parent)}
	given := make(map[string]bool, len(d.Objects))
	for _, o := range d.Objects {
		given[o.Ref().ID] = true
	}
	was := s.glance(k, d, given)
	differ := was.differ(d.Objects, &s.alike)

	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.list(k)
	if l != was.list || l.rev != was.rev {
		s.replaceAll(l, d, given) // somebody else wrote meanwhile
	} else {
		l.markSeen(given)
		for _, o := range differ {
			s.set(l, o)
		}
		for _, r := range was.gone {
			s.drop(l, r)
		}
	}
	if !l.whole && d.Query.Refs == nil {
		l.whole = true
		s.bump(Of(d.Query.Kind))
	}
}

// glimpse is a list as it was at one moment, as far as a Replace concerns it. The
// zero value fits no list.
type glimpse struct {
	list *list
	rev  uint64
	old  []backend.Object // what each given object replaces; nil for a new one
	gone []backend.Ref    // what was not given any more
}

func (s *Store) glance(k listKey, d backend.Replace, given map[string]bool) glimpse {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l := s.lists[k]
	if l == nil || len(given) != len(d.Objects) {
		return glimpse{} // one that is given twice: the last counts
	}
	g := glimpse{list: l, rev: l.rev, old: make([]backend.Object, len(d.Objects)), gone: l.missing(d.Query, given)}
	for i, o := range d.Objects {
		g.old[i] = l.objects[o.Ref().ID]
	}
	return g
}

// differ are the objects that are not what is stored already.
func (g glimpse) differ(objects []backend.Object, alike *alike) []backend.Object {
	if g.list == nil {
		return nil
	}
	var out []backend.Object
	for i, o := range objects {
		if g.old[i] == nil || !alike.equal(g.old[i], o) {
			out = append(out, o)
		}
	}
	return out
}

// missing are the objects that a query asked for and that were not given.
func (l *list) missing(q backend.Query, given map[string]bool) []backend.Ref {
	var out []backend.Ref
	if q.Refs != nil {
		for _, r := range q.Refs {
			if _, have := l.objects[r.ID]; have && !given[r.ID] {
				out = append(out, r)
			}
		}
		return out
	}
	for id, o := range l.objects {
		if !given[id] {
			out = append(out, o.Ref())
		}
	}
	return out
}

func (l *list) markSeen(given map[string]bool) {
	if l.seen == nil {
		return
	}
	for id := range given {
		l.seen[id] = true
	}
}

// replaceAll compares under the lock. Needs mu.
func (s *Store) replaceAll(l *list, d backend.Replace, given map[string]bool) {
	for _, o := range d.Objects {
		s.put(l, o)
	}
	for _, r := range l.missing(d.Query, given) {
		s.drop(l, r)
	}
}

func (s *Store) sweep(l *list, keep map[string]bool) {
	for id, o := range l.objects {
		if !keep[id] {
			s.drop(l, o.Ref())
		}
	}
}
