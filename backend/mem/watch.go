package mem

import (
	"context"
	"slices"

	"hvdeck/backend"
)

// maxPending bounds the tasks and events kept for a watcher that does not read.
const maxPending = 1000

// Watch implements backend.Backend: it sends all watched kinds, then what changed.
func (c *conn) Watch(ctx context.Context, emit func(backend.Delta)) error {
	const doing = "watch"
	if err := c.h.hindered(ctx, c, CallWatch); err != nil {
		if ctx.Err() != nil && c.ctx.Err() == nil {
			return nil
		}
		return c.failed(err, doing, c.h.cfg.HostName)
	}
	c.h.mu.Lock()
	c.watching = true
	c.h.mu.Unlock()
	for _, kind := range watched() {
		q := backend.Query{Kind: kind}
		all, err := c.h.list(q)
		if err != nil {
			return c.failed(err, doing, c.h.cfg.HostName)
		}
		emit(backend.Replace{Query: q, Objects: all})
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.ctx.Done():
			return c.failed(context.Cause(c.ctx), doing, c.h.cfg.HostName)
		case <-c.wake:
		}
		if c.heard(ctx) != nil {
			continue
		}
		for _, d := range c.changes() {
			emit(d)
		}
	}
}

// heard waits until a frozen server speaks again; an error means that there is
// nobody left to hear it.
func (c *conn) heard(ctx context.Context) error {
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	return c.h.thawed(both)
}

// changes takes what the watcher has not been told.
func (c *conn) changes() []backend.Delta {
	h := c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	var up []backend.Object
	var gone []backend.Ref
	var hosts bool
	for r := range c.dirty {
		if r.Kind == backend.KindVM {
			hosts = true
		}
		if r.Kind == backend.KindHost {
			hosts = true
			continue
		}
		if !slices.Contains(watched(), r.Kind) {
			continue
		}
		if o := h.shown(r); o != nil {
			up = append(up, o)
		} else {
			gone = append(gone, r)
		}
	}
	if hosts {
		up = append(up, h.listHosts()...)
	}
	clear(c.dirty)
	var out []backend.Delta
	if len(gone) > 0 {
		out = append(out, backend.Remove{Refs: gone})
	}
	if len(up) > 0 {
		out = append(out, backend.Upsert{Objects: up})
	}
	out = append(out, c.pending...)
	c.pending = nil
	return out
}

// shown is a copy of an object of a watched kind; nil when it is gone. Needs mu.
func (h *Hypervisor) shown(r backend.Ref) backend.Object {
	switch r.Kind {
	case backend.KindVM:
		if m := h.byRef[r]; m != nil {
			return m.object()
		}
	case backend.KindPool:
		if p := h.poolOf(r); p != nil {
			return h.poolObject(p)
		}
	case backend.KindNetwork:
		if n := h.networkOf(r); n != nil {
			return h.networkObject(n)
		}
	case backend.KindInterface:
		if n := h.interfaceOf(r); n != nil {
			return n.object()
		}
	case backend.KindSecret:
		if s := h.secretOf(r); s != nil {
			copied := s.Secret
			return &copied
		}
	default: // devices don't change; hosts are told with the VMs
	}
	return nil
}

// changed tells every watcher that an object is new, different or gone. Needs mu.
func (h *Hypervisor) changed(r backend.Ref) {
	for c := range h.conns {
		c.hangUp(r)
		if c.watching {
			c.dirty[r] = true
			c.alert()
		}
	}
}

// say sends a task or an event to every watcher. Needs mu.
func (h *Hypervisor) say(d backend.Delta) {
	for c := range h.conns {
		if !c.watching {
			continue
		}
		if len(c.pending) >= maxPending {
			c.pending = c.pending[1:]
		}
		c.pending = append(c.pending, d)
		c.alert()
	}
}

func (c *conn) alert() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
