package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

var _ backend.TaskCanceller = (*Conn)(nil)

func taskVerbs() []backend.Verb { return []backend.Verb{backend.VerbTaskCancel} }

// CancelTask implements backend.TaskCanceller. Source: Task.CancelTask, which has
// asked when it returns; the end of the task comes by Watch.
func (c *Conn) CancelTask(ctx context.Context, key string) error {
	a := &action{c: c, doing: "cancel task", object: key}
	switch {
	case c.opts.ReadOnly:
		return a.refuse(backend.ClassDenied, "the connection is read-only")
	case key == "":
		return a.refuse(backend.ClassInvalid, "no task was named")
	}
	ref := moref{Type: "Task", Value: key}
	err := a.call(ctx, func(ctx context.Context) error {
		_, err := methods.CancelTask(ctx, c.vc, &types.CancelTask{This: ref})
		return err
	})
	if err == nil {
		return nil
	}
	e := *fail(a.doing, a.object, err)
	switch e.Code {
	case "NotSupported":
		e.Message = "the server can't cancel this task"
	case "InvalidState":
		e.Message = "the task has ended already"
	case "ManagedObjectNotFound":
		e.Message = "the server no longer knows the task"
	}
	return &e
}
