package vsphere

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
)

// A frozen server is noticed after at most beatEvery + beatTimeout.
const (
	beatEvery   = 4 * time.Second
	beatTimeout = 5 * time.Second
)

// eventsAfter is how long after a change its events are fetched: the server posts them
// a little later, and many changes come together.
const eventsAfter = 300 * time.Millisecond

// pulse asks for the time, on a connection of its own because those of the waits
// are taken, so that a server that hangs is noticed; and fetches new events, soon after
// something has changed and with every beat.
func (w *watch) pulse(ctx context.Context, feed chan<- func(context.Context) error) error {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	var soon <-chan time.Time
	for {
		if soon == nil {
			if err := w.beat(ctx); err != nil {
				return err
			}
		}
		if w.c.generation() != w.login {
			return errStale
		}
		soon = nil
		if err := w.events.poll(ctx, w, feed); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			continue
		case <-w.changed:
			soon = time.After(eventsAfter)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-soon:
		}
	}
}

func (w *watch) beat(ctx context.Context) error {
	ctx, cancel := w.c.bounded(ctx, beatTimeout)
	defer cancel()
	_, err := methods.GetCurrentTime(ctx, w.c.vc)
	if err != nil && w.c.life.Err() == nil && w.c.wire.moved() < beatTimeout {
		return nil // a line that is full of bytes delays the answer; they are a sign of life as well
	}
	return err
}
