package vsphere

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

// Between two reports of progress.
const (
	tellMost  = 10 * time.Second       // to the server
	tellEvery = 100 * time.Millisecond // to the operator
)

// nfcLease is the lock that a server holds on a VM or vApp while its disks are moved. It
// is ended exactly once. Source: HttpNfcLease.
type nfcLease struct {
	a       *action
	ref     moref
	what    string // "the VM web-01": what an import makes
	imports bool
	info    types.HttpNfcLeaseInfo

	wait    patience
	clock   stallClock
	nursery *nursery // of an import

	moved   atomic.Int64 // bytes
	total   atomic.Int64 // 0 unknown
	checked int64        // bytes that were read before the lease, which the operator is told of too

	unsaid string // why the server does not know that an export has ended

	mu     sync.Mutex // of what was told to the operator
	told   time.Time
	closed bool
}

// underLease begins a lease, does the work under it while it is kept alive, and ends it:
// completed when the work succeeded, else aborted, on a context of its own. The work's
// context ends with ctx, with the connection and with the lease.
func (a *action) underLease(
	ctx context.Context, l *nfcLease, begin func(context.Context) (moref, error), work func(context.Context) error,
) error {
	release := a.c.hold()
	defer release()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	stop := context.AfterFunc(a.c.life, func() { end(errClosed) })
	defer stop()
	l.a = a
	if l.wait = a.c.opts.patience; l.wait == (patience{}) {
		l.wait = usualPatience()
	}
	if l.nursery != nil {
		if err := l.nursery.remember(ctx, l); err != nil {
			return err
		}
	}
	err := a.call(ctx, func(ctx context.Context) error {
		var err error
		l.ref, err = begin(ctx)
		return err
	})
	if err != nil {
		return l.unknown(err)
	}
	err = l.hold(ctx, end, work)
	if err == nil {
		return l.complete(ctx)
	}
	return l.abort(l.reason(ctx, err))
}

// unknown is for a request to begin whose answer was lost: the server may have made
// something, which goes when nobody extends its lease.
func (l *nfcLease) unknown(err error) error {
	if backend.ClassOf(err) != backend.ClassLost || !l.imports {
		return err
	}
	e := *fail(l.a.doing, l.a.object, err)
	e.Remedy = "look for " + l.what + " when the server's lease has run out, after a few minutes, and delete it if it is there"
	return &e
}

// hold waits until the lease is ready and does the work. A panic in it is an error, so
// that the lease is ended. An export whose work is done has succeeded, whatever ended its
// context meanwhile: the package is there.
func (l *nfcLease) hold(ctx context.Context, end context.CancelCauseFunc, work func(context.Context) error) (err error) {
	defer guard.Recover("move disks", func(panicked error) { err = panicked })
	if err := l.ready(ctx); err != nil {
		return err
	}
	// Also behind a cancel: until the work has ended the lease is needed.
	alive, done := context.WithCancel(context.WithoutCancel(ctx))
	told := make(chan struct{})
	guard.Go("keep a lease", func(err error) { end(err) }, func() {
		defer close(told)
		l.keep(alive, end)
	})
	defer func() {
		done()
		<-told
		l.report(time.Now(), true)
	}()
	if err := work(ctx); err != nil {
		return err
	}
	if l.imports {
		return ctx.Err()
	}
	return nil
}

