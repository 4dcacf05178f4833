package vsphere

import (
	"context"
	"strings"
	"unicode"

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
	defer k.destroy()
	skip := true
	err = k.filter(ctx, types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{{Type: "Task", PathSet: []string{"info"}}},
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

// applyTasks tells new states of tasks, and shows a VM's activity.
func (w *watch) applyTasks(ctx context.Context, set *types.UpdateSet) error {
	partly := make(map[moref]bool)
	for _, f := range set.FilterSet {
		for _, u := range f.ObjectSet {
			if u.Kind == types.ObjectUpdateKindLeave {
				w.forgetTask(u.Obj.Value)
				continue
			}
			for _, p := range u.ChangeSet {
				if info, ok := p.Val.(types.TaskInfo); ok && p.Name == "info" {
					w.task(u.Obj.Value, info)
				} else if strings.HasPrefix(p.Name, "info.") {
					partly[u.Obj] = true
				}
			}
		}
	}
	err := w.fetchTasks(ctx, partly)
	w.flush()
	return err
}

// fetchTasks gets tasks of which the server sent only a part.
func (w *watch) fetchTasks(ctx context.Context, partly map[moref]bool) error {
	if len(partly) == 0 {
		return nil
	}
	refs := make([]moref, 0, len(partly))
	for r := range partly {
		refs = append(refs, r)
	}
	spec := refSpec(refs, []types.PropertySpec{{Type: "Task", PathSet: []string{"info"}}})
	err := w.c.once(ctx, callTimeout, func(ctx context.Context) error {
		return w.c.retrieve(ctx, spec, func(page []types.ObjectContent) {
			for _, o := range page {
				for _, p := range o.PropSet {
					w.task(o.Obj.Value, as[types.TaskInfo](p.Val))
				}
			}
		})
	})
	if _, gone := faultOf(err).(*types.ManagedObjectNotFound); gone {
		return nil
	}
	return err
}

// task tells one task unless nothing changed: servers repeat themselves.
func (w *watch) task(key string, info types.TaskInfo) {
	t := w.c.remoteTask(key, info)
	if old, ok := w.tasks[key]; ok && old == t {
		return
	}
	w.tasks[key] = t
	w.emit(backend.Foreign{Task: t})
	w.showActivity(t.Object)
}

func (w *watch) forgetTask(key string) {
	t, ok := w.tasks[key]
	delete(w.tasks, key)
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

// activityOf is what the running tasks imply for a VM.
func (w *watch) activityOf(moid string) backend.Activity {
	for _, t := range w.tasks {
		if t.Object.ID == moid && t.State == backend.TaskRunning {
			if a := activityNamed(t.Name); a != backend.ActivityNone {
				return a
			}
		}
	}
	return backend.ActivityNone
}

// remoteTask translates what the server tells about a task.
func (c *Conn) remoteTask(key string, info types.TaskInfo) backend.RemoteTask {
	t := backend.RemoteTask{
		Conn: c.opts.ID, Key: key, Name: taskName(info), Progress: -1, Queued: info.QueueTime,
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
		t.Started = *info.StartTime
	}
	if info.CompleteTime != nil {
		t.Ended = *info.CompleteTime
	}
	if info.Progress != 0 {
		t.Progress = int(info.Progress)
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

// taskIDs are the ids of TaskInfo.descriptionId in both spellings that servers
// use, in lower case and without the type, with what we call them.
func taskWord(id string) (string, backend.Activity) {
	switch id {
	case "poweron":
		return "power on", backend.ActivityPoweringOn
	case "poweroff":
		return "power off", backend.ActivityPoweringOff
	case "suspend":
		return "suspend", backend.ActivitySuspending
	case "standbyguest":
		return "standby guest", backend.ActivitySuspending
	case "reset":
		return "reset", backend.ActivityResetting
	case "rebootguest":
		return "reboot guest", backend.ActivityResetting
	case "shutdownguest":
		return "shut down guest", backend.ActivityShuttingDown
	case "createsnapshot", "createsnapshotex":
		return "create snapshot", backend.ActivitySnapshotting
	case "revertsnapshot", "reverttosnapshot", "reverttocurrentsnapshot":
		return "revert to snapshot", backend.ActivityReverting
	case "removesnapshot", "remove":
		return "delete snapshot", backend.ActivityDeleting
	case "removeallsnapshots":
		return "delete all snapshots", backend.ActivityDeleting
	case "consolidatedisks":
		return "consolidate disks", backend.ActivityDeleting
	case "relocate", "relocatevm", "migrate", "migratevm":
		return "migrate", backend.ActivityMigrating
	case "clone", "clonevm":
		return "clone", backend.ActivityCloning
	case "reconfigure", "reconfigvm", "reconfigurevm":
		return "reconfigure", backend.ActivityNone
	default:
		return "", backend.ActivityNone
	}
}

// taskName is what a task does, in words.
func taskName(info types.TaskInfo) string {
	id := info.DescriptionId
	if i := strings.LastIndexByte(id, '.'); i >= 0 {
		id = id[i+1:]
	}
	id = strings.TrimSuffix(id, "_Task")
	if words, _ := taskWord(strings.ToLower(id)); words != "" {
		return words
	}
	if info.Description != nil && info.Description.Message != "" {
		return info.Description.Message
	}
	return spaced(orDefault(id, strings.TrimSuffix(info.Name, "_Task")))
}

// activityNamed finds the activity by the words of taskName.
func activityNamed(name string) backend.Activity {
	for _, id := range []string{
		"poweron", "poweroff", "suspend", "standbyguest", "reset", "rebootguest", "shutdownguest", "createsnapshot",
		"reverttosnapshot", "removesnapshot", "removeallsnapshots", "consolidatedisks", "migrate", "clone",
	} {
		if words, a := taskWord(id); words == name {
			return a
		}
	}
	return backend.ActivityNone
}

// spaced turns "createFolder" into "create folder".
func spaced(id string) string {
	var b strings.Builder
	for i, r := range id {
		if unicode.IsUpper(r) {
			if i > 0 {
				b.WriteByte(' ')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
