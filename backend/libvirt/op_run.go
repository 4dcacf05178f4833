package libvirt

import (
	"context"
	"fmt"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
)

// How an operation runs: an area binds it to a method; the method refuses what can be
// refused, makes a change of one call (changeOf on a VM, plain elsewhere), and carries
// that out: at once by carry or carryOut, for hours by carryAside or runJob.

// How long an operation may take. A daemon that died or froze is noticed in seconds
// whatever these are.
const (
	powerLimit    = 5 * time.Minute
	snapshotLimit = 2 * time.Hour
	poolLimit     = 2 * time.Hour
	// longLimit is for what copies or overwrites disks or memory: hours over a slow
	// line.
	longLimit = 48 * time.Hour
)

// change is one operation, ready to be sent.
type change struct {
	deed   deed
	domain libvirt.Domain
	run    func(*libvirt.Libvirt) (backend.Result, error)
	// abortable is set where the server may be able to stop it half way.
	abortable bool
}

// work carries out one operation. An area of operations gives nil for what is not its
// own.
type work func(ctx context.Context, progress backend.Progress) (backend.Result, error)

// bind makes work of an operation and the method that does it.
func bind[O backend.Op](op O, do func(context.Context, O, backend.Progress) (backend.Result, error)) work {
	return func(ctx context.Context, progress backend.Progress) (backend.Result, error) {
		return do(ctx, op, progress)
	}
}

// changeOf begins an operation on a VM: it is looked up, and named in errors.
func (c *client) changeOf(ctx context.Context, op backend.Op) (change, error) {
	d, err := c.lookupVM(ctx, op.Target())
	if err != nil {
		return change{}, err
	}
	return change{domain: d, deed: deed{doing: op.Title(), object: d.Name, limit: powerLimit, change: true}}, nil
}

// refuse is an error for what is refused before the server is asked.
func (ch change) refuse(class backend.Class, format string, args ...any) *backend.Error {
	return backend.Refuse(class, ch.deed.doing, ch.deed.object, format, args...)
}

// plainly makes the result of a call that gives nothing but an error.
func plainly(fn func(*libvirt.Libvirt) error) func(*libvirt.Libvirt) (backend.Result, error) {
	return func(lv *libvirt.Libvirt) (backend.Result, error) { return backend.Result{}, fn(lv) }
}

// plain makes the change of one call that gives nothing back.
func plain(op backend.Op, object string, limit time.Duration, run func(*libvirt.Libvirt) error) change {
	return change{deed: deed{doing: op.Title(), object: object, limit: limit, change: true}, run: plainly(run)}
}

// carry carries a change out unless the operator has cancelled before.
func (c *client) carry(ctx context.Context, ch change, progress backend.Progress) (backend.Result, error) {
	if ctx.Err() != nil {
		return backend.Result{}, ch.deed.failed(context.Canceled)
	}
	return c.carryOut(ctx, ch, progress)
}

// carryOut sends the call on the connection of operations, or on one of its own while
// VMs that hang keep that busy.
func (c *client) carryOut(ctx context.Context, ch change, progress backend.Progress) (backend.Result, error) {
	if len(c.act.slots) == cap(c.act.slots) {
		return c.carryAside(ctx, ch, progress)
	}
	return c.carryOutOn(ctx, c.act, ch, progress)
}

// carryOutOn sends the call and waits for its end, also when the operator cancels: the
// server is asked to stop, and only what it says counts.
func (c *client) carryOutOn(ctx context.Context, r *rpcConn, ch change, progress backend.Progress) (backend.Result, error) {
	watched, done := context.WithCancel(ctx)
	stopped := make(chan struct{})
	guard.Go("libvirt cancel", c.poll.fence.fail, func() {
		defer close(stopped)
		<-watched.Done()
		if ctx.Err() != nil {
			c.cancel(ch, progress)
		}
	})
	silent := c.followControl(ch.domain, progress)
	result, err := call(context.WithoutCancel(ctx), r, ch.deed, ch.run)
	silent()
	done()
	<-stopped
	if backend.ClassOf(err) == backend.ClassLost {
		err = c.transport.Explain(err)
	}
	return result, err
}

// cancel asks the server to abort the domain's job, where that may help.
func (c *client) cancel(ch change, progress backend.Progress) {
	why := "libvirt can't stop this once it has begun"
	if ch.abortable {
		ctx, end := context.WithTimeout(context.Background(), 3*time.Second)
		defer end()
		_, err := read(ctx, c, "cancel", ch.domain.Name, func(lv *libvirt.Libvirt) (struct{}, error) {
			return struct{}{}, lv.DomainAbortJob(ch.domain)
		})
		if err == nil {
			return
		}
		why = fmt.Sprintf("libvirt can't stop this: %v", err)
	}
	if progress.Uncancellable != nil {
		progress.Uncancellable(why)
	}
}
