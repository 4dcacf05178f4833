// Package effect knows what each operation leaves at a server, to find out what became
// of one whose answer was lost.
//
// It promises to change nothing; to say "done" only of what it has seen there and what,
// as far as was known, was not so before; and never to say "not done", since the server
// may still be working on it. Of an operation that leaves nothing to see it says so, and
// where an operator can look.
package effect

import (
	"context"
	"time"

	"hvdeck/backend"
)

// Known is what is known of objects without asking a server; nothing of it blocks. The
// store is one.
type Known interface {
	// Object is nil when it is not known.
	Object(r backend.Ref) backend.Object
	// Detail is nil when nobody has asked for it.
	Detail(r backend.Ref) *backend.Detail
	// Children has a zero time when nobody has asked for them. Of kinds that are under
	// nothing, as pools and networks, they are all of the parent's connection.
	Children(k backend.Kind, parent backend.Ref) ([]backend.Object, time.Time)
}

// Trace is what to look for after one operation. It is made before the operation starts,
// as it remembers what was there, and may be used from any goroutine.
type Trace struct {
	began time.Time
	shows func(context.Context, *server) bool // nil: nothing is ever certain
	look  string
}

// Of notes what is known before an operation that begins at this time.
func Of(op backend.Op, was Known, began time.Time) Trace {
	for _, area := range areas() {
		if t, mine := area(op, was); mine {
			t.began = began
			if t.look == "" {
				t.look = lookThere
			}
			return t
		}
	}
	return Trace{began: began, look: lookThere}
}

// areas are the operations; their files are named for what they act on.
func areas() []func(backend.Op, Known) (Trace, bool) {
	return []func(backend.Op, Known) (Trace, bool){
		power, snapshot, life, size, place, device, running, pool, volume, defined, host, transfer,
	}
}

const lookThere = "look at the object before you do anything to it again"

// Seen reports whether the object is for certain what the operation should have made of
// it; false when that is not so yet, or nobody can tell.
func (t Trace) Seen(ctx context.Context, b backend.Backend) bool {
	return t.shows != nil && t.shows(ctx, &server{Backend: b, began: t.began})
}

// Hidden reports whether nothing will ever be seen of it: to wait is pointless.
func (t Trace) Hidden() bool { return t.shows == nil }

// Look is what an operator can do to find out where nothing was seen.
func (t Trace) Look() string { return t.look }

// hidden is the trace of what leaves none.
func hidden(look string) (Trace, bool) { return Trace{look: look}, true }

// when is the trace of what shows.
func when(shows func(context.Context, *server) bool) (Trace, bool) { return Trace{shows: shows}, true }

const wasSo = "it was so before, so nothing shows whether it was done; "

// becomes is the trace of an object that fits in the end. Nobody can tell when it did
// before.
func becomes[T backend.Object](was Known, r backend.Ref, fits func(T) bool) (Trace, bool) {
	if o, is := was.Object(r).(T); is && fits(o) {
		return hidden(wasSo + lookThere)
	}
	return when(func(ctx context.Context, s *server) bool {
		o, _ := s.find(ctx, r)
		t, is := o.(T)
		return is && fits(t)
	})
}

// changes is becomes for what a server also carries out where nothing changes by it: it
// has to be known that the object did not fit.
func changes[T backend.Object](was Known, r backend.Ref, fits func(T) bool) (Trace, bool) {
	if _, is := was.Object(r).(T); !is {
		return hidden("what it was before is not known; " + lookThere)
	}
	return becomes(was, r, fits)
}

// appears is the trace of a new object under a parent, or on a connection where the parent
// has no ID. A server has one like it at most: where there was one before it may have
// refused, and what is seen is the old one.
func appears[T backend.Object](was Known, k backend.Kind, parent backend.Ref, like, whole func(T) bool) (Trace, bool) {
	before, _ := was.Children(k, parent)
	for _, o := range before {
		if t, is := o.(T); is && like(t) {
			return hidden("one of that name was there before, so nothing shows whether it was made; compare the two before you make it again")
		}
	}
	if parent.ID == "" {
		parent = backend.Ref{} // of the server that is asked
	}
	return when(func(ctx context.Context, s *server) bool {
		t, ok := only(ctx, s, k, parent, like)
		return ok && whole(t)
	})
}

// goes is the trace of an object that is gone in the end.
func goes(r backend.Ref) (Trace, bool) {
	return when(func(ctx context.Context, s *server) bool { return s.gone(ctx, r) })
}

// redetailed is changes for what only the dear fields show.
func redetailed(was Known, r backend.Ref, fits func(*backend.Detail) bool) (Trace, bool) {
	before := was.Detail(r)
	switch {
	case before == nil:
		return hidden("what it was before is not known; " + lookThere)
	case fits(before):
		return hidden(wasSo + lookThere)
	}
	return when(func(ctx context.Context, s *server) bool {
		d, err := s.Get(ctx, r)
		return err == nil && fits(d)
	})
}
