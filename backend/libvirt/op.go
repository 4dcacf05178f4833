package libvirt

import (
	"context"
	"fmt"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
)

// How long an operation may take. A daemon that died or froze is noticed in seconds
// whatever these are.
const (
	powerLimit    = 5 * time.Minute
	snapshotLimit = 2 * time.Hour
)

// change is one operation, ready to be sent.
type change struct {
	deed   deed
	domain libvirt.Domain
	run    func(*libvirt.Libvirt) (backend.Result, error)
	// abortable is set where the server may be able to stop it half way.
	abortable bool
}

// Do implements backend.Backend.
func (c *client) Do(ctx context.Context, op backend.Op, progress backend.Progress) (backend.Result, error) {
	if why := c.caps.Why(op.Verb()); why != "" {
		class := backend.ClassUnsupported
		if c.caps.ReadOnly {
			class = backend.ClassDenied
		}
		return backend.Result{}, backend.Refuse(class, op.Title(), "", "%s", why)
	}
	for _, area := range []func(backend.Op) work{
		c.vmWork, c.deviceWork, c.definitionWork, c.storageWork, c.networkWork, c.secretWork, c.nodeWork,
	} {
		if run := area(op); run != nil {
			return run(ctx, progress)
		}
	}
	ch, err := c.prepare(ctx, op)
	if err != nil {
		return backend.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return backend.Result{}, ch.deed.failed(context.Canceled)
	}
	return c.carryOut(ctx, ch, progress)
}

// work carries out one operation. An area of operations gives nil for what is not its
// own.
type work func(ctx context.Context, progress backend.Progress) (backend.Result, error)

// prepare checks a power or snapshot operation and turns it into a call.
func (c *client) prepare(ctx context.Context, op backend.Op) (change, error) {
	domain, err := domainOf(op.Target())
	if err != nil {
		return change{}, err
	}
	domain.Name, err = c.domainName(ctx, domain)
	if err != nil {
		return change{}, err
	}
	ch := change{domain: domain, deed: deed{doing: op.Title(), object: domain.Name, limit: powerLimit, change: true}}
	switch o := op.(type) {
	case backend.SnapshotCreateOp:
		return c.prepareCreate(ch, o)
	case backend.SnapshotRevertOp:
		return c.prepareRevert(ctx, ch, o)
	case backend.SnapshotDeleteOp:
		return c.prepareDelete(ctx, ch, o)
	case backend.SnapshotEditOp:
		return c.prepareEdit(ctx, ch, o)
	default:
		return preparePower(ch, op)
	}
}

// domainName looks up the name, for messages, and whether the VM is still there.
func (c *client) domainName(ctx context.Context, d libvirt.Domain) (string, error) {
	found, err := read(ctx, c, "find", d.Name, func(lv *libvirt.Libvirt) (libvirt.Domain, error) {
		return lv.DomainLookupByUUID(d.UUID)
	})
	return found.Name, err
}

// carryOut sends the call on the connection of operations.
func (c *client) carryOut(ctx context.Context, ch change, progress backend.Progress) (backend.Result, error) {
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
	result, err := call(context.WithoutCancel(ctx), r, ch.deed, ch.run)
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