// reason is why the work ended: what ended its context comes first.
func (l *nfcLease) reason(ctx context.Context, err error) *backend.Error {
	var panicked *guard.PanicError
	if errors.As(err, &panicked) {
		return fail(l.a.doing, l.a.object, err)
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	e := fail(l.a.doing, l.a.object, err)
	if errors.Is(err, errClosed) {
		e.Class, e.Message = backend.ClassCancelled, errClosed.Error()
	}
	return e
}

// ready waits until the server has made what is under the lease. Disks may be zeroed
// meanwhile, for hours: it waits as long as the operation may take, unless the server shows
// no progress at all.
func (l *nfcLease) ready(ctx context.Context) error {
	progress, since := int32(-1), time.Now()
	for pause := lookFirst; ; pause = min(pause*3/2, lookLater) {
		got, err := l.a.c.retrieveOne(ctx, l.a.doing, l.ref, "state", "info", "error", "initializeProgress")
		if err != nil {
			return err
		}
		l.info = as[types.HttpNfcLeaseInfo](got["info"])
		switch as[types.HttpNfcLeaseState](got["state"]) {
		case types.HttpNfcLeaseStateReady:
			return nil
		case types.HttpNfcLeaseStateError, types.HttpNfcLeaseStateDone:
			return l.a.worded(taskFault(leaseFault(got["error"])))
		}
		if now := as[int32](got["initializeProgress"]); now != progress {
			progress, since = now, time.Now()
		}
		if time.Since(since) > l.wait.initializing {
			return l.a.refuse(backend.ClassUnreachable, "the server has prepared it for %s without progress (%d %%)", l.wait.initializing, progress)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func leaseFault(v any) *types.LocalizedMethodFault {
	if f := as[types.LocalizedMethodFault](v); f.Fault != nil {
		return &f
	}
	return nil
}

// touch notes that bytes were moved, and tells it now and then.
func (l *nfcLease) touch(n int64) {
	l.moved.Add(n)
	l.report(time.Now(), false)
}

// report tells how many bytes were moved; the last one of all tells it at once. It may be
// called by the HTTP client's goroutines, which end a moment after its calls.
func (l *nfcLease) report(now time.Time, last bool) {
	bytes := l.a.progress.Bytes
	if bytes == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || !last && now.Sub(l.told) < tellEvery {
		return
	}
	l.told, l.closed = now, last
	done, total := l.moved.Load(), l.total.Load()
	if done > total {
		total = 0
	} else if total > 0 {
		total += l.checked
	}
	bytes(l.checked+done, total)
}

// keep extends the lease until alive ends, and ends the work when the lease is lost or
// nothing is moved any more. A call that fails in between is made again with the next
// report, as long as the lease may still be there.
func (l *nfcLease) keep(alive context.Context, end context.CancelCauseFunc) {
	limit := time.Duration(max(l.info.LeaseTimeout, 1)) * time.Second
	tick := time.NewTicker(min(limit/3, tellMost))
	defer tick.Stop()
	told := time.Now()
	for {
		select {
		case <-alive.Done():
			return
		case <-tick.C:
		}
		if over, limit := l.clock.over(); over {
			end(l.a.refuse(backend.ClassUnreachable, "nothing was moved for %s", limit))
			return
		}
		err := l.tell(alive)
		switch {
		case alive.Err() != nil:
			return
		case err == nil:
			told = time.Now()
		case leaseLost(err) || time.Since(told) > limit:
			end(l.gone(err))
			return
		}
	}
}

// tell reports how far it has come, in percent.
func (l *nfcLease) tell(ctx context.Context) error {
	total := l.total.Load()
	if total == 0 {
		total = l.info.TotalDiskCapacityInKB << 10
	}
	percent := int32(0)
	if total > 0 {
		percent = int32(min(l.moved.Load()*100/total, 99)) //nolint:gosec // at most 99
	}
	return l.a.c.read(ctx, l.a.doing, l.a.object, func(ctx context.Context) error {
		_, err := methods.HttpNfcLeaseProgress(ctx, l.a.c.vc, &types.HttpNfcLeaseProgress{This: l.ref, Percent: percent})
		return err
	})
}

// leaseLost tells whether the server said that there is no such lease any more.
func leaseLost(err error) bool {
	var e *backend.Error
	return errors.As(err, &e) && e.Code != "" && e.Class != backend.ClassDenied
}

func (l *nfcLease) gone(err error) error {
	e := fail(l.a.doing, l.a.object, err)
	e.Message = "the server ended the transfer: " + e.Message
	return e
}

// complete ends the lease well. Where the server refuses that, it is aborted. That of an
// export is ended whatever became of the operation's context: the package is there.
func (l *nfcLease) complete(ctx context.Context) error {
	if !l.imports {
		var cancel context.CancelFunc
		ctx, cancel = l.undoing()
		defer cancel()
	}
	err := l.a.call(ctx, func(ctx context.Context) error {
		_, err := methods.HttpNfcLeaseComplete(ctx, l.a.c.vc, &types.HttpNfcLeaseComplete{This: l.ref})
		return err
	})
	switch {
	case err == nil:
		return nil
	case !l.imports:
		l.unsaid = "the server could not be told that the export has ended: " + fail("", "", err).Message
		return nil
	case backend.ClassOf(err) == backend.ClassLost:
		return err
	}
	return l.abort(fail(l.a.doing, l.a.object, err))
}
