package vsphere

import (
	"context"
	"errors"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
)

// A frozen server is noticed after at most beatEvery + beatTimeout.
const (
	beatEvery   = 4 * time.Second
	beatTimeout = 5 * time.Second
	lateBeats   = 3 // that a line full of answers to other calls may hold up, one after the other
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
	own, bulk := w.c.wire.got(), w.c.bulk.both()
	ctx, cancel := w.c.bounded(aWord(ctx), beatTimeout)
	defer cancel()
	began := time.Now()
	now, err := methods.GetCurrentTime(ctx, w.c.vc)
	if err == nil {
		w.late = 0
		w.c.skew.correct(now.Sub(began.Add(time.Since(began) / 2)))
		return nil
	}
	if !errors.Is(err, context.DeadlineExceeded) || w.c.life.Err() != nil {
		return err
	}
	// A line that is full of bytes delays the answer; they are a sign of life as well. But
	// an answer without an end is no answer: only transfers go on for long.
	if w.late++; w.late <= lateBeats && w.c.wire.got()-own >= busyBytes || w.c.bulk.both()-bulk >= busyBytes {
		return nil
	}
	return err
}
