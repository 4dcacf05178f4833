package effect

import (
	"context"
	"slices"
	"strings"
	"time"

	"hvdeck/backend"
)

// server is asked what is there now.
type server struct {
	backend.Backend
	began time.Time
}

// list gives all of a kind under a parent; false when nobody answered in full.
func (s *server) list(ctx context.Context, q backend.Query) ([]backend.Object, bool) {
	var all []backend.Object
	err := s.List(ctx, q, func(page []backend.Object) { all = append(all, page...) })
	return all, err == nil
}

// find asks for one object; nil when it is not there, ok false when nobody can tell.
func (s *server) find(ctx context.Context, r backend.Ref) (o backend.Object, ok bool) {
	q := backend.Query{Kind: r.Kind, Refs: []backend.Ref{r}}
	switch r.Kind {
	case backend.KindVolume:
		q.Parent = s.folderOf(r)
	case backend.KindSnapshot:
		return nil, false // they are asked for by their VM
	default:
	}
	all, ok := s.list(ctx, q)
	i := slices.IndexFunc(all, func(o backend.Object) bool { return o.Ref() == r })
	if i < 0 {
		return nil, ok
	}
	return all[i], ok
}

// folderOf is what a volume is listed under: its pool, or where pools have files the
// folder in it.
func (s *server) folderOf(r backend.Ref) backend.Ref {
	i := strings.LastIndexByte(r.ID, '/')
	if s.Caps().Files && i > strings.IndexByte(r.ID, '/') {
		return backend.Ref{Conn: r.Conn, Kind: backend.KindVolume, ID: r.ID[:i]}
	}
	return poolOf(r)
}

// poolOf is the pool in a volume's reference.
func poolOf(volume backend.Ref) backend.Ref {
	id, _, _ := strings.Cut(volume.ID, "/")
	return backend.Ref{Conn: volume.Conn, Kind: backend.KindPool, ID: id}
}

// gone: the server answers, and the object is not there.
func (s *server) gone(ctx context.Context, r backend.Ref) bool {
	o, ok := s.find(ctx, r)
	return ok && o == nil
}

// only finds the one object of a kind that fits; false when there is none, or several,
// or nobody can tell.
func only[T backend.Object](ctx context.Context, s *server, k backend.Kind, parent backend.Ref, fits func(T) bool) (T, bool) {
	var found []T
	all, ok := s.list(ctx, backend.Query{Kind: k, Parent: parent})
	for _, o := range all {
		if t, is := o.(T); is && fits(t) {
			found = append(found, t)
		}
	}
	if !ok || len(found) != 1 {
		var none T
		return none, false
	}
	return found[0], true
}
