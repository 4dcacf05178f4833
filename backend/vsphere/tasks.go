package vsphere

import (
	"context"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// taskFeed follows the recent tasks with a collector of its own.
func (w *watch) taskFeed(ctx context.Context, feed chan<- func(context.Context) error) error {
	tm := w.c.vc.ServiceContent.TaskManager
	if tm == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	k, err := w.c.newCollector(ctx)
	if err != nil {
		return err
	}
	skip := true
	err = k.filter(ctx, types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{{Type: "Task", PathSet: taskPaths()}},
		ObjectSet: []types.ObjectSpec{{Obj: *tm, Skip: &skip, SelectSet: []types.BaseSelectionSpec{
			&types.TraversalSpec{Type: "TaskManager", Path: "recentTask"},
		}}},
	})
	if err != nil {
		return staleIfGone(err)
	}
	for {
		set, err := k.next(ctx)
		if err != nil {
			return err
		}
		if set == nil {
			continue
		}
		if err := send(ctx, feed, func(ctx context.Context) error { return w.applyTasks(ctx, set) }); err != nil {
			return err
		}
	}
}

// taskPaths are the parts of TaskInfo that are told; the result and whatever else
// a task carries stays at the server.
func taskPaths() []string {
	return []string{
		"info.descriptionId", "info.description", "info.name", "info.entity", "info.entityName", "info.state",
		"info.progress", "info.error", "info.reason", "info.cancelable", "info.queueTime", "info.startTime", "info.completeTime",
	}
}

// setTask stores one property of a task, and says whether it knows the path.
func setTask(info *types.TaskInfo, path string, val any) bool {
	switch path {
	case "info.descriptionId":
		info.DescriptionId = as[string](val)
	case "info.description":
		info.Description = pointer[types.LocalizableMessage](val)
	case "info.name":
		info.Name = as[string](val)
	case "info.entity":
		info.Entity = pointer[moref](val)
	case "info.entityName":
		info.EntityName = as[string](val)
	case "info.state":
		info.State = as[types.TaskInfoState](val)
	case "info.progress":
		info.Progress = as[int32](val)
	case "info.error":
		info.Error = pointer[types.LocalizedMethodFault](val)
	case "info.reason":
		if by, ok := val.(types.TaskReasonUser); ok {
			info.Reason = &by
		}
	case "info.cancelable":
		info.Cancelable = as[bool](val)
	case "info.queueTime":
		info.QueueTime = as[time.Time](val)
	case "info.startTime":
		info.StartTime = pointer[time.Time](val)
	case "info.completeTime":
		info.CompleteTime = pointer[time.Time](val)
	default:
		return false
	}
	return true
}

// pointer is the value as *T; nil when it is unset or something else.
func pointer[T any](val any) *T {
	if v, ok := val.(T); ok {
		return &v
	}
	return nil
}

// applyTasks tells new states of tasks, and shows a VM's activity.
func (w *watch) applyTasks(ctx context.Context, set *types.UpdateSet) error {
	partly := make(map[moref]bool)
	for _, f := range set.FilterSet {
		for _, u := range f.ObjectSet {
			if u.Kind == types.ObjectUpdateKindLeave {
				w.forgetTask(u.Obj.Value)
				continue
			}
			info, known := w.infos[u.Obj.Value]
			if !known || u.Kind == types.ObjectUpdateKindEnter {
				info = &types.TaskInfo{}
				w.infos[u.Obj.Value] = info
				partly[u.Obj] = u.Kind != types.ObjectUpdateKindEnter
			}
			for _, p := range u.ChangeSet {
				if !setTask(info, p.Name, p.Val) {
					partly[u.Obj] = true
				}
			}
			if !partly[u.Obj] {
				w.task(u.Obj.Value, *info)
			}
		}
	}
	err := w.fetchTasks(ctx, partly)
	w.flush()
	return err
}

