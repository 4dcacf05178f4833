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

// TestSettleSeesWhatComesLater: the server was still working when first looked at.
func TestSettleSeesWhatComesLater(t *testing.T) {
	r := newRig(t, poll.Options{})
	h := r.add(ticking("k"))
	r.phase("k", store.Ready)
	a := h.VM("a")
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
		until, _ := r.p.Settle(tt.op)
		go func() { found <- until(ctx) }()
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

func TestSettleWaitsForAnythingToSee(t *testing.T) {
	t.Parallel()
	r := newRig(t, poll.Options{})
	h := r.add(ticking("k"))
	r.phase("k", store.Ready)
	a := h.VM("a")
	for name, op := range map[string]backend.Op{
		"may yet go off":        backend.PowerOffOp{VM: a},
		"no such VM":            backend.PowerOffOp{VM: backend.Ref{Conn: "k", Kind: backend.KindVM, ID: "nowhere"}},
		"no such connection":    backend.PowerOffOp{VM: backend.Ref{Conn: "x", Kind: backend.KindVM, ID: "1"}},
		"may yet be taken":      backend.SnapshotCreateOp{VM: a, Name: "new"},
		"may yet be undefined":  backend.VMUndefineOp{VM: a},
		"may yet be discovered": backend.VMNewOp{Host: a, Name: "new", VCPUs: 1},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond) // one more look
		if until, _ := r.p.Settle(op); until == nil || until(ctx) {
			t.Errorf("%s: sure, or hidden", name)
		}
		cancel()
	}
	if until, where := r.p.Settle(backend.ResetOp{VM: a}); until != nil || where == "" {
		t.Error("a reset is waited for, or nobody says where to look")
	}
}
