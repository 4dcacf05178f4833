package task

import (
	"context"
	"slices"

	"hvdeck/backend"
)

// StopLocal takes nothing more, like Close, asks the operations that can't go on without
// this console to stop, and waits until they have cleaned up, or ctx ends: then the error
// says so. What the servers carry out by themselves is let alone. Close follows it.
func (r *Runner) StopLocal(ctx context.Context) error {
	r.mu.Lock()
	done := r.shut()
	var stopping []ID
	for _, e := range slices.Clone(r.all) {
		if _, local := e.Op.(backend.Local); !local || e.done() {
			continue
		}
		stopping = append(stopping, e.ID)
		ended, _ := r.cancelLocked(e.ID) // what is about to end can't be cancelled
		done = append(done, ended...)
	}
	r.mu.Unlock()
	r.tell(done)
	for _, id := range stopping {
		if _, err := r.Wait(ctx, id); ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// shut takes nothing more and ends what is queued. Needs mu.
func (r *Runner) shut() []Task {
	r.closed = true
	var done []Task
	for _, l := range r.lanes {
		for _, e := range slices.Clone(l.queue) {
			l.dequeue(e)
			done = append(done, r.end(e, outcome{state: backend.TaskCancelled, note: "the console was closed before it started"})...)
		}
	}
	return done
}
