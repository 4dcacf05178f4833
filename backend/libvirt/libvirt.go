package libvirt

import (
	"context"
	"errors"
	"fmt"
	"net"

	"hvdeck/backend"
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
	t, err := parseURI(o.URI)
	if err != nil {
		return nil, err
	}
	return &dialer{opts: o, target: t}, nil
}

type dialer struct {
	opts   Options
	target *target
}

// transport makes connections to one daemon.
type transport interface {
	// open makes a connection. The context only bounds the making.
	open(ctx context.Context) (net.Conn, error)
	// explain adds what the transport knows to the reason a connection ended.
	explain(err error) error
	// close frees what connections share.
	close()
}

// Dial implements backend.Dialer.
func (d *dialer) Dial(ctx context.Context, ask backend.Asker) (backend.Backend, error) {
	tr, err := d.transport(ask)
	if err != nil {
		return nil, d.connectError(err)
	}
	poll, err := d.login(ctx, tr)
	if err != nil {
		tr.close()
		return nil, d.connectError(err)
	}
	act, err := d.login(ctx, tr)
	if err != nil {
		poll.close()
		tr.close()
		return nil, d.connectError(err)
	}
	c, err := newClient(ctx, d, tr, poll, act)
	if err != nil {
		poll.close()
		act.close()
		tr.close()
		return nil, d.connectError(err)
	}
	return c, nil
}

func (d *dialer) transport(ask backend.Asker) (transport, error) {
	switch d.target.transport {
	case "ssh":
		return newSSH(d.target, d.opts.ID, d.opts.ReadOnly, ask)
	case "tcp":
		return dialFunc(func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, d.target) }), nil
	default:
		return dialFunc(func(ctx context.Context) (net.Conn, error) { return dialUnix(ctx, d.target, d.opts.ReadOnly) }), nil
	}
}

func (d *dialer) login(ctx context.Context, tr transport) (*rpcConn, error) {
	c, err := tr.open(ctx)
	if err != nil {
		return nil, err
	}
	r, err := openRPC(ctx, c, d.target.name, d.opts.ReadOnly)
	if err != nil {
		return nil, tr.explain(err)
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
	out.Doing, out.Object = "connect to", d.target.raw
	if out.Class == backend.ClassOther || out.Class == backend.ClassNotFound {
		out.Class = backend.ClassUnreachable
	}
	return &out
}

// dialFunc is a transport without anything shared.
type dialFunc func(context.Context) (net.Conn, error)

func (f dialFunc) open(ctx context.Context) (net.Conn, error) { return f(ctx) }
func (dialFunc) explain(err error) error                      { return err }
func (dialFunc) close()                                       {}

// dialTCP opens an unencrypted connection. Source: libvirt's tcp transport.
func dialTCP(ctx context.Context, t *target) (net.Conn, error) {
	port := t.port
	if port == "" {
		port = "16509"
	}
	d := net.Dialer{Timeout: dialLimit}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(t.host, port))
	if err != nil {
		return nil, fmt.Errorf("%s: %s", net.JoinHostPort(t.host, port), plainNet(err))
	}
	return c, nil
}
