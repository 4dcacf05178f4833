package libvirt

import (
	"context"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

// runAside carries out a long change on a connection of its own, so that it takes no
// place among the operator's other calls. The connection ends with the backend.
func (c *client) runAside(ctx context.Context, ch change, progress backend.Progress) (backend.Result, error) {
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
