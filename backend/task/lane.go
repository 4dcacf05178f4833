package task

import (
	"slices"

	"hvdeck/backend"
)

// lane is the queue of one connection. Guarded by Runner.mu.
type lane struct {
	queue   []*entry // in the order given
	running int      // without those that stalled
	stalled int
	busy    map[backend.Ref]bool // objects with an operation under way
}

func (r *Runner) laneOf(conn backend.ConnID) *lane {
	l := r.lanes[conn]
	if l == nil {
		l = &lane{busy: map[backend.Ref]bool{}}
		r.lanes[conn] = l
	}
	return l
}

func (l *lane) enqueue(e *entry) { l.queue = append(l.queue, e) }

func (l *lane) dequeue(e *entry) {
	if i := slices.Index(l.queue, e); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
	}
}

// next takes the first task that may run now: there is room, and nothing given
// earlier concerns the same object.
func (l *lane) next(limit int) *entry {
	if l.running >= limit {
		return nil
	}
	waiting := map[backend.Ref]bool{}
	for i, e := range l.queue {
		if l.busy[e.Target] || waiting[e.Target] {
			waiting[e.Target] = true
			continue
		}
		l.queue = slices.Delete(l.queue, i, i+1)
		return e
	}
	return nil
}

// mostStalled is how many operations of a connection may wait for objects that do not
// answer without being counted: each holds a worker of the server.
const mostStalled = 12

// take marks e's object busy; give frees it.
func (l *lane) take(e *entry) { l.running++; l.busy[e.Target] = true }

func (l *lane) give(e *entry) {
	l.stall(e, false)
	l.running--
	delete(l.busy, e.Target)
}

// stall takes a running task out of the count, or puts it back.
func (l *lane) stall(e *entry, stalls bool) {
	switch {
	case e.stalled == stalls, stalls && l.stalled == mostStalled:
		return
	case stalls:
		l.running--
		l.stalled++
	default:
		l.running++
		l.stalled--
	}
	e.stalled = stalls
}

// dispatch starts what may run on a connection and gives the tasks that ended
// without running. Needs mu.
func (r *Runner) dispatch(conn backend.ConnID) []Task {
	l := r.laneOf(conn)
	var done []Task
	for e := l.next(r.opts.Limit); e != nil; e = l.next(r.opts.Limit) {
		done = append(done, r.launch(l, e)...)
	}
	return done
}

// FailQueued ends every queued task of a connection that is gone, at once. Running
// ones end by what their own calls say.
func (r *Runner) FailQueued(conn backend.ConnID, why error) {
	r.mu.Lock()
	l := r.laneOf(conn)
	var done []Task
	for _, e := range slices.Clone(l.queue) {
		l.dequeue(e)
		done = append(done, r.end(e, notStarted(e, why))...)
	}
	r.mu.Unlock()
	r.tell(done)
}
