package libvirt

import (
	"context"
	"errors"

	"hvdeck/backend"
	"hvdeck/backend/libvirt/transport"
)

// Options name one connection.
type Options struct {
	ID  backend.ConnID
	URI string
	// ReadOnly asks the server for a connection that refuses every change.
	ReadOnly bool
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
}

// Dial implements backend.Dialer.
func (d *dialer) Dial(ctx context.Context, ask backend.Asker) (backend.Backend, error) {
	tr, err := d.transport(ask)
	if err != nil {
		return nil, d.connectError(err)
	}
	poll, err := d.login(ctx, tr)
	if err != nil {
		tr.Close()
		return nil, d.connectError(err)
	}
	act, err := d.login(ctx, tr)
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

func (d *dialer) login(ctx context.Context, tr transport.Transport) (*rpcConn, error) {
	c, err := tr.Open(ctx)
	if err != nil {
		return nil, err
	}
	r, err := openRPC(ctx, c, d.target.Name, d.opts.ReadOnly)
	if err != nil {
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
