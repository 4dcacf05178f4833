package ui

import (
	"slices"

	"hvdeck/backend"
)

// eventRow is an event in a list.
type eventRow struct {
	backend.Event
	twin int // of several that are alike in everything
}

// eventKey is what a row is known by, so that the cursor stays on it.
type eventKey struct {
	at   int64 // seconds: servers tell no finer, and some round
	of   backend.Ref
	conn backend.ConnID
	text string
	twin int
}

func (r eventRow) key() eventKey {
	return eventKey{at: r.At.Unix(), of: r.Object, conn: r.Conn, text: r.Text, twin: r.twin}
}

// mergeEvents lists events the newest first. live are those told as they happened, the
// oldest first; past are a server's own, the newest first, and have most of them again.
func mergeEvents(live, past []backend.Event) []eventRow {
	rows := make([]eventRow, 0, len(live)+len(past))
	told, seen := map[eventKey]int{}, map[eventKey]int{}
	for _, e := range slices.Backward(live) {
		r := eventRow{Event: e}
		k := r.key()
		r.twin = told[k]
		told[k]++
		rows = append(rows, r)
	}
	for _, e := range past {
		r := eventRow{Event: e}
		k := r.key()
		r.twin = seen[k]
		seen[k]++
		if r.twin >= told[k] {
			rows = append(rows, r)
		}
	}
	// Servers tell late, and each by its own clock.
	slices.SortStableFunc(rows, func(a, b eventRow) int { return b.At.Compare(a.At) })
	return rows
}

// eventsAbout are those told of an object and of what is in it, the oldest first.
func (m *Model) eventsAbout(r backend.Ref) []backend.Event {
	var out []backend.Event
	inside := map[backend.Ref]bool{r: true}
	for _, e := range m.store.Events() {
		in, known := inside[e.Object]
		if !known {
			in = m.isIn(e.Object, r)
			inside[e.Object] = in
		}
		if in {
			out = append(out, e)
		}
	}
	return out
}

// isIn reports whether an object is somewhere in a place.
func (m *Model) isIn(what, place backend.Ref) bool {
	if what.IsZero() || what.Conn != place.Conn {
		return false
	}
	queue := []backend.Ref{what}
	for n := 0; n < len(queue) && n < maxDepth; n++ {
		if queue[n] == place {
			return true
		}
		for _, up := range m.above(queue[n]) {
			if !up.IsZero() {
				queue = append(queue, up)
			}
		}
	}
	return false
}

// above are the places that an object is right in.
func (m *Model) above(r backend.Ref) []backend.Ref {
	switch o := m.store.Object(r).(type) {
	case *backend.VM:
		return []backend.Ref{o.FolderRef, o.PoolRef, o.Host}
	case *backend.Host:
		return []backend.Ref{o.ClusterRef, o.FolderRef}
	case *backend.Cluster:
		return []backend.Ref{o.FolderRef}
	case *backend.ResourcePool:
		return []backend.Ref{o.Up}
	case *backend.Folder:
		return []backend.Ref{o.Up}
	}
	return nil
}