// fetchTasks gets tasks of which the server sent only a part.
func (w *watch) fetchTasks(ctx context.Context, partly map[moref]bool) error {
	var refs []moref
	for r, part := range partly {
		if part {
			refs = append(refs, r)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	spec := refSpec(refs, []types.PropertySpec{{Type: "Task", PathSet: taskPaths()}})
	err := w.c.once(ctx, callTimeout, func(ctx context.Context) error {
		return w.c.retrieve(ctx, spec, func(page []types.ObjectContent) {
			for _, o := range page {
				info := &types.TaskInfo{}
				for _, p := range o.PropSet {
					setTask(info, p.Name, p.Val)
				}
				w.infos[o.Obj.Value] = info
				w.task(o.Obj.Value, *info)
			}
		})
	})
	if notFound(err) {
		return nil
	}
	return err
}

// task tells one task unless nothing changed: servers repeat themselves.
func (w *watch) task(key string, info types.TaskInfo) {
	t := w.c.remoteTask(key, info)
	if isBrowsing(info) {
		return
	}
	if old, ok := w.tasks[key]; ok && old == t {
		return
	}
	w.tasks[key] = t
	w.emit(backend.Foreign{Task: t})
	w.showActivity(t.Object)
}

// isBrowsing reports whether a task only lists a folder of a datastore, as we do ourselves
// all the time: the API has a task for what is no work.
func isBrowsing(info types.TaskInfo) bool {
	_, what, _ := strings.Cut(strings.ToLower(info.DescriptionId), ".")
	return strings.HasPrefix(what, "searchdatastore")
}

func (w *watch) forgetTask(key string) {
	t, ok := w.tasks[key]
	delete(w.tasks, key)
	delete(w.infos, key)
	if ok && !t.State.Ended() {
		w.showActivity(t.Object)
	}
}

// showActivity emits the VM again when a task gave or took its activity.
func (w *watch) showActivity(r backend.Ref) {
	vm, ok := w.entities[r.ID].(*vmState)
	if !ok {
		return
	}
	now := w.activityOf(r.ID)
	if now == vm.activity {
		return
	}
	vm.activity = now
	w.out = append(w.out, w.object(r.ID, vm))
}

// activityOf is what the tasks imply for a VM: one that runs before those that wait for
// it, the oldest of several.
func (w *watch) activityOf(moid string) backend.Activity {
	var first *types.TaskInfo
	for key, t := range w.tasks {
		info := w.infos[key]
		if t.Object.ID != moid || info == nil || implied(*info) == backend.ActivityNone {
			continue
		}
		if first == nil || sooner(info, first) {
			first = info
		}
	}
	if first == nil {
		return backend.ActivityNone
	}
	return implied(*first)
}

// sooner tells whether a task is carried out before another.
func sooner(a, b *types.TaskInfo) bool {
	if a.State != b.State {
		return a.State == types.TaskInfoStateRunning
	}
	return a.QueueTime.Before(b.QueueTime)
}

// remoteTask translates what the server tells about a task.
func (c *Conn) remoteTask(key string, info types.TaskInfo) backend.RemoteTask {
	t := backend.RemoteTask{
		Conn: c.opts.ID, Key: key, Name: taskName(info), Progress: -1, Queued: c.ours(info.QueueTime),
		Target: info.EntityName, Cancellable: info.Cancelable, State: taskState(info),
	}
	if info.Entity != nil {
		t.Object = c.ref(kindOf(info.Entity.Type), info.Entity.Value)
		if name := c.names.name(info.Entity.Value); name != info.Entity.Value {
			t.Target = name
		}
	}
	if u, ok := info.Reason.(*types.TaskReasonUser); ok {
		t.User = u.UserName
	}
	if info.StartTime != nil {
		t.Started = c.ours(*info.StartTime)
	}
	if info.CompleteTime != nil {
		t.Ended = c.ours(*info.CompleteTime)
	}
	if info.Progress != 0 {
		t.Progress = int(min(max(info.Progress, 0), 100))
	}
	if info.Error != nil {
		t.Message = faultWords(info.Error.Fault, faultText(taskFault(info.Error)))
	}
	return t
}

func taskState(info types.TaskInfo) backend.TaskState {
	switch info.State {
	case types.TaskInfoStateQueued:
		return backend.TaskQueued
	case types.TaskInfoStateRunning:
		return backend.TaskRunning
	case types.TaskInfoStateSuccess:
		return backend.TaskSuccess
	}
	if info.Error != nil && faultName(info.Error.Fault) == "RequestCanceled" {
		return backend.TaskCancelled
	}
	return backend.TaskFailed
}
