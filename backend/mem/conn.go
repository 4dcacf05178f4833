package mem

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"hvdeck/backend"
)

// dialer opens connections to a Hypervisor in the same process.
type dialer struct{ h *Hypervisor }

// Dialer gives what connects to h; any number of connections may be open at once.
func (h *Hypervisor) Dialer() backend.Dialer { return dialer{h} }

// Dial implements backend.Dialer.
func (d dialer) Dial(ctx context.Context, _ backend.Asker) (backend.Backend, error) {
	h := d.h
	if err := h.hindered(ctx, nil, CallDial); err != nil {
		return nil, h.problem(err, "connect to", h.cfg.URI, backend.ClassUnreachable)
	}
	c := &conn{h: h, wake: make(chan struct{}, 1), dirty: map[backend.Ref]bool{}}
	c.ctx, c.end = context.WithCancelCause(context.Background())
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[c] = true
	return c, nil
}

// conn is one connection.
type conn struct {
	h   *Hypervisor
	ctx context.Context // ends with the connection; its cause says why
	end context.CancelCauseFunc

	wake chan struct{} // something is to be told to the watcher

	// Guarded by h.mu.
	watching bool
	dirty    map[backend.Ref]bool // changed since the watcher was told
	pending  []backend.Delta      // tasks and events to tell
	consoles map[backend.Ref]*console
	once     sync.Once
}

var (
	errClosed  = errors.New("the connection was closed")
	errDropped = errors.New("the connection was lost")
)

var (
	_ backend.Backend     = (*conn)(nil)
	_ backend.NodeMonitor = (*conn)(nil)
)

// ID implements backend.Backend.
func (c *conn) ID() backend.ConnID { return c.h.cfg.ID }

// About implements backend.Backend.
func (c *conn) About() backend.About {
	cfg := c.h.cfg
	return backend.About{
		Product: cfg.Product, Version: cfg.Version, API: "mem 1", URI: cfg.URI,
		HostName: cfg.HostName, Type: "in memory", ReadOnly: cfg.ReadOnly,
		Fields: []backend.Field{{Name: "Note", Value: "made up: nothing here is real"}},
	}
}

// Caps implements backend.Backend.
func (c *conn) Caps() backend.Caps {
	can := map[backend.Verb]string{
		backend.VerbPowerOnHost:    "this host stands alone",
		backend.VerbSnapRevertHost: "this host stands alone",
	}
	for _, v := range slices.Concat(vmVerbs(), objectVerbs()) {
		can[v] = ""
	}
	if _, ok := backend.Backend(c).(backend.ConsoleOpener); ok {
		can[backend.VerbConsole] = ""
	}
	return backend.Caps{
		Can: can, ReadOnly: c.h.cfg.ReadOnly, Watched: watched(),
		Kinds: append(watched(), backend.KindSnapshot, backend.KindVolume),
	}
}

// watched are the kinds that Watch keeps complete.
func watched() []backend.Kind {
	return []backend.Kind{
		backend.KindHost, backend.KindVM, backend.KindPool, backend.KindNetwork,
		backend.KindInterface, backend.KindSecret, backend.KindNodeDevice,
	}
}

// Close implements backend.Backend.
func (c *conn) Close() error {
	c.drop(errClosed)
	return nil
}

func (c *conn) drop(why error) {
	c.once.Do(func() {
		c.end(why)
		c.h.mu.Lock()
		defer c.h.mu.Unlock()
		delete(c.h.conns, c)
	})
}

// call bounds a call by the driver's own deadline and the life of the connection,
// and lets it through unless the server is hindered.
func (c *conn) call(ctx context.Context, what Call) (context.Context, func(), error) {
	bound := c.h.cfg.CallTime
	if what == CallDo {
		bound += 2 * c.h.cfg.OpTime
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	stop := context.AfterFunc(c.ctx, cancel)
	release := func() { stop(); cancel() }
	if err := c.h.hindered(ctx, c, what); err != nil {
		release()
		return nil, nil, err
	}
	return ctx, release, nil
}

// failed wraps the error of a read.
func (c *conn) failed(err error, doing, object string) error {
	if c.ctx.Err() != nil {
		err = context.Cause(c.ctx)
	}
	return c.h.problem(err, doing, object, backend.ClassUnreachable)
}

// problem makes any error one of the contract; overdue is the class of a deadline.
func (h *Hypervisor) problem(err error, doing, object string, overdue backend.Class) *backend.Error {
	var e *backend.Error
	if errors.As(err, &e) {
		full := *e
		full.Doing, full.Object = or(e.Doing, doing), or(e.Object, object)
		return &full
	}
	out := &backend.Error{Class: backend.ClassOf(err), Doing: doing, Object: object, Err: err}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		out.Class, out.Message = overdue, "no answer in time"
	case errors.Is(err, errClosed), errors.Is(err, errDropped):
		out.Class = overdue
	}
	return out
}

// now is the server's clock.
func (h *Hypervisor) now() time.Time { return h.cfg.Now() }
