package libvirt

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"hvdeck/backend"
	"hvdeck/backend/libvirt/transport"
	"hvdeck/backend/trace"
)

// Options name one connection.
type Options struct {
	ID  backend.ConnID
	URI string
	// ReadOnly asks the server for a connection that refuses every change.
	ReadOnly bool
	// Username is who logs in where the server asks for a name and password (SASL);
	// a user in the URI of a tcp, tls or unix connection comes first. Empty: the
	// operator is asked.
	Username string
	// Password gives the password of Username; nil, or an empty answer: the operator
	// is asked.
	Password func(context.Context) (string, error)
	// Trace takes every message; nil: none is wanted.
	Trace *trace.Log
}

// New checks the URI and gives a Dialer for it; nothing is dialled. The error is
// one line that says what is wrong and what to write instead.
func New(o Options) (backend.Dialer, error) {
	t, err := transport.Parse(o.URI)
	if err != nil {
		return nil, err
	}
	return &dialer{opts: o, target: t}, nil
}

type dialer struct {
	opts   Options
	target *transport.Target
	saved  login
	opened atomic.Int64 // connections, to tell them apart in the trace
}

// Dial implements backend.Dialer.
func (d *dialer) Dial(ctx context.Context, ask backend.Asker) (backend.Backend, error) {
	tr, err := d.transport(ask)
	if err != nil {
		return nil, d.connectError(err)
	}
	poll, err := d.login(ctx, tr, ask)
	if err != nil {
		tr.Close()
		return nil, d.connectError(err)
	}
	act, err := d.login(ctx, tr, ask)
	if err != nil {
		poll.close()
		tr.Close()
		return nil, d.connectError(err)
	}
	c, err := newClient(ctx, d, tr, poll, act)
	if err != nil {
		poll.close()
		act.close()
		tr.Close()
		return nil, d.connectError(err)
	}
	return c, nil
}

func (d *dialer) transport(ask backend.Asker) (transport.Transport, error) {
	return transport.New(d.target, transport.Options{ID: d.opts.ID, ReadOnly: d.opts.ReadOnly, Ask: ask})
}

// login makes a connection to the daemon. A password that the operator typed wrong is
// asked for again, on a new connection: the server may have closed the old one.
func (d *dialer) login(ctx context.Context, tr transport.Transport, ask backend.Asker) (*rpcConn, error) {
	for n := 1; ; n++ {
		r, err := d.attempt(ctx, tr, ask, n > 1)
		if err == nil || !errors.Is(err, errPassword) || n == saslAttempts {
			return r, err
		}
	}
}

func (d *dialer) attempt(ctx context.Context, tr transport.Transport, ask backend.Asker, again bool) (*rpcConn, error) {
	c, err := tr.Open(ctx)
	if err != nil {
		return nil, err
	}
	c = withTrace(c, d.opts.Trace, fmt.Sprintf("%s/%d", d.opts.ID, d.opened.Add(1)))
	r := newRPC(c, d.opts.ReadOnly)
	if err := d.authenticate(ctx, r, ask, again); err != nil {
		r.close()
		return nil, tr.Explain(err)
	}
	if err := r.open(ctx, d.target.Name); err != nil {
		r.close()
		return nil, tr.Explain(err)
	}
	return r, nil
}

// connectError says that it was the connecting that failed, and where to.
func (d *dialer) connectError(err error) error {
	var e *backend.Error
	if !errors.As(err, &e) {
		e = &backend.Error{Class: backend.ClassUnreachable, Message: err.Error(), Err: err}
		if c := backend.ClassOf(err); c == backend.ClassCancelled {
			e.Class = c
		}
	}
	out := *e
	out.Doing, out.Object = "connect to", d.target.Raw
	if out.Class == backend.ClassOther || out.Class == backend.ClassNotFound {
		out.Class = backend.ClassUnreachable
	}
	return &out
}
