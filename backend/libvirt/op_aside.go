package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
)

// runJob carries out a job on a domain that copies memory or disks, on a connection of
// its own, so that it takes no place among the operator's other calls, and tells how
// far it is. The connection ends with the backend.
func (c *client) runJob(ctx context.Context, ch change, progress backend.Progress) (backend.Result, error) {
	r, end, err := c.sideline(ctx)
	if err != nil {
		return backend.Result{}, err
	}
	defer end()
	defer c.followJob(r, ch.domain, progress)()
	return c.carryOutOn(ctx, r, ch, progress)
}

// carryAside carries a change out on a connection of its own, since it may take hours.
// An operator who cancels is told that libvirt can't stop it.
func (c *client) carryAside(ctx context.Context, ch change, progress backend.Progress) (backend.Result, error) {
	if ctx.Err() != nil {
		return backend.Result{}, ch.deed.failed(context.Canceled)
	}
	r, end, err := c.sideline(ctx)
	if err != nil {
		return backend.Result{}, err
	}
	defer end()
	return c.carryOutOn(ctx, r, ch, progress)
}

// sideline opens a connection aside that ends with the backend; the caller ends it.
func (c *client) sideline(ctx context.Context) (*rpcConn, func(), error) {
	r, err := c.aside(ctx)
	if err != nil {
		return nil, nil, err
	}
	done := make(chan struct{})
	guard.Go("libvirt long operation", r.fence.fail, func() {
		select {
		case <-c.poll.fence.done:
			r.fence.fail(c.poll.fence.cause)
		case <-r.fence.done:
		case <-done:
		}
	})
	return r, func() { close(done); r.close() }, nil
}

// beside runs fn and gives the wait for its end.
func (c *client) beside(fn func()) (wait func()) {
	ended := make(chan struct{})
	guard.Go("libvirt operation", c.poll.fence.fail, func() {
		defer close(ended)
		fn()
	})
	return func() { <-ended }
}

// lookAtWork is how often it is asked how far a long operation is.
const lookAtWork = 500 * time.Millisecond

// lookOn calls look every now and then until the function that it gives is called,
// which waits for the last.
func (c *client) lookOn(look func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	wait := c.beside(func() {
		for pause(ctx, lookAtWork) {
			look(ctx)
		}
	})
	return func() { cancel(); wait() }
}

// followJob tells how far a domain's job is until the function that it gives is
// called. It asks on the connection of the job: a QEMU that hangs then holds up no
// list.
func (c *client) followJob(r *rpcConn, d libvirt.Domain, progress backend.Progress) (stop func()) {
	if progress.Bytes == nil {
		return func() {}
	}
	return c.lookOn(func(ctx context.Context) {
		if done, total, ok := jobBytes(ctx, r, d); ok {
			progress.Bytes(done, total)
		}
	})
}

// jobBytes is how much of a job's data has been moved.
func jobBytes(ctx context.Context, r *rpcConn, d libvirt.Domain) (done, total int64, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, dearPatience)
	defer cancel()
	asking := deed{doing: "read the progress of", object: d.Name, limit: longLimit}
	got, err := call(ctx, r, asking, func(lv *libvirt.Libvirt) ([]libvirt.TypedParam, error) {
		_, params, err := lv.DomainGetJobStats(d, 0)
		return params, err
	})
	p := paramsOf(got)
	if err != nil || !p.has("data_total") {
		return 0, 0, false
	}
	total = p.integer("data_total")
	return max(total-p.integer("data_remaining"), 0), total, total > 0
}

// growing is a volume that is being written.
type growing struct {
	pool libvirt.StoragePool
	name string
	// most is about how much it will be; before and total are of all that is written,
	// in bytes.
	most, before, total uint64
}

// followGrowth tells how much of a volume is there, until the function that it gives is
// called. A server that does not show it before it is whole tells nothing. Source:
// virStorageVolGetInfo.
func (c *client) followGrowth(g growing, progress backend.Progress) (stop func()) {
	if progress.Bytes == nil || g.total == 0 {
		return func() {}
	}
	last := uint64(0)
	return c.lookOn(func(ctx context.Context) {
		n, err := c.allocated(ctx, g)
		if err == nil && n > last && ctx.Err() == nil {
			last = n
			progress.Bytes(int64(g.before+min(n, g.most)), int64(g.total)) //nolint:gosec // sizes of files
		}
	})
}

func (c *client) allocated(ctx context.Context, g growing) (uint64, error) {
	return read(ctx, c, "read volume", g.name, func(lv *libvirt.Libvirt) (uint64, error) {
		v, err := lv.StorageVolLookupByName(g.pool, g.name)
		if err != nil {
			return 0, err
		}
		_, _, allocation, err := lv.StorageVolGetInfo(v)
		return allocation, err
	})
}
