package poll

import (
	"context"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/effect"
	"hvdeck/backend/store"
)

// lookEvery is how often the object of a lost operation is looked at.
const lookEvery = 500 * time.Millisecond

// Settle notes what is known before an operation that is about to start, for the case
// that its answer gets lost. until then looks, also over a redial, until the object is for
// certain what the operation should have made of it: true; or ctx ends: false, nothing is
// known, as the server may still be working on it. It is nil for an operation of which
// nothing can be seen. where is what the operator can look at. It changes nothing.
func (p *Poller) Settle(op backend.Op) (until func(context.Context) bool, where string) {
	trace := effect.Of(op, p.o.Store, p.o.Now())
	if trace.Hidden() {
		return nil, trace.Look()
	}
	return func(ctx context.Context) bool { return p.sees(ctx, op.Target().Conn, trace) }, trace.Look()
}

// sees looks until the effect is there, or ctx ends: false.
func (p *Poller) sees(ctx context.Context, id backend.ConnID, trace effect.Trace) bool {
	for {
		b, err := p.Backend(id)
		if err == nil && trace.Seen(ctx, b) {
			return true
		}
		if !p.awaitChange(ctx, id) {
			return false
		}
	}
}

// awaitChange waits until it is worth looking again; false when ctx ended.
func (p *Poller) awaitChange(ctx context.Context, id backend.ConnID) bool {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
		}
		if c, found := p.o.Store.Conn(id); found && c.Phase == store.Ready {
			return true
		}
	}
}
