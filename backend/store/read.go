package store

import (
	"time"

	"hvdeck/backend"
)

// All gives every object of a kind over all connections, in no order. The slice is
// the caller's.
func (s *Store) All(k backend.Kind) []backend.Object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for key, l := range s.lists {
		if key.kind == k {
			n += len(l.objects)
		}
	}
	out := make([]backend.Object, 0, n)
	for key, l := range s.lists {
		if key.kind != k {
			continue
		}
		for _, o := range l.objects {
			out = append(out, o)
		}
	}
	return out
}

// Children gives the objects of a kind under a parent, and when that list was
// fetched; a zero time means that nobody has asked yet. Of a kind that is under nothing they
// are all of the parent's connection.
func (s *Store) Children(k backend.Kind, parent backend.Ref) ([]backend.Object, time.Time) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l := s.lists[listKey{parent.Conn, k, parentOf(k, parent)}]
	if l == nil {
		return nil, time.Time{}
	}
	out := make([]backend.Object, 0, len(l.objects))
	for _, o := range l.objects {
		out = append(out, o)
	}
	return out, l.at
}

// Object finds one object; nil when it is not known (any more).
func (s *Store) Object(r backend.Ref) backend.Object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !byParent(r.Kind) {
		if l := s.lists[listKey{conn: r.Conn, kind: r.Kind}]; l != nil {
			return l.objects[r.ID]
		}
		return nil
	}
	for k, l := range s.lists {
		if k.conn != r.Conn || k.kind != r.Kind {
			continue
		}
		if o := l.objects[r.ID]; o != nil {
			return o
		}
	}
	return nil
}

// Count is how many objects of a kind there are.
func (s *Store) Count(k backend.Kind) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for key, l := range s.lists {
		if key.kind == k {
			n += len(l.objects)
		}
	}
	return n
}

// Whole reports whether all objects of a kind have been here once: before, a list is
// what has come so far, and what is not in it may still be there.
func (s *Store) Whole(conn backend.ConnID, k backend.Kind) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l := s.lists[listKey{conn: conn, kind: k}]
	return l != nil && l.whole
}

// Detail gives an object's dear fields; nil when they were not fetched yet.
func (s *Store) Detail(r backend.Ref) *backend.Detail {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.details[r]
}

// Events gives the event log, oldest first. The slice must not be written to.
func (s *Store) Events() []backend.Event {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.events[:len(s.events):len(s.events)]
}

// Known reports whether anything of a list has been stored yet.
func (s *Store) Known(conn backend.ConnID, q backend.Query) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l := s.lists[listKey{conn, q.Kind, parentOf(q.Kind, q.Parent)}]
	return l != nil && len(l.objects) > 0
}
