package vsphere

import (
	"context"
	"errors"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// login starts a session under the lock that Close takes to end it.
func (c *Conn) login(ctx context.Context) error {
	c.loginMu.Lock()
	defer c.loginMu.Unlock()
	return c.loginLocked(ctx)
}

func (c *Conn) loginLocked(ctx context.Context) error {
	ctx, cancel := c.bounded(ctx, callTimeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return err
	}
	err := c.sm.Login(ctx, c.user)
	if err == nil {
		c.renewed++
	}
	return err
}

// renew logs in again after the server ended the session that was the renewed'th.
// Callers that come late find it done.
func (c *Conn) renew(ctx context.Context, was int) error {
	c.loginMu.Lock()
	defer c.loginMu.Unlock()
	if c.renewed != was {
		return nil
	}
	if c.refused != nil {
		return c.refused
	}
	// A server that still knows the session refuses a second login in it.
	out, cancel := c.bounded(ctx, logoutTimeout)
	_ = c.sm.Logout(out)
	cancel()
	err := c.loginLocked(ctx)
	if err == nil {
		return nil
	}
	told := loginError(c.end.shown(), err)
	if _, bad := faultOf(err).(*types.InvalidLogin); bad {
		c.refused = told // further attempts would lock the account
	}
	return told
}

func (c *Conn) generation() int {
	c.loginMu.Lock()
	defer c.loginMu.Unlock()
	return c.renewed
}

// bounded gives a call its deadline and ends it with the connection.
func (c *Conn) bounded(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	stop := context.AfterFunc(c.life, cancel)
	return ctx, func() { stop(); cancel() }
}

// read makes a call that changes nothing: when the session has ended it logs in
// and calls once more. The error is a *backend.Error.
func (c *Conn) read(ctx context.Context, doing, object string, call func(context.Context) error) error {
	return c.readWithin(ctx, callTimeout, doing, object, call)
}

func (c *Conn) readWithin(ctx context.Context, limit time.Duration, doing, object string, call func(context.Context) error) error {
	was := c.generation()
	err := c.once(ctx, limit, call)
	if sessionEnded(err) {
		if err := c.renew(ctx, was); err != nil {
			return err
		}
		err = c.once(ctx, limit, call)
	}
	return c.failed(ctx, doing, object, err)
}

func (c *Conn) once(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	ctx, cancel := c.bounded(ctx, limit)
	defer cancel()
	return call(ctx)
}

// sessionEnded tells whether the server no longer knows our session.
func sessionEnded(err error) bool {
	if err == nil {
		return false
	}
	_, ended := faultOf(err).(*types.NotAuthenticated)
	return ended
}

// errClosed is the cause of calls that Close cut off.
var errClosed = errors.New("the connection was closed")
