package vsphere

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	undoTimeout = 15 * time.Second // for what a broken operation left
	undoPause   = 100 * time.Millisecond
	// lateFile is how long after a request was cut its file may still come to be.
	lateFile = time.Second
)

// undoing is a context for cleaning up: fresh, and once the connection is being closed
// within the time that Close gives.
func (c *Conn) undoing() (context.Context, context.CancelFunc) {
	if c.life.Err() != nil {
		return c.parting()
	}
	ctx, cancel := context.WithTimeout(context.Background(), undoTimeout)
	stop := context.AfterFunc(c.life, func() {
		time.AfterFunc(leaveTimeout, cancel)
	})
	return ctx, func() { stop(); cancel() }
}

// withoutHalf deletes what a broken operation made, and says in its error what became of
// that.
func (a *action) withoutHalf(err error, s *store, rel string) error {
	ctx, cancel := a.c.undoing()
	defer cancel()
	e := *fail(a.doing, a.object, err)
	if why := a.c.dropFile(ctx, s, rel); why != nil {
		e.Message += ": part of it stayed as " + s.path(rel) + " (" + fail("", "", why).Error() + ")"
		e.Remedy = "delete " + s.path(rel)
		return &e
	}
	e.Message += ": nothing of it was left in the datastore"
	return &e
}

// dropFile deletes a file that may be half there. A server may create it a moment after
// the request was cut, or still hold it, so it is looked for again for a moment.
func (c *Conn) dropFile(ctx context.Context, s *store, rel string) error {
	until := time.Now().Add(lateFile)
	tick := time.NewTicker(undoPause)
	defer tick.Stop()
	for {
		err := c.dropOnce(ctx, s, rel)
		_, gone := faultOf(err).(*types.FileNotFound)
		_, held := faultOf(err).(*types.FileLocked)
		late := time.Now().After(until)
		switch {
		case err == nil || gone && late:
			return nil
		case !gone && !held:
			return err
		}
		select {
		case <-ctx.Done():
			if gone {
				return nil
			}
			return err
		case <-tick.C:
		}
	}
}

// dropOnce deletes a file, or a virtual disk with its data. It does not end with the
// connection, so it goes beside action.
func (c *Conn) dropOnce(ctx context.Context, s *store, rel string) error {
	if isDescriptor(rel) {
		res, err := methods.DeleteVirtualDisk_Task(ctx, c.vc, &types.DeleteVirtualDisk_Task{
			This: *c.vc.ServiceContent.VirtualDiskManager, Name: s.path(rel), Datacenter: s.dc(),
		})
		if err == nil && c.ended(ctx, res.Returnval) == nil {
			return nil
		}
	}
	res, err := methods.DeleteDatastoreFile_Task(ctx, c.vc, &types.DeleteDatastoreFile_Task{
		This: *c.vc.ServiceContent.FileManager, Name: s.path(rel), Datacenter: s.dc(),
	})
	if err != nil {
		return err
	}
	return c.ended(ctx, res.Returnval)
}

// ended waits for the end of a task and gives its fault.
func (c *Conn) ended(ctx context.Context, task moref) error {
	tick := time.NewTicker(lookFirst)
	defer tick.Stop()
	spec := refSpec([]moref{task}, []types.PropertySpec{{Type: "Task", PathSet: []string{"info"}}})
	for {
		var info types.TaskInfo
		err := c.retrieve(ctx, spec, func(page []types.ObjectContent) {
			for _, o := range page {
				info = as[types.TaskInfo](propsOf(o)["info"])
			}
		})
		switch {
		case err != nil:
			return err
		case info.State == types.TaskInfoStateSuccess:
			return nil
		case info.State == types.TaskInfoStateError:
			return taskFault(info.Error)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
