package vcsim

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// job is one task: what it takes and what it does at its end, under the VM's lock.
type job struct {
	id   string // of the task description: "powerOn"
	last time.Duration
	// before runs first, without a lock, and may wait; the task stays running.
	before func(bg *simulator.Context, t *simulator.Task) types.BaseMethodFault
	finish func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault)
}

// run registers the task, starts it and returns its reference.
func (m *machine) run(ctx *simulator.Context, j job) types.ManagedObjectReference {
	t := simulator.CreateTask(m.vm, j.id, nil)
	t.Self = m.srv.newRef("Task", "task")
	t.Info.Key, t.Info.Task = t.Self.Value, t.Self
	t.Info.EntityName = m.vm.Name
	t.Info.Cancelable = true
	if ctx.Session != nil {
		t.Info.Reason = &types.TaskReasonUser{UserName: ctx.Session.UserName}
	}
	ctx.Map.Put(t)
	bg := &simulator.Context{Context: m.srv.ctx, Map: ctx.Map, Session: ctx.Session}
	m.srv.work.Add(1)
	guard.Go("simulated task", nil, func() {
		defer m.srv.work.Done()
		m.drive(bg, t, j)
	})
	return t.Self
}

func (m *machine) drive(bg *simulator.Context, t *simulator.Task, j job) {
	update(bg, t, types.PropertyChange{Name: "info.startTime", Val: time.Now()},
		types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateRunning})
	if j.before != nil {
		if fault := j.before(bg, t); fault != nil {
			end(bg, t, nil, fault)
			return
		}
	}
	if !m.pass(bg, t, j.last) {
		return
	}
	var res types.AnyType
	var fault types.BaseMethodFault
	bg.Map.WithLock(bg, m.vm, func() { res, fault = j.finish(bg) })
	end(bg, t, res, fault)
}

// pass lets the time of the task go by and reports progress; false when it was
// cancelled or the server closed.
func (m *machine) pass(bg *simulator.Context, t *simulator.Task, last time.Duration) bool {
	const steps = 5
	if last <= 0 {
		return true
	}
	tick := time.NewTicker(last / steps)
	defer tick.Stop()
	for i := 1; i <= steps; i++ {
		select {
		case <-m.srv.ctx.Done():
			return false
		case <-tick.C:
		}
		if done(bg, t) {
			return false
		}
		if i < steps {
			update(bg, t, types.PropertyChange{Name: "info.progress", Val: int32(i * 100 / steps)})
		}
	}
	return true
}

// done tells whether somebody else ended the task: CancelTask.
func done(bg *simulator.Context, t *simulator.Task) bool {
	var ended bool
	bg.Map.WithLock(bg, t, func() {
		ended = t.Info.State == types.TaskInfoStateError || t.Info.State == types.TaskInfoStateSuccess
	})
	return ended
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
	update(bg, t, changes...)
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
