package vcsim

import (
	"fmt"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// job is one task: what it takes and what it does at its end, under the lock of its
// object.
type job struct {
	id   string // of the task description: "powerOn"
	last time.Duration
	// before runs first, without a lock, and may wait; the task stays running. It
	// returns when it is stopped.
	before func(bg *simulator.Context, t *simulator.Task, stop <-chan struct{}) types.BaseMethodFault
	finish func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault)
	// after runs when finish went well, without the lock: for changes of other objects.
	after func(bg *simulator.Context)
}

// jobs are the tasks that can be cancelled, with what stops them. The zero value is
// ready.
type jobs struct {
	mu   sync.Mutex
	stop map[types.ManagedObjectReference]chan struct{}
}

func (j *jobs) add(task types.ManagedObjectReference) <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.stop == nil {
		j.stop = make(map[types.ManagedObjectReference]chan struct{})
	}
	stop := make(chan struct{})
	j.stop[task] = stop
	return stop
}

// end forgets a task, and stops it where it still runs.
func (j *jobs) end(task types.ManagedObjectReference) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if stop, ok := j.stop[task]; ok {
		delete(j.stop, task)
		close(stop)
	}
}

// run registers a task of the VM, starts it and returns its reference.
func (m *machine) run(ctx *simulator.Context, j job) types.ManagedObjectReference {
	return m.srv.run(ctx, m.vm, m.vm.Name, j)
}

// run registers a task on an object, starts it and returns its reference.
func (s *Server) run(ctx *simulator.Context, on mo.Reference, name string, j job) types.ManagedObjectReference {
	t := simulator.CreateTask(on, j.id, nil)
	t.Self = s.newRef("Task", "task")
	t.Info.Key, t.Info.Task = t.Self.Value, t.Self
	t.Info.EntityName = name
	t.Info.Cancelable = true
	if ctx.Session != nil {
		t.Info.Reason = &types.TaskReasonUser{UserName: ctx.Session.UserName}
	}
	stop := s.jobs.add(t.Self)
	ctx.Map.Put(t)
	bg := &simulator.Context{Context: s.ctx, Map: ctx.Map, Session: ctx.Session}
	s.work.Add(1)
	guard.Go("simulated task", nil, func() {
		defer s.work.Done()
		defer s.jobs.end(t.Self)
		s.drive(bg, t, on, j, stop)
	})
	return t.Self
}

func (s *Server) drive(bg *simulator.Context, t *simulator.Task, on mo.Reference, j job, stop <-chan struct{}) {
	if !begin(bg, t) {
		return
	}
	if j.before != nil {
		if fault := j.before(bg, t, stop); fault != nil {
			end(bg, t, nil, fault)
			return
		}
	}
	if !s.pass(bg, t, j.last, stop) || !commit(bg, t) {
		return
	}
	res, fault := j.carryOut(bg, on)
	end(bg, t, res, fault)
}

// carryOut does the work. The simulator panics on what it does not foresee: that fails
// the task, and must not leave its object locked for good.
func (j job) carryOut(bg *simulator.Context, on mo.Reference) (res types.AnyType, fault types.BaseMethodFault) {
	defer guard.Recover("simulated task", func(err error) { res, fault = nil, &types.SystemError{Reason: err.Error()} })
	locked := func() {
		unlock := bg.Map.AcquireLock(bg, on)
		defer unlock()
		res, fault = j.finish(bg)
	}
	locked()
	if fault == nil && j.after != nil {
		j.after(bg)
	}
	return res, fault
}

// pass lets the time of the task go by and reports progress; false when it was
// cancelled or the server closed.
func (s *Server) pass(bg *simulator.Context, t *simulator.Task, last time.Duration, stop <-chan struct{}) bool {
	const steps = 5
	if last <= 0 {
		return true
	}
	tick := time.NewTicker(last / steps)
	defer tick.Stop()
	for i := 1; i <= steps; i++ {
		select {
		case <-s.ctx.Done():
			return false
		case <-stop:
			return false
		case <-tick.C:
		}
		if i < steps {
			update(bg, t, types.PropertyChange{Name: "info.progress", Val: int32(i * 100 / steps)})
		}
	}
	return true
}

