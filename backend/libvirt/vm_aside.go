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
	stop := followJob(r, ch.domain, progress)
	defer stop()
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

// lookAtJob is how often the progress of a job is asked for.
const lookAtJob = 500 * time.Millisecond

// followJob tells how far a domain's job is until the function that it gives is
// called. It asks on the connection of the job: a QEMU that hangs then holds up no
// list.
func followJob(r *rpcConn, d libvirt.Domain, progress backend.Progress) (stop func()) {
	if progress.Bytes == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	guard.Go("libvirt job progress", r.fence.fail, func() {
		defer close(ended)
		t := time.NewTicker(lookAtJob)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			if done, total, ok := jobBytes(ctx, r, d); ok {
				progress.Bytes(done, total)
			}
		}
	})
	return func() { cancel(); <-ended }
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
