package poll

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/store"
)

// session runs the loops of one live backend until one of them finds it dead. It
// returns for how long data came and why it ended, after the backend is closed and
// every loop has ended.
func (c *conn) session(ctx context.Context, b backend.Backend) (lasted time.Duration, why error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	caps := b.Caps()
	c.p.o.Store.BeginSync(c.e.ID, caps.Watched)
	c.proof = c.newProof(caps)
	c.setLive(b)
	c.loggedIn(b, caps)
	var wg sync.WaitGroup
	run := func(name string, loop func(context.Context, backend.Backend) error) {
		wg.Add(1)
		failed := func(err error) {
			c.proof.foundDead(name)
			end(err)
		}
		guard.Go(name+" "+string(c.e.ID), func(err error) { c.p.fault(err); failed(err) }, func() {
			defer wg.Done()
			if err := loop(ctx, b); err != nil {
				failed(err)
			}
		})
	}
	run(loopWatch, c.watch)
	run(loopLists, c.listLoop)
	run(loopLoads, c.statsLoop)
	run(loopFocus, c.focusLoop)
	run(loopDetails, c.detailLoop)
	run(loopNode, c.nodeLoop)

	<-ctx.Done()
	c.setLive(nil)
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) || cause == nil {
		cause = errors.New("the connection was closed")
	}
	lasted = c.settleProof()
	if c.p.ctx.Err() == nil {
		c.status(func(s *store.ConnStatus) {
			s.Phase, s.Err, s.Remedy = store.Stale, cause.Error(), remedyOf(cause)
		})
	}
	_ = b.Close()
	wg.Wait()
	if c.p.o.Lost != nil {
		c.p.o.Lost(c.e.ID, cause)
	}
	return lasted, cause
}

// loggedIn takes what the server says of itself. A first connection is ready: nothing
// old is shown of it. One that was lost stays so, with why and the age of what is
// shown, until data comes: a server that hangs may still let us in.
func (c *conn) loggedIn(b backend.Backend, caps backend.Caps) {
	c.status(func(s *store.ConnStatus) {
		s.About, s.Caps = b.About(), caps
		s.Caps.Can = maps.Clone(caps.Can) // the driver keeps its own
		s.ReadOnly = s.ReadOnly || caps.ReadOnly
		if s.Phase != store.Stale {
			s.Phase, s.Err, s.Remedy, s.NextTry, s.Attempt = store.Ready, "", "", time.Time{}, 0
		}
	})
}

// watch passes changes on until the connection is lost.
func (c *conn) watch(ctx context.Context, b backend.Backend) error {
	err := b.Watch(ctx, func(d backend.Delta) {
		c.heard()
		switch d := d.(type) {
		case backend.Invalidate:
			c.invalidated(d.Query)
		case backend.Foreign:
			if c.p.o.Foreign != nil {
				c.p.o.Foreign(d.Task)
			}
		default:
			c.p.o.Store.Apply(c.e.ID, d)
			c.proof.told(d)
		}
	})
	if errors.Is(err, backend.ErrNoWatch) {
		c.proof.unwatched()
		c.refreshAll()
		return nil
	}
	if err == nil && ctx.Err() == nil {
		return errors.New("the server ended the change feed")
	}
	return err
}

// invalidated takes what a driver says of a list. Children of nobody in particular are
// no list: those in sight are looked at again. Those of one parent are asked for only
// while they are in sight; others are when they come into it.
func (c *conn) invalidated(q backend.Query) {
	if q.Kind != backend.KindSnapshot && q.Kind != backend.KindVolume {
		c.invalidate(q)
		return
	}
	if q.Parent.IsZero() {
		kick(c.touchKick)
		return
	}
	for _, seen := range c.p.interest.Load().Children {
		if seen.Kind == q.Kind && seen.Parent == q.Parent {
			c.invalidate(q)
			return
		}
	}
}

func (c *conn) invalidate(q backend.Query) {
	c.mu.Lock()
	c.pending = mergeQuery(c.pending, q)
	c.mu.Unlock()
	kick(c.listKick)
}

// mergeQuery adds a query, joining it with one for the same list: the whole list
// swallows single objects.
func mergeQuery(pending []backend.Query, q backend.Query) []backend.Query {
	for i, p := range pending {
		if p.Kind != q.Kind || p.Parent != q.Parent {
			continue
		}
		if p.Refs == nil || q.Refs == nil {
			pending[i].Refs = nil
			return pending
		}
		for _, r := range q.Refs {
			if !slices.Contains(p.Refs, r) {
				pending[i].Refs = append(pending[i].Refs, r)
			}
		}
		return pending
	}
	q.Refs = slices.Clone(q.Refs)
	return append(pending, q)
}

