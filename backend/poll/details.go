package poll

import (
	"context"
	"slices"
	"time"

	"hvdeck/backend"
)

// mostPatience is the longest time between two tries for what is not answered.
const mostPatience = time.Minute

// retries are the objects whose dear fields were not answered in time, and when each is
// asked for again. One object that hangs says nothing of its server.
type retries map[backend.Ref]retry

type retry struct {
	next  time.Time
	pause time.Duration
}

// due says whether r may be asked for.
func (t retries) due(r backend.Ref, now time.Time) bool { return !now.Before(t[r].next) }

// failed puts the next try off: by the given time at first, by twice as much each time.
func (t retries) failed(r backend.Ref, now time.Time, first time.Duration) {
	pause := min(max(first, 2*t[r].pause), mostPatience)
	t[r] = retry{now.Add(pause), pause}
}

// detailLoop fetches dear fields of what is in focus.
func (c *conn) detailLoop(ctx context.Context, b backend.Backend) error {
	tick := time.NewTicker(c.p.o.Intervals.Detail)
	defer tick.Stop()
	late := retries{}
	for {
		for _, r := range ofConn(c.p.interest.Load().Details, c.e.ID) {
			if !late.due(r, c.p.o.Now()) {
				continue
			}
			if err := c.detail(ctx, b, r, late); err != nil {
				return err
			}
		}
		c.answered(ctx, loopDetails)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-c.detailKick:
			if !c.settle(ctx, c.detailKick) {
				return nil
			}
		}
	}
}

// detail fetches the dear fields of one object, for as long as it is in focus.
func (c *conn) detail(ctx context.Context, b backend.Backend, r backend.Ref, late retries) error {
	one, cancel := context.WithCancel(ctx)
	defer cancel()
	c.holdDetail(r, cancel)
	defer c.holdDetail(backend.Ref{}, nil)
	d, err := b.Get(one, r)
	switch {
	case one.Err() != nil:
		return nil // nobody wants it any more
	case err == nil:
		delete(late, r)
		c.p.o.Store.PutDetail(d)
		return nil
	}
	return c.unanswered(ctx, err, r, late, c.p.o.Intervals.Detail)
}

// holdDetail notes what is being fetched, so that it can be dropped.
func (c *conn) holdDetail(r backend.Ref, drop context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.getting, c.dropGet = r, drop
}

// dropDetails ends the wait for details that are no longer wanted: an object that hangs
// does not hold up the one that the cursor went on to.
func (c *conn) dropDetails(wanted []backend.Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropGet != nil && !slices.Contains(wanted, c.getting) {
		c.dropGet()
	}
}

// unanswered puts off what was not answered in time: by the contract that ends a
// backend only where a list, the loads or the watch were asked for. Other errors pass
// as they do elsewhere.
func (c *conn) unanswered(ctx context.Context, err error, r backend.Ref, late retries, first time.Duration) error {
	if ctx.Err() != nil || backend.ClassOf(err) != backend.ClassUnreachable {
		return c.passable(ctx, err)
	}
	late.failed(r, c.p.o.Now(), first)
	name := string(c.e.ID)
	if o := c.p.o.Store.Object(r); o != nil {
		name = o.Title()
	}
	c.noteOf(r, name, err.Error())
	return nil
}

// nodeLoop samples the host under the node monitor each second.
func (c *conn) nodeLoop(ctx context.Context, b backend.Backend) error {
	mon, ok := backend.As[backend.NodeMonitor](b)
	if !ok {
		return nil
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	late := retries{}
	for {
		r := c.p.interest.Load().Node
		if r.Conn == c.e.ID && !r.IsZero() && late.due(r, c.p.o.Now()) {
			n, err := mon.Node(ctx, r)
			if err == nil {
				delete(late, r)
				c.p.o.Store.PutNode(n)
			} else if err := c.unanswered(ctx, err, r, late, time.Second); err != nil {
				return err
			}
		}
		c.answered(ctx, loopNode)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
