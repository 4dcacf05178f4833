package vsphere

import (
	"context"
	"sync"

	"hvdeck/backend/guard"
)

// debtsMost is how many sessions are remembered: a server that fails for a day must not
// cost memory.
const debtsMost = 20

// debts are sessions that the server may still keep for us, as it did not answer when they
// were to be ended. They are ended when it answers again. It is safe for concurrent use.
type debts struct {
	mu   sync.Mutex
	owed []func(context.Context) error
}

// add remembers how to end a session; the error of that is the server's.
func (d *debts) add(end func(context.Context) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.owed) == debtsMost {
		d.owed = d.owed[1:]
	}
	d.owed = append(d.owed, end)
}

func (d *debts) take() []func(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	owed := d.owed
	d.owed = nil
	return owed
}

// pay ends what is owed, beside a connection that has just come about; Close of that waits
// for it no longer than for all else that it has to undo.
func (c *Conn) pay() {
	owed := c.debts.take()
	if len(owed) == 0 {
		return
	}
	release := c.hold()
	guard.Go("log out of sessions of before", nil, func() {
		defer release()
		for _, end := range owed {
			ctx, cancel := c.bounded(context.Background(), logoutTimeout)
			if err := end(ctx); unanswered(err) {
				c.debts.add(end)
			}
			cancel()
		}
	})
}

// unanswered tells whether a session may live on: the server said neither that it ended nor
// that it knows of none.
func unanswered(err error) bool {
	return err != nil && faultOf(err) == nil
}

// owe remembers the session of this connection, unless the server said why it did not end.
func (c *Conn) owe(why error) {
	if !unanswered(why) {
		return
	}
	sm, vc := c.sm, c.vc
	c.debts.add(func(ctx context.Context) error {
		defer vc.CloseIdleConnections()
		return sm.Logout(ctx)
	})
}