func (c *conn) refreshAll() {
	if b := c.live(); b != nil {
		for _, k := range listable(b.Caps()) {
			c.invalidate(backend.Query{Kind: k})
		}
	}
	kick(c.statsKick)
	kick(c.touchKick)
	kick(c.detailKick)
}

// listable are the kinds that stand directly under a connection and that no watch
// keeps, in the order an operator wants them. The host is not first: libvirt counts its
// domains for it, which at 10,000 takes as long as their first rows.
func listable(caps backend.Caps) []backend.Kind {
	var out []backend.Kind
	for _, k := range []backend.Kind{
		backend.KindVM, backend.KindHost, backend.KindPool, backend.KindNetwork,
		backend.KindCluster, backend.KindResourcePool,
	} {
		if slices.Contains(caps.Kinds, k) && !slices.Contains(caps.Watched, k) {
			out = append(out, k)
		}
	}
	return out
}

// listLoop fetches what was invalidated and, more seldom, everything.
func (c *conn) listLoop(ctx context.Context, b backend.Backend) error {
	c.refreshAll()
	last := map[backend.Kind]time.Time{}
	tick := time.NewTicker(c.p.o.Intervals.Lists)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.listKick:
		case <-tick.C:
			c.addDue(b, last)
		}
		for _, q := range c.takePending() {
			if q.Refs == nil && q.Parent.IsZero() {
				last[q.Kind] = c.p.o.Now()
			}
			if err := c.list(ctx, b, q); err != nil {
				return err
			}
		}
		c.answered(ctx, loopLists)
	}
}

// answered says that a loop has got through a round of a session that goes on.
func (c *conn) answered(ctx context.Context, loop string) {
	if ctx.Err() == nil {
		c.proof.round(loop)
	}
}

func (c *conn) addDue(b backend.Backend, last map[backend.Kind]time.Time) {
	in := c.p.interest.Load()
	now := c.p.o.Now()
	for _, k := range listable(b.Caps()) {
		every := c.p.o.Intervals.Hidden
		// VMs have events everywhere; the list is only the net below them.
		if k != backend.KindVM && slices.Contains(in.Kinds, k) {
			every = c.p.o.Intervals.Lists
		}
		if now.Sub(last[k]) >= every-every/10 {
			c.invalidate(backend.Query{Kind: k})
		}
	}
}

func (c *conn) takePending() []backend.Query {
	c.mu.Lock()
	defer c.mu.Unlock()
	qs := c.pending
	c.pending = nil
	return qs
}

// list fetches one list into the store. A list that nobody has seen yet is shown page
// by page; one that is known is replaced as a whole, so that no row ever vanishes for
// a moment. Only a dead connection is an error.
func (c *conn) list(ctx context.Context, b backend.Backend, q backend.Query) error {
	var all []backend.Object
	first := q.Refs == nil && q.Parent.IsZero() && !c.p.o.Store.Known(c.e.ID, q)
	err := b.List(ctx, q, func(page []backend.Object) {
		all = append(all, page...)
		if first {
			c.p.o.Store.Apply(c.e.ID, backend.Upsert{Objects: page})
		}
	})
	if err != nil {
		return c.passable(ctx, err)
	}
	c.heard()
	if !first || len(all) == 0 { // else it is shown already
		c.p.o.Store.Apply(c.e.ID, backend.Replace{Query: q, Objects: all})
	}
	if q.Refs == nil && q.Parent.IsZero() {
		c.proof.listed()
	}
	return nil
}

// passable keeps the errors that mean the connection is dead; the others are
// noted in the event log, each text once a minute at most.
func (c *conn) passable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the connection is being closed: nothing to report
	}
	switch backend.ClassOf(err) {
	case backend.ClassUnreachable, backend.ClassUntrusted:
		return err
	case backend.ClassNotFound, backend.ClassUnsupported, backend.ClassCancelled:
		return nil
	default:
		c.note(err.Error())
		return nil
	}
}

// note puts a complaint about the connection into the event log.
func (c *conn) note(text string) { c.noteOf(backend.Ref{}, string(c.e.ID), text) }

// noteOf is a complaint about one object.
func (c *conn) noteOf(object backend.Ref, name, text string) {
	now := c.p.o.Now()
	c.mu.Lock()
	last, known := c.noted[text]
	if len(c.noted) > 100 {
		clear(c.noted)
	}
	c.noted[text] = now
	c.mu.Unlock()
	if known && now.Sub(last) < time.Minute {
		return
	}
	c.p.o.Store.AddEvent(backend.Event{
		At: now, Conn: c.e.ID, Object: object, Name: name, Text: text, Severity: backend.SeverityWarning,
	})
}
