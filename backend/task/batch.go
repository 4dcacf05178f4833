package task

import (
	"fmt"
	"slices"
	"strings"

	"hvdeck/backend"
)

// BatchID names a group of operations started together; 0 is none.
type BatchID uint64

// Request is one operation of a batch.
type Request struct {
	Op     backend.Op
	Target Target
	// Skip says why this one is left out; it is counted and never run.
	Skip string
}

// Skip is an object that was left out of a batch, and why.
type Skip struct {
	Target Target
	Why    string
}

// Batch counts what became of operations started together. It is a copy.
type Batch struct {
	ID    BatchID
	Total int
	// How many ended how; Total less their sum are not done yet.
	Succeeded, Failed, Cancelled, Unknown, Skipped int
	Skips                                          []Skip
}

// Done reports whether every operation has ended.
func (b Batch) Done() bool {
	return b.Succeeded+b.Failed+b.Cancelled+b.Unknown+b.Skipped == b.Total
}

// Summary is one line: "3 done, 1 failed, 1 skipped".
func (b Batch) Summary() string {
	var parts []string
	add := func(n int, word string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	add(b.Succeeded, "done")
	add(b.Failed, "failed")
	add(b.Unknown, "unknown")
	add(b.Cancelled, "cancelled")
	add(b.Skipped, "skipped")
	add(b.Total-b.Succeeded-b.Failed-b.Cancelled-b.Unknown-b.Skipped, "to go")
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

// StartMany queues operations that the operator gave as one, and returns at once.
func (r *Runner) StartMany(requests []Request) BatchID {
	r.mu.Lock()
	r.lastBatch++
	b := &Batch{ID: r.lastBatch, Total: len(requests)}
	r.batches = append(r.batches, b)
	var conns []backend.ConnID
	for _, q := range requests {
		if q.Skip != "" {
			b.Skipped++
			b.Skips = append(b.Skips, Skip{q.Target, q.Skip})
			continue
		}
		e := r.addOwn(q.Op, q.Target)
		e.Batch = b.ID
		if !slices.Contains(conns, e.Conn) {
			conns = append(conns, e.Conn)
		}
	}
	var done []Task
	for _, conn := range conns {
		done = append(done, r.dispatch(conn)...)
	}
	id := b.ID
	r.mu.Unlock()
	r.tell(done)
	return id
}

// Batch gives one batch; false when it is not remembered.
func (r *Runner) Batch(id BatchID) (Batch, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.batch(id)
	if b == nil {
		return Batch{}, false
	}
	copied := *b
	copied.Skips = slices.Clone(b.Skips)
	return copied, true
}

func (r *Runner) batch(id BatchID) *Batch {
	for _, b := range r.batches {
		if b.ID == id {
			return b
		}
	}
	return nil
}

// CancelBatch cancels what of a batch has not ended; those that can't be go on.
func (r *Runner) CancelBatch(id BatchID) {
	r.mu.Lock()
	var done []Task
	for _, e := range slices.Clone(r.all) {
		if e.Batch == id && e.Own && !e.State.Ended() {
			ended, _ := r.cancelLocked(e.ID)
			done = append(done, ended...)
		}
	}
	r.mu.Unlock()
	r.tell(done)
}

// count adds an ended task to its batch; uncount takes it out again. Need mu.
func (r *Runner) count(e *entry)   { r.tally(e, 1) }
func (r *Runner) uncount(e *entry) { r.tally(e, -1) }

func (r *Runner) tally(e *entry, n int) {
	b := r.batch(e.Batch)
	if b == nil {
		return
	}
	switch {
	case e.Skipped:
		b.Skipped += n
	case e.State == backend.TaskSuccess:
		b.Succeeded += n
	case e.State == backend.TaskFailed:
		b.Failed += n
	case e.State == backend.TaskCancelled:
		b.Cancelled += n
	case e.State == backend.TaskUnknown:
		b.Unknown += n
	}
	if n > 0 && b.Done() {
		r.limitBatches()
	}
}

// limitBatches forgets the oldest done batches beyond the history. Needs mu.
func (r *Runner) limitBatches() {
	for i := 0; i < len(r.batches) && len(r.batches) > r.opts.History; {
		if !r.batches[i].Done() {
			i++
			continue
		}
		r.batches = slices.Delete(r.batches, i, i+1)
	}
}

func (r *Runner) forgetBatches() {
	r.batches = slices.DeleteFunc(r.batches, func(b *Batch) bool { return b.Done() })
}
