package task

import (
	"context"
	"slices"
	"sync"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/guard"
)

// Runner runs operations and keeps their history. It is safe for concurrent use.
type Runner struct {
	opts    Options
	cleaner *clean.Cleaner
	looking context.Context // parent of every look at what became of an operation, ended by Close
	unlook  context.CancelFunc
	working sync.WaitGroup // supervised operations

	mu        sync.Mutex
	closed    bool
	lastID    ID
	lastBatch BatchID
	all       []*entry // by ID, oldest first
	byID      map[ID]*entry
	byKey     map[remoteKey]*entry
	gone      forgotten
	lanes     map[backend.ConnID]*lane
	batches   []*Batch // oldest first
	view      []Task   // what List gives; nil when it has to be made
}

// entry is a task with what it takes to run it. All fields are guarded by Runner.mu.
type entry struct {
	Task
	cancel  context.CancelFunc       // nil unless running
	changed chan struct{}            // closed at the next change; nil when nobody waits
	told    *outcome                 // what the server said of it while it ran
	heard   chan outcome             // takes what the server says while it is being checked
	doubted bool                     // its answer was lost
	stalled bool                     // its object does not answer; counted by its lane
	sight   sight                    // what can be seen of it then
	pace    pace                     // of its transfer
	settled func(result, how string) // adds to its record; nil when nobody keeps one
}

// done is Task.Done without a copy: it is asked of every task at every end.
func (e *entry) done() bool { return e.State.Ended() && !e.Checking }

// New makes a Runner; Close ends it.
func New(opts Options) *Runner {
	looking, unlook := context.WithCancel(context.Background())
	return &Runner{
		opts:    opts.withDefaults(),
		cleaner: clean.NewCleaner(),
		looking: looking,
		unlook:  unlook,
		byID:    map[ID]*entry{},
		byKey:   map[remoteKey]*entry{},
		lanes:   map[backend.ConnID]*lane{},
	}
}

// Start queues an operation and returns at once. After Close the task fails.
func (r *Runner) Start(op backend.Op, target Target) ID {
	r.mu.Lock()
	e := r.addOwn(op, target)
	done := r.dispatch(e.Conn)
	id := e.ID
	r.mu.Unlock()
	r.tell(done)
	return id
}

// addOwn makes a queued task and puts it in its lane. Needs mu.
func (r *Runner) addOwn(op backend.Op, target Target) *entry {
	ref := op.Target()
	e := r.add(Task{
		Conn: ref.Conn, Op: op, Title: op.Title(),
		Target: ref, TargetName: target.Name, ConnName: target.ConnName,
		Queued: r.opts.Now(), Own: true, Cancellable: true,
	})
	r.laneOf(ref.Conn).enqueue(e)
	return e
}

// add gives a task its ID. Needs mu.
func (r *Runner) add(t Task) *entry {
	r.lastID++
	t.ID = r.lastID
	if t.Progress == 0 {
		t.Progress = -1
	}
	e := &entry{Task: t}
	r.all = append(r.all, e)
	r.byID[t.ID] = e
	r.touch(e)
	return e
}

// touch makes a change of e visible. Needs mu; tell follows without it.
func (r *Runner) touch(e *entry) {
	r.view = nil
	if e.changed != nil {
		close(e.changed)
		e.changed = nil
	}
}

// tell reports changes outward; mu must not be held.
func (r *Runner) tell(done []Task) {
	for _, t := range done {
		r.opts.Audit(t)
	}
	r.opts.Notify()
}

// List gives all remembered tasks, newest first. The slice is shared: don't write
// to it.
func (r *Runner) List() []Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.view == nil {
		r.view = make([]Task, 0, len(r.all))
		for _, e := range slices.Backward(r.all) {
			r.view = append(r.view, e.Task)
		}
	}
	return r.view
}

// Get gives one task; false when it is not remembered.
func (r *Runner) Get(id ID) (Task, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byID[id]
	if e == nil {
		return Task{}, false
	}
	return e.Task, true
}

// Cancel takes a queued task back, or asks a running one to stop: it goes on being
// shown as running until the server says that it has. The error says why it can't
// be cancelled.
func (r *Runner) Cancel(id ID) error {
	r.mu.Lock()
	done, err := r.cancelLocked(id)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	r.tell(done)
	return nil
}

func (r *Runner) cancelLocked(id ID) ([]Task, error) {
	const doing = "cancel"
	e := r.byID[id]
	switch {
	case e == nil:
		return nil, backend.Refuse(backend.ClassNotFound, doing, "", "this task is no longer in the list")
	case e.State.Ended():
		return nil, backend.Refuse(backend.ClassConflict, doing, e.Title, "it has ended: %s", e.State)
	case !e.Own:
		return nil, backend.Refuse(backend.ClassUnsupported, doing, e.Title, "it was not started here")
	case !e.Cancellable:
		return nil, backend.Refuse(backend.ClassUnsupported, doing, e.Title, "%s", e.Note)
	case e.State == backend.TaskQueued:
		e.CancelAsked = true
		r.laneOf(e.Conn).dequeue(e)
		return append(r.end(e, outcome{state: backend.TaskCancelled}), r.dispatch(e.Conn)...), nil
	}
	if !e.CancelAsked {
		e.CancelAsked = true
		r.touch(e)
		e.cancel()
	}
	return nil, nil
}

// Wait blocks until the task is in one of the states, or with no states until it is
// done. It fails when ctx ends, when the task is not remembered, and when the task
// is done in another state; the Task is the last that was seen.
func (r *Runner) Wait(ctx context.Context, id ID, states ...backend.TaskState) (Task, error) {
	const doing = "wait for"
	for {
		t, changed := r.watch(id)
		switch {
		case changed == nil:
			return t, backend.Refuse(backend.ClassNotFound, doing, "", "this task is no longer in the list")
		case slices.Contains(states, t.State), len(states) == 0 && t.Done():
			return t, nil
		case t.Done():
			return t, backend.Refuse(backend.ClassConflict, doing, t.Title, "it ended: %s", t.State)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			err := ctx.Err()
			return t, &backend.Error{Class: backend.ClassOf(err), Doing: doing, Object: t.Title, Err: err}
		}
	}
}

// watch gives a task and a channel closed at its next change; nil when there is no
// such task.
func (r *Runner) watch(id ID) (Task, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byID[id]
	if e == nil {
		return Task{}, nil
	}
	if e.changed == nil {
		e.changed = make(chan struct{})
	}
	return e.Task, e.changed
}

// Active is how many own and foreign tasks are queued, running or being checked.
func (r *Runner) Active() int {
	n := 0
	for _, t := range r.List() {
		if !t.Done() {
			n++
		}
	}
	return n
}

// Close takes nothing more, ends what is queued as not started, and waits for what is
// running until ctx ends; then it leaves it to the server and returns an error. It
// cancels no operation: what a server has begun it may finish.
func (r *Runner) Close(ctx context.Context) error {
	r.mu.Lock()
	done := r.shut()
	r.mu.Unlock()
	r.unlook()
	r.tell(done)

	idle := make(chan struct{})
	guard.Go("close tasks", r.opts.Report, func() { r.working.Wait(); close(idle) })
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return &backend.Error{
			Class: backend.ClassLost, Doing: "stop", Object: "running operations", Err: ctx.Err(),
			Message: "some are still under way; the servers finish them",
		}
	}
}

// since is a clock reading that never runs backwards past start.
func (r *Runner) since(start time.Time) time.Time {
	now := r.opts.Now()
	if now.Before(start) {
		return start
	}
	return now
}
