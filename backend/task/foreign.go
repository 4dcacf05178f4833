package task

import (
	"slices"

	"hvdeck/backend"
)

// maxForgotten bounds the memory of server tasks that left the list: a server names
// the tasks of the last minutes again after a new login.
const maxForgotten = 2000

type remoteKey struct {
	conn backend.ConnID
	key  string
}

// forgotten remembers the keys of tasks that left the list.
type forgotten struct {
	set   map[remoteKey]bool
	order []remoteKey
}

func (f *forgotten) add(k remoteKey) {
	if f.set == nil {
		f.set = map[remoteKey]bool{}
	}
	if f.set[k] {
		return
	}
	f.set[k] = true
	f.order = append(f.order, k)
	if len(f.order) > maxForgotten {
		delete(f.set, f.order[0])
		f.order = slices.Delete(f.order, 0, 1)
	}
}

// Foreign takes in a task as a server reports it. One that belongs to an operation
// of ours is not shown again, but settles ours where its answer was lost.
func (r *Runner) Foreign(rt backend.RemoteTask) {
	r.cleaner.Object(&rt)
	r.mu.Lock()
	done := r.foreignLocked(rt)
	r.mu.Unlock()
	r.tell(done)
}

func (r *Runner) foreignLocked(rt backend.RemoteTask) []Task {
	key := remoteKey{rt.Conn, rt.Key}
	e := r.byKey[key]
	switch {
	case e != nil && e.Own:
		return r.settleOwn(e, rt)
	case e == nil && r.gone.set[key] && rt.State.Ended():
		return nil
	case e == nil:
		e = r.add(Task{Conn: rt.Conn, RemoteKey: rt.Key, Queued: r.opts.Now()})
		r.byKey[key] = e
	}
	e.fill(rt)
	if e.Queued.IsZero() {
		e.Queued = r.opts.Now()
	}
	r.touch(e)
	r.trim()
	return nil
}

// fill copies what the server says.
func (e *entry) fill(rt backend.RemoteTask) {
	e.Title, e.Target, e.TargetName, e.User = rt.Name, rt.Object, rt.Target, rt.User
	if e.ConnName == "" {
		e.ConnName = string(rt.Conn)
	}
	e.State, e.Progress, e.Cancellable = rt.State, rt.Progress, rt.Cancellable
	e.Queued, e.Started, e.Ended = rt.Queued, rt.Started, rt.Ended
	e.Err = ""
	if rt.State == backend.TaskFailed {
		e.Err = rt.Message
	}
}

// settleOwn learns from the server how our own operation ended. That counts where the
// answer was lost, more than what the object looked like. Needs mu.
func (r *Runner) settleOwn(e *entry, rt backend.RemoteTask) []Task {
	out, ended := e.endOf(rt)
	switch {
	case !ended:
		return nil
	case e.Checking:
		select {
		case e.heard <- out:
		default:
		}
		return nil
	case e.State == backend.TaskRunning:
		e.told = &out // in case the answer gets lost
		return nil
	case !e.doubted || e.State == out.state:
		return nil
	default:
		return r.resettle(e, out)
	}
}

// endOf is the outcome that the server's own task had; false while it has none.
func (e *entry) endOf(rt backend.RemoteTask) (outcome, bool) {
	switch rt.State {
	case backend.TaskSuccess:
		return outcome{state: rt.State, note: noteServerDone}, true
	case backend.TaskFailed, backend.TaskCancelled:
		class := backend.ClassOther
		if rt.State == backend.TaskCancelled {
			class = backend.ClassCancelled
		}
		why := &backend.Error{Class: class, Doing: e.Title, Object: e.TargetName, Message: rt.Message}
		return outcome{state: rt.State, err: why}, true
	default:
		return outcome{}, false
	}
}

// resettle replaces the unknown or judged end of a task by the real one. Needs mu.
func (r *Runner) resettle(e *entry, out outcome) []Task {
	r.uncount(e)
	return r.end(e, out)
}

// adopt ties the server's own task to ours and removes it from the list if it was
// reported first. An operation of several steps has one after the other: how an earlier
// one ended says nothing about the operation. Needs mu.
func (r *Runner) adopt(e *entry, key string) {
	if key == "" {
		return
	}
	k := remoteKey{e.Conn, key}
	if other := r.byKey[k]; other != nil && other != e {
		r.all = slices.DeleteFunc(r.all, func(x *entry) bool { return x == other })
		delete(r.byID, other.ID)
		r.touch(other)
	}
	if e.RemoteKey != "" && e.RemoteKey != key {
		before := remoteKey{e.Conn, e.RemoteKey}
		delete(r.byKey, before)
		r.gone.add(before)
		e.told = nil
	}
	e.RemoteKey = key
	r.byKey[k] = e
}

// Disconnected marks the foreign tasks of a lost connection that were under way:
// nobody will report their end. They become unknown until reported again.
func (r *Runner) Disconnected(conn backend.ConnID) {
	r.mu.Lock()
	for _, e := range r.all {
		if e.Conn == conn && !e.Own && !e.State.Ended() {
			e.State, e.Ended, e.Note = backend.TaskUnknown, r.opts.Now(), "the connection was lost"
			r.touch(e)
		}
	}
	r.trim()
	r.mu.Unlock()
	r.opts.Notify()
}
