// Package transport is the way to a libvirt daemon: it takes a libvirt URI apart and
// opens connections to the place that the URI names, over a unix socket, TCP, TLS or
// the operator's own ssh. It knows nothing of what is said over them.
//
// It promises that nothing is dialled by Parse and New, that every Open ends with its
// context or a deadline of its own, and that an error says which place, why, and what
// to do.
package transport

import (
	"context"
	"errors"
	"net"
	"strings"

	"hvdeck/backend"
)

// Transport makes connections to one daemon. It is safe for concurrent use.
type Transport interface {
	// Open makes a connection. The context only bounds the making. Errors that say
	// more than that nothing answers are *backend.Error.
	Open(ctx context.Context) (net.Conn, error)
	// Explain adds what the transport knows to the reason a connection ended.
	Explain(err error) error
	// Close frees what connections share. Connections that are still open may end.
	Close()
}

// Options are what a transport needs besides the place.
type Options struct {
	ID backend.ConnID // for questions
	// ReadOnly prefers the daemon's sockets that refuse every change.
	ReadOnly bool
	// Ask puts questions to the operator; nil: nobody can be asked.
	Ask backend.Asker
}

// New makes the transport that the URI asks for.
func New(t *Target, o Options) (Transport, error) {
	switch t.Via {
	case "ssh":
		return newSSH(t, o)
	case "tcp":
		return dialFunc(func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, t) }), nil
	case "tls":
		return dialFunc(func(ctx context.Context) (net.Conn, error) { return dialTLS(ctx, t) }), nil
	default:
		return dialFunc(func(ctx context.Context) (net.Conn, error) { return dialUnix(ctx, t, o.ReadOnly) }), nil
	}
}

// ErrClosed is the cause when we ended a connection ourselves.
var ErrClosed = errors.New("the connection was closed")

// dialFunc is a transport without anything shared.
type dialFunc func(context.Context) (net.Conn, error)

// Open implements Transport.
func (f dialFunc) Open(ctx context.Context) (net.Conn, error) { return f(ctx) }

// Explain implements Transport.
func (dialFunc) Explain(err error) error { return err }

// Close implements Transport.
func (dialFunc) Close() {}

// Plain is the error of a connection without the addresses that net errors repeat.
func Plain(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "write: "), "read: ")
}
