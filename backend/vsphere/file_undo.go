package vsphere

import (
	"context"
	"errors"
	"path"
	"time"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
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

// withoutHalf has drop delete what a broken operation made, and says in its error what
// became of that. Where nobody knows, the outcome is unknown.
func (a *action) withoutHalf(err error, s *store, rel string, drop func(context.Context) error) error {
	ctx, cancel := a.c.undoing()
	defer cancel()
	e := *fail(a.doing, a.object, err)
	why := drop(ctx)
	var other *notOurs
	switch {
	case why == nil:
		e.Message += ": nothing of it was left in the datastore"
	case errors.As(why, &other):
		e.Message += ": " + s.path(rel) + " " + other.Error() + ", and was left as it is"
	case faultOf(why) != nil:
		e.Message += ": part of it stayed as " + s.path(rel) + " (" + fail("", "", why).Error() + ")"
		e.Remedy = "delete " + s.path(rel)
	default:
		e.Class = backend.ClassLost
		e.Message += ": part of it may have stayed as " + s.path(rel) + " (" + fail("", "", why).Error() + ")"
		e.Remedy = "look for " + s.path(rel) + ", and delete it"
	}
	return &e
}

// notOurs is why a file is not what a broken transfer left.
type notOurs struct{ why string }

func (e *notOurs) Error() string { return e.why }

// clockSlack is how far the clocks of a server and its datastores may be apart.
const clockSlack = time.Minute

// serverTime is the server's clock. Source: CurrentTime.
func (a *action) serverTime(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := a.c.read(ctx, a.doing, a.object, func(ctx context.Context) error {
		res, err := methods.CurrentTime(ctx, a.c.vc, &types.CurrentTime{This: vim25.ServiceInstance})
		if err == nil {
			now = res.Returnval
		}
		return err
	})
	return now, err
}

// dropSent deletes the one file that a broken PUT may have made. Somebody else may have
// made a file of that name meanwhile: one that is larger than what was sent, or older than
// the request, stays.
func (c *Conn) dropSent(ctx context.Context, s *store, rel string, sent int64, began time.Time) error {
	return retryDrop(ctx, func(ctx context.Context) error {
		facts, err := c.statParting(ctx, s, rel)
		switch {
		case err != nil:
			return err
		case facts == nil:
			return &taskError{fault: &types.FileNotFound{}}
		case facts.size > uint64(max(sent, 0)):
			return &notOurs{"is larger than what was sent: it is somebody else's"}
		case !facts.modified.IsZero() && facts.modified.Before(began.Add(-clockSlack)):
			return &notOurs{"is older than what was sent: it is somebody else's"}
		}
		return c.dropFile(ctx, s, rel)
	})
}

// dropCopy deletes what a copy left: of a virtual disk, its data as well.
func (c *Conn) dropCopy(ctx context.Context, s *store, rel string, disk bool) error {
	return retryDrop(ctx, func(ctx context.Context) error {
		if disk && c.dropDisk(ctx, s, rel) == nil {
			return nil
		}
		return c.dropFile(ctx, s, rel)
	})
}

// retryDrop deletes what may be half there. A server may create it a moment after the
// request was cut, or still hold it, so it is looked for again for a moment.
func retryDrop(ctx context.Context, drop func(context.Context) error) error {
	until := time.Now().Add(lateFile)
	tick := time.NewTicker(undoPause)
	defer tick.Stop()
	for {
		err := drop(ctx)
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

// dropFile deletes exactly this file. What undoes something does not end with the
// connection, so it goes beside action.
func (c *Conn) dropFile(ctx context.Context, s *store, rel string) error {
	res, err := methods.DeleteDatastoreFile_Task(ctx, c.vc, &types.DeleteDatastoreFile_Task{
		This: *c.vc.ServiceContent.FileManager, Name: s.path(rel), Datacenter: s.dc(),
	})
	if err != nil {
		return err
	}
	_, err = c.ended(ctx, res.Returnval)
	return err
}

// dropDisk deletes a virtual disk with its data.
func (c *Conn) dropDisk(ctx context.Context, s *store, rel string) error {
	res, err := methods.DeleteVirtualDisk_Task(ctx, c.vc, &types.DeleteVirtualDisk_Task{
		This: *c.vc.ServiceContent.VirtualDiskManager, Name: s.path(rel), Datacenter: s.dc(),
	})
	if err != nil {
		return err
	}
	_, err = c.ended(ctx, res.Returnval)
	return err
}

// statParting is stat for undoing: it does not end with the connection.
func (c *Conn) statParting(ctx context.Context, s *store, rel string) (*fileFacts, error) {
	name := path.Base(rel)
	res, err := methods.SearchDatastore_Task(ctx, c.vc, &types.SearchDatastore_Task{
		This: moref{Type: "HostDatastoreBrowser", Value: s.browser}, DatastorePath: s.path(parentOf(rel)), SearchSpec: statSpec(name),
	})
	if err != nil {
		return nil, err
	}
	made, err := c.ended(ctx, res.Returnval)
	if err != nil {
		return nil, err
	}
	return factsOfFile(as[types.HostDatastoreBrowserSearchResults](made).File, name), nil
}

// ended waits for the end of a task and gives its result or its fault.
func (c *Conn) ended(ctx context.Context, task moref) (types.AnyType, error) {
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
			return nil, err
		case info.State == types.TaskInfoStateSuccess:
			return info.Result, nil
		case info.State == types.TaskInfoStateError:
			return nil, taskFault(info.Error)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