// ended tells whether the task is over. The caller holds its lock.
func ended(t *simulator.Task) bool {
	return t.Info.State == types.TaskInfoStateError || t.Info.State == types.TaskInfoStateSuccess
}

// unlessEnded changes a task that is not over, and says whether it was not.
func unlessEnded(bg *simulator.Context, t *simulator.Task, changes ...types.PropertyChange) bool {
	var on bool
	bg.Map.WithLock(bg, t, func() {
		if on = !ended(t); on {
			bg.Map.Update(bg, t, changes)
		}
	})
	return on
}

func begin(bg *simulator.Context, t *simulator.Task) bool {
	return unlessEnded(bg, t, types.PropertyChange{Name: "info.startTime", Val: time.Now()},
		types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateRunning})
}

// commit is the point after which a task can't be cancelled: what it does is done.
func commit(bg *simulator.Context, t *simulator.Task) bool {
	return unlessEnded(bg, t, types.PropertyChange{Name: "info.cancelable", Val: false})
}

func end(bg *simulator.Context, t *simulator.Task, res types.AnyType, fault types.BaseMethodFault) {
	state := types.TaskInfoStateSuccess
	changes := []types.PropertyChange{{Name: "info.completeTime", Val: time.Now()}}
	if fault != nil {
		state = types.TaskInfoStateError
		changes = append(changes, types.PropertyChange{Name: "info.error", Val: types.LocalizedMethodFault{Fault: fault}})
	}
	if res != nil {
		changes = append(changes, types.PropertyChange{Name: "info.result", Val: res})
	}
	changes = append(changes, types.PropertyChange{Name: "info.state", Val: state})
	unlessEnded(bg, t, changes...)
}

// update changes an object and tells the watchers. A *mo.Reference must not be
// locked by the caller's context unless it is the same context.
func update(bg *simulator.Context, o mo.Reference, changes ...types.PropertyChange) {
	bg.Map.AtomicUpdate(bg, o, changes)
}

// newRef makes a reference that the simulator's own counter never reaches.
func (s *Server) newRef(kind, prefix string) types.ManagedObjectReference {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID++
	return types.ManagedObjectReference{Type: kind, Value: fmt.Sprintf("%s-%d", prefix, s.nextID)}
}

// canceller adds a CancelTask that stops the work: the simulator's own only says so.
type canceller struct {
	Self types.ManagedObjectReference // the task's
	srv  *Server
	task *simulator.Task
}

// Reference implements mo.Reference.
func (k *canceller) Reference() types.ManagedObjectReference { return k.Self }

func (s *Server) taskReceiver(call *simulator.Method) mo.Reference {
	if call.Name != "CancelTask" {
		return nil
	}
	if t, ok := s.model.Map().Get(call.This).(*simulator.Task); ok {
		return &canceller{Self: t.Self, srv: s, task: t}
	}
	return nil
}

// CancelTask stops a task that can be cancelled.
func (k *canceller) CancelTask(ctx *simulator.Context, _ *types.CancelTask) soap.HasFault {
	switch {
	case ended(k.task):
		return &methods.CancelTaskBody{Fault_: simulator.Fault("the task has ended", &types.InvalidState{})}
	case !k.task.Info.Cancelable:
		return &methods.CancelTaskBody{Fault_: simulator.Fault("the task is not cancelable", &types.NotSupported{})}
	}
	ctx.Map.Update(ctx, k.task, []types.PropertyChange{
		{Name: "info.cancelled", Val: true},
		{Name: "info.cancelable", Val: false},
		{Name: "info.completeTime", Val: time.Now()},
		{Name: "info.error", Val: types.LocalizedMethodFault{Fault: &types.RequestCanceled{}, LocalizedMessage: "The task was canceled by a user."}},
		{Name: "info.state", Val: types.TaskInfoStateError},
	})
	k.srv.jobs.end(k.Self)
	return &methods.CancelTaskBody{Res: &types.CancelTaskResponse{}}
}
