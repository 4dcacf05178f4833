package poll_test

import (
	"context"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
)

// teller passes on what a test says that a server tells.
type teller struct {
	*counting
	say chan backend.Delta
}

func (d *teller) Dial(ctx context.Context, ask backend.Asker) (backend.Backend, error) {
	b, err := d.counting.Dial(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &told{b, d}, nil
}

type told struct {
	backend.Backend
	d *teller
}

func (b *told) Unwrap() backend.Backend { return b.Backend }

func (b *told) Watch(ctx context.Context, emit func(backend.Delta)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case d := <-b.d.say:
			emit(d)
		}
	}
}

// count is how many lists of the snapshots of a VM were asked for.
func (d *teller) count(vm backend.Ref) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, q := range d.asked {
		if q.Parent == vm {
			n++
		}
	}
	return n
}

// TestChildrenOutOfSightAreLeftAlone: of the children that have changed, those in sight
// are asked for at once, and no others.
func TestChildrenOutOfSightAreLeftAlone(t *testing.T) {
	hour := time.Hour
	r := newRig(t, poll.Options{Intervals: poll.Intervals{Stats: hour, Lists: hour, Hidden: hour, Focus: hour, Detail: hour}})
	h := mem.New(two("k"))
	d := &teller{&counting{Dialer: h.Dialer()}, make(chan backend.Delta)}
	if err := r.p.Add(poll.Endpoint{ID: "k", Dialer: d}); err != nil {
		t.Fatal(err)
	}
	r.phase("k", store.Ready)
	seen, hidden := h.VM("a"), h.VM("b")
	r.p.SetInterest(poll.Interest{Children: []backend.Query{{Kind: backend.KindSnapshot, Parent: seen}}})
	r.eventually("the snapshots in sight", func() bool { return d.count(seen) > 0 })
	before := d.count(seen)
	for _, vm := range []backend.Ref{hidden, seen} {
		d.say <- backend.Invalidate{Query: backend.Query{Kind: backend.KindSnapshot, Parent: vm}}
	}
	r.eventually("they are listed again", func() bool { return d.count(seen) > before })
	if n := d.count(hidden); n != 0 {
		t.Errorf("those out of sight were asked for %d times", n)
	}
}
