package vsphere

import (
	"context"
	"errors"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// sweepTimeout is how long a server may take to remove what it made by itself.
const sweepTimeout = 2 * time.Second

// undoing is a context for ending a lease: it ends neither with the operation nor with
// the connection, but soon after it.
func (l *nfcLease) undoing() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), l.wait.undo)
	soon := make(chan struct{})
	stop := context.AfterFunc(l.a.c.life, func() {
		defer cancel()
		timer := time.NewTimer(leaveTimeout)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-soon:
		}
	})
	return ctx, func() { stop(); close(soon); cancel() }
}

// abort ends the lease and sees to it that what an import made is gone. It gives the
// reason, or says what may be left.
func (l *nfcLease) abort(reason *backend.Error) error {
	ctx, cancel := l.undoing()
	defer cancel()
	err := l.retry(ctx, func(ctx context.Context) error {
		call, done := context.WithTimeout(ctx, callTimeout)
		defer done()
		_, err := methods.HttpNfcLeaseAbort(call, l.a.c.vc, &types.HttpNfcLeaseAbort{This: l.ref, Fault: abortFault(reason)})
		return err
	})
	if err == nil || faultOf(err) != nil { // a lease that has ended by itself refuses it
		err = l.sweep(ctx)
	}
	if err == nil {
		return reason
	}
	return l.leftover(reason, err)
}

// abortFault tells the server why, for its own log.
func abortFault(reason *backend.Error) *types.LocalizedMethodFault {
	if reason.Class == backend.ClassCancelled {
		return &types.LocalizedMethodFault{Fault: &types.RequestCanceled{}, LocalizedMessage: "cancelled"}
	}
	return &types.LocalizedMethodFault{Fault: &types.SystemError{Reason: reason.Message}, LocalizedMessage: reason.Message}
}

// retry makes a call until the server answers, with a new login where it has ended the
// session.
func (l *nfcLease) retry(ctx context.Context, call func(context.Context) error) error {
	for pause := 250 * time.Millisecond; ; pause = min(pause*2, 5*time.Second) {
		was := l.a.c.generation()
		err := call(ctx)
		switch {
		case err == nil:
			return nil
		case sessionEnded(err):
			if l.a.c.life.Err() != nil || l.a.c.renew(ctx, was) == nil && l.a.c.generation() == was {
				return err
			}
		case faultOf(err) != nil:
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// sweep waits until the server has removed what an import made, and removes it where the
// server leaves it. Only what the lease itself names is removed.
func (l *nfcLease) sweep(ctx context.Context) error {
	if !l.imports {
		return nil
	}
	if l.info.Entity.Value == "" { // it ended before the server told
		return l.nursery.untold(ctx, l)
	}
	limit := time.Now().Add(sweepTimeout)
	for pause := lookFirst; time.Now().Before(limit); pause = min(pause*3/2, lookLater) {
		there, err := l.exists(ctx)
		if err != nil || !there {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		if l.a.c.life.Err() != nil {
			break // there is little time left
		}
	}
	return l.destroy(ctx)
}

func (l *nfcLease) exists(ctx context.Context) (bool, error) {
	there := false
	spec := refSpec([]moref{l.info.Entity}, []types.PropertySpec{{Type: l.info.Entity.Type, PathSet: []string{"name"}}})
	err := l.retry(ctx, func(ctx context.Context) error {
		there = false
		return l.a.c.retrieve(ctx, spec, func(page []types.ObjectContent) { there = there || len(page) > 0 })
	})
	if notFound(err) {
		return false, nil
	}
	return there, err
}

// destroy removes what was made, and waits until it is gone.
func (l *nfcLease) destroy(ctx context.Context) error {
	var ref moref
	err := l.retry(ctx, func(ctx context.Context) error {
		res, err := methods.Destroy_Task(ctx, l.a.c.vc, &types.Destroy_Task{This: l.info.Entity})
		if err == nil {
			ref = res.Returnval
		}
		return err
	})
	switch faultOf(err).(type) {
	case *types.ManagedObjectNotFound:
		return nil
	case *types.TaskInProgress: // the server is at it
		err = nil
	}
	for pause := lookFirst; err == nil; pause = min(pause*3/2, lookLater) {
		there, lookErr := l.exists(ctx)
		if lookErr != nil || !there {
			return lookErr
		}
		if err = l.failedTask(ctx, ref); err != nil {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
	return err
}

// failedTask is the fault of a task that has failed.
func (l *nfcLease) failedTask(ctx context.Context, ref moref) error {
	if ref.Value == "" {
		return nil
	}
	var info types.TaskInfo
	spec := refSpec([]moref{ref}, []types.PropertySpec{{Type: "Task", PathSet: []string{"info"}}})
	err := l.a.c.retrieve(ctx, spec, func(page []types.ObjectContent) {
		for _, o := range page {
			info = as[types.TaskInfo](propsOf(o)["info"])
		}
	})
	if err == nil && info.State == types.TaskInfoStateError {
		return taskFault(info.Error)
	}
	return nil // the object itself tells
}

// leftover is for a lease whose end is not known.
func (l *nfcLease) leftover(reason *backend.Error, err error) error {
	why := fail(l.a.doing, l.a.object, err)
	e := *reason
	e.Class, e.Err = backend.ClassLost, errors.Join(reason, err)
	if !l.imports {
		e.Message = reason.Message + "; the server could not be told that the export has ended (" + why.Message + ")"
		e.Remedy = "it is locked until the server's lease on it runs out, a few minutes"
		return &e
	}
	e.Message = reason.Message + "; " + l.what + " may be left, half made (" + why.Message + ")"
	e.Remedy = "look for " + l.what + " when the server's lease has run out, after a few minutes, and delete it if it is there"
	return &e
}
