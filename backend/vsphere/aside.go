package vsphere

import (
	"context"

	"hvdeck/backend"
)

// aside is a session of its own, for one operation that moves bytes for minutes or hours.
// It does not share the end of c: a server that pauses for some seconds ends the watch and
// with it c, which is dialled anew, and the transfer goes on. Whoever asks closes it.
func (c *Conn) aside(ctx context.Context) (*Conn, error) {
	vc, err := c.again(ctx)
	if err != nil {
		return nil, err
	}
	own := newConn(c.opts, c.end, vc, c.mark)
	own.user, own.about, own.caps, own.dialled, own.names = c.user, c.about, c.caps, c.dialled, c.names
	own.wire, own.bulk, own.again, own.skew, own.debts = c.bulk, c.bulk, c.again, c.skew, c.debts
	if err := own.login(ctx); err != nil {
		own.owe(err)
		vc.CloseIdleConnections()
		return nil, loginError(c.end.shown(), err)
	}
	return own, nil
}

// doAside carries out an operation on a session of its own.
func (c *Conn) doAside(ctx context.Context, op backend.Op, progress backend.Progress) (backend.Result, error) {
	own, err := c.aside(ctx)
	if err != nil {
		return backend.Result{}, c.failed(ctx, doingOf(op), c.names.name(op.Target().ID), err)
	}
	defer func() { _ = own.Close() }()
	return own.carryOut(ctx, op, progress)
}
