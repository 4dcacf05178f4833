package poll

import (
	"context"
	"slices"
	"time"

	"hvdeck/backend"
)

// Where the loads of all VMs are not one cheap call, those of a large inventory are
// asked for only while a list is sorted by them, and then not at every interval.
const (
	manyVMs      = 500
	manyInterval = 10 * time.Second
)

// keptLoads is how long a figure of what is out of sight may still be shown.
const keptLoads = 30 * time.Second

// statsLoop samples loads: those in sight at every interval, all of them where that
// is one call or where a list is sorted by them.
func (c *conn) statsLoop(ctx context.Context, b backend.Backend) error {
	tick := time.NewTicker(c.p.o.Intervals.Stats)
	defer tick.Stop()
	var lastAll time.Time
	for {
		in := c.p.interest.Load()
		now := c.p.o.Now()
		var refs []backend.Ref
		if b.Caps().BulkLoads || (in.AllLoads && c.allDue(now, lastAll)) {
			lastAll = now
		} else {
			refs = ofConn(in.Rows, c.e.ID)
			c.p.o.Store.DropSamples(c.e.ID, backend.KindVM, now.Add(-keptLoads))
			c.p.o.Store.DropSamples(c.e.ID, backend.KindHost, now.Add(-keptLoads))
		}
		if err := c.stats(ctx, b, refs, now); err != nil {
			return err
		}
		c.answered(ctx, loopLoads)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-c.statsKick:
			if b.Caps().BulkLoads {
				continue // the figures of all come at every tick
			}
			if !c.settle(ctx, c.statsKick) {
				return nil
			}
		}
	}
}

func (c *conn) allDue(now, last time.Time) bool {
	return c.p.o.Store.Count(backend.KindVM) <= manyVMs || now.Sub(last) >= manyInterval
}

func (c *conn) stats(ctx context.Context, b backend.Backend, refs []backend.Ref, began time.Time) error {
	if refs != nil && len(refs) == 0 {
		return nil
	}
	samples, err := b.Stats(ctx, refs)
	if err != nil {
		return c.passable(ctx, err)
	}
	c.heard()
	if refs == nil {
		samples, err = c.withRates(ctx, b, samples)
		if err != nil {
			return err
		}
	}
	c.p.o.Store.PutSamples(samples)
	if refs == nil {
		c.p.o.Store.DropSamples(c.e.ID, backend.KindVM, began)
		c.p.o.Store.DropSamples(c.e.ID, backend.KindHost, began)
	}
	return nil
}

// withRates puts the fuller samples of what is in sight in the place of those of the
// whole inventory, where a server gives rates only for objects that are named.
func (c *conn) withRates(ctx context.Context, b backend.Backend, all []backend.Sample) ([]backend.Sample, error) {
	rows := ofConn(c.p.interest.Load().Rows, c.e.ID)
	if b.Caps().BulkLoads || len(rows) == 0 {
		return all, nil
	}
	seen, err := b.Stats(ctx, rows)
	if err != nil {
		return all, c.passable(ctx, err)
	}
	fuller := make(map[backend.Ref]backend.Sample, len(seen))
	for _, s := range seen {
		fuller[s.Ref] = s
	}
	for i, s := range all {
		if f, ok := fuller[s.Ref]; ok {
			all[i] = f
		}
	}
	return all, nil
}

func ofConn(refs []backend.Ref, id backend.ConnID) []backend.Ref {
	out := []backend.Ref{}
	for _, r := range refs {
		if r.Conn == id {
			out = append(out, r)
		}
	}
	return out
}

// settleTime is how long the cursor has to rest before what it rests on is asked
// for; a held key must not ask for every row it passes.
const settleTime = 100 * time.Millisecond

// settleMost bounds that wait: what is in sight under a held key is still asked for.
const settleMost = 500 * time.Millisecond

// settle waits until kicks stop coming; false when the session ended meanwhile.
func (c *conn) settle(ctx context.Context, kicks <-chan struct{}) bool {
	t, most := time.NewTimer(settleTime), time.NewTimer(settleMost)
	defer t.Stop()
	defer most.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-kicks:
			t.Reset(settleTime)
		case <-t.C:
			return true
		case <-most.C:
			return true
		}
	}
}

// focusLoop lists the children in sight: the snapshots of the VM in focus, the
// volumes of the pool that is open.
func (c *conn) focusLoop(ctx context.Context, b backend.Backend) error {
	every := c.p.o.Intervals.Focus
	tick := time.NewTicker(every)
	defer tick.Stop()
	state := map[backend.Ref]childState{}
	force := false
	for {
		for _, q := range c.p.interest.Load().Children {
			if q.Parent.Conn != c.e.ID || (!force && !c.due(b, q, state)) {
				continue
			}
			state[q.Parent] = childState{c.p.o.Now(), c.revOf(q.Parent)}
			if err := c.list(ctx, b, q); err != nil {
				return err
			}
		}
		c.answered(ctx, loopFocus)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			force = false
		case <-c.focusKick:
			force = false
			if !c.settle(ctx, c.focusKick) {
				return nil
			}
		case <-c.touchKick:
			force = true
		}
	}
}

type childState struct {
	at  time.Time
	rev uint64
}

// due says whether children are to be listed again: always where only polling
// tells, else when the parent's revision moved.
func (c *conn) due(b backend.Backend, q backend.Query, state map[backend.Ref]childState) bool {
	last, asked := state[q.Parent]
	if !asked {
		return true
	}
	if rev := c.revOf(q.Parent); rev != last.rev {
		return true
	}
	every := c.p.o.Intervals.Focus
	if slices.Contains(b.Caps().Watched, q.Parent.Kind) {
		every = c.p.o.Intervals.Hidden
	} else if q.Kind == backend.KindVolume {
		every = c.p.o.Intervals.Lists
	}
	return c.p.o.Now().Sub(last.at) >= every-every/10
}

func (c *conn) revOf(parent backend.Ref) uint64 {
	switch o := c.p.o.Store.Object(parent).(type) {
	case *backend.VM:
		return o.SnapshotRev
	case *backend.Pool:
		return o.Rev
	default:
		return 0
	}
}
