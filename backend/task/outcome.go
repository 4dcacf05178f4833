package task

import (
	"errors"
	"slices"

	"hvdeck/backend"
	"hvdeck/backend/clean"
)

// What is said about a task besides its error.
const (
	noteChecking   = "unknown: checking"
	noteUnknown    = "unknown: look at the object before you do anything to it again"
	noteNotSeen    = "unknown: nothing has shown so far that it was done; "
	noteFoundDone  = "the answer was lost; the object shows that it was done"
	noteServerDone = "the answer was lost; the server says that it was done"
	noteTooLate    = "it was done before it could be cancelled"
	noteAccepted   = "the request was accepted; the guest decides"
)

// outcome is how a task ended.
type outcome struct {
	state   backend.TaskState
	err     error
	note    string
	result  backend.Result
	skipped bool
}

// end sets the final state of a task, counts it, and gives it for the audit. Needs mu.
func (r *Runner) end(e *entry, out outcome) []Task {
	e.State, e.Ended, e.Checking, e.Cancellable = out.state, r.since(e.Queued), false, false
	e.cancel, e.Op, e.sight = nil, nil, sight{} // what an operation holds may be a secret
	e.Skipped = out.skipped
	e.Note = clean.Text(out.note)
	e.Result = backend.Result{Created: out.result.Created, Text: clean.Text(out.result.Text)}
	e.Class, e.Err, e.Remedy = backend.ClassOther, "", ""
	if out.err != nil {
		e.Class = backend.ClassOf(out.err)
		e.Err = clean.Text(out.err.Error())
		e.Remedy = clean.Text(remedyOf(out.err))
	}
	if out.state == backend.TaskUnknown {
		e.Class = backend.ClassLost
		if out.note != "" {
			e.Remedy = "" // the note says where to look
		}
	}
	if out.state == backend.TaskSuccess {
		e.Progress = 100
		if e.CancelAsked {
			e.Note = noteTooLate
		}
	}
	if e.doubted && e.settled != nil && out.state != backend.TaskUnknown {
		e.settled(out.state.String(), howSettled(e.Task))
	}
	r.count(e)
	r.touch(e)
	t := e.Task
	r.trim()
	return []Task{t}
}

// howSettled says how it was found out what became of an operation.
func howSettled(t Task) string {
	if t.Err != "" {
		return "the server says: " + t.Err
	}
	return t.Note
}

func notStarted(e *entry, why error) outcome {
	return outcome{state: backend.TaskFailed, err: &backend.Error{
		Class: backend.ClassOf(why), Doing: e.Title, Object: e.TargetName,
		Message: "not started: " + why.Error(), Err: why,
	}}
}

func successNote(op backend.Op) string {
	switch op.(type) {
	case backend.ShutdownOp, backend.RebootOp, backend.StandbyOp:
		return noteAccepted
	default:
		return ""
	}
}

// remedyOf is what the driver advises, else what the class of the error suggests.
func remedyOf(err error) string {
	var e *backend.Error
	if errors.As(err, &e) && e.Remedy != "" {
		return e.Remedy
	}
	switch backend.ClassOf(err) {
	case backend.ClassNotFound:
		return "it may have been removed by another client: look at the list again"
	case backend.ClassBusy:
		return "do it again when the other operation has ended"
	case backend.ClassDenied:
		return "use a connection that may do this"
	case backend.ClassUnreachable:
		return "do it again when the connection is back"
	case backend.ClassInvalid:
		return "correct the value and do it again"
	case backend.ClassLost:
		return "look at the object before you do it again"
	default:
		return ""
	}
}

// trim forgets the oldest ended tasks beyond the history. Needs mu.
func (r *Runner) trim() {
	ended := 0
	for _, e := range r.all {
		if e.done() {
			ended++
		}
	}
	for i := 0; i < len(r.all) && ended > r.opts.History; {
		if !r.all[i].done() {
			i++
			continue
		}
		r.drop(r.all[i])
		r.all = slices.Delete(r.all, i, i+1)
		ended--
	}
}

// drop removes a task from the indexes. Needs mu; the caller removes it from all.
func (r *Runner) drop(e *entry) {
	delete(r.byID, e.ID)
	if e.RemoteKey != "" {
		key := remoteKey{e.Conn, e.RemoteKey}
		delete(r.byKey, key)
		r.gone.add(key)
	}
	r.touch(e)
}

// ForgetEnded removes every task that is done from the list.
func (r *Runner) ForgetEnded() {
	r.mu.Lock()
	kept := r.all[:0]
	for _, e := range r.all {
		if e.done() {
			r.drop(e)
			continue
		}
		kept = append(kept, e)
	}
	clear(r.all[len(kept):])
	r.all = kept
	r.forgetBatches()
	r.mu.Unlock()
	r.opts.Notify()
}
