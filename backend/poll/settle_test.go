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

// ticking is two VMs whose server has a clock that runs.
func ticking(id backend.ConnID) mem.Config {
	cfg := two(id)
	cfg.Now = time.Now
	return cfg
}

func children(t *testing.T, h *mem.Hypervisor, vm backend.Ref) map[string]*backend.Snapshot {
	t.Helper()
	b, err := h.Dialer().Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	all := map[string]*backend.Snapshot{}
	err = b.List(t.Context(), backend.Query{Kind: backend.KindSnapshot, Parent: vm}, func(page []backend.Object) {
		for _, o := range page {
			all[o.Title()] = o.(*backend.Snapshot)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSettleIsOnlySureOfWhatIsThere(t *testing.T) {
	t.Parallel()
	r := newRig(t, poll.Options{})
	h := r.add(ticking("k"))
	r.phase("k", store.Ready)
	a, b := h.VM("a"), h.VM("b")
	h.AddSnapshot(a, mem.SnapshotSpec{Name: "old", Description: "one", Age: time.Hour})
	h.AddSnapshot(a, mem.SnapshotSpec{Name: "aside"})
	h.AddSnapshot(a, mem.SnapshotSpec{Name: "old again", Age: time.Hour, Current: true})
	snaps := children(t, h, a)
	gone := snaps["old"].ID
	gone.ID += "0"
	nowhere := backend.Ref{Conn: "k", Kind: backend.KindVM, ID: "nowhere"}
	for name, tt := range map[string]struct {
		op   backend.Op
		sure bool
	}{
		"runs":                   {backend.PowerOnOp{VM: a}, true},
		"is off":                 {backend.PowerOffOp{VM: b}, true},
		"may yet go off":         {backend.PowerOffOp{VM: a}, false},
		"the guest decides":      {backend.ShutdownOp{VM: a}, false},
		"may yet start":          {backend.PowerOnOp{VM: b}, false},
		"no such VM":             {backend.PowerOffOp{VM: nowhere}, false},
		"no such connection":     {backend.PowerOffOp{VM: backend.Ref{Conn: "x", Kind: backend.KindVM, ID: "1"}}, false},
		"may yet be taken":       {backend.SnapshotCreateOp{VM: a, Name: "new"}, false},
		"was there before":       {backend.SnapshotCreateOp{VM: a, Name: "old again"}, false},
		"is not the current one": {backend.SnapshotCreateOp{VM: a, Name: "aside"}, false},
		"is deleted":             {backend.SnapshotDeleteOp{VM: a, Snapshot: gone}, true},
		"may yet be deleted":     {backend.SnapshotDeleteOp{VM: a, Snapshot: snaps["old"].ID}, false},
		"deleted with its VM?":   {backend.SnapshotDeleteOp{VM: nowhere, Snapshot: gone}, false},
		"the current one":        {backend.SnapshotDeleteOp{VM: a}, false},
		"is edited":              {backend.SnapshotEditOp{VM: a, Snapshot: snaps["old"].ID, Name: "old", Description: "one"}, true},
		"only the name":          {backend.SnapshotEditOp{VM: a, Snapshot: snaps["old"].ID, Name: "old", KeepDescription: true}, true},
		"may yet be edited":      {backend.SnapshotEditOp{VM: a, Snapshot: snaps["old"].ID, Name: "old", Description: "two"}, false},
		"leaves no trace":        {backend.ResetOp{VM: a}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := 5 * time.Second
			if !tt.sure {
				limit = 700 * time.Millisecond // one more look
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			if sure := r.p.Settle(ctx, tt.op, time.Now()); sure != tt.sure {
				t.Errorf("sure = %v", sure)
			}
		})
	}
}

// TestSettleSeesWhatComesLater: the server was still working when first looked at.
func TestSettleSeesWhatComesLater(t *testing.T) {
	r := newRig(t, poll.Options{})
	h := r.add(ticking("k"))
	r.phase("k", store.Ready)
	a := h.VM("a")
	began := time.Now()
	for name, tt := range map[string]struct {
		op    backend.Op
		later func()
	}{
		"power": {backend.PowerOffOp{VM: a}, func() { h.SetPower(a, backend.PowerOff, "") }},
		"snapshot": {backend.SnapshotCreateOp{VM: a, Name: "new"}, func() {
			h.AddSnapshot(a, mem.SnapshotSpec{Name: "new", Current: true})
		}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		found := make(chan bool, 1)
		go func() { found <- r.p.Settle(ctx, tt.op, began) }()
		select {
		case sure := <-found:
			t.Errorf("%s: settled as %v before it was done", name, sure)
		case <-time.After(50 * time.Millisecond):
			tt.later()
			if !<-found {
				t.Errorf("%s: not found", name)
			}
		}
		cancel()
	}
}
