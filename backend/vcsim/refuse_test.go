package vcsim_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/vcsim"
)

// TestRefusalsAreCounted: as many calls fail as were asked for, also of calls at once, and
// with the fault and the words that were asked for.
func TestRefusalsAreCounted(t *testing.T) {
	s, c := start(t, vcsim.Options{VMs: 1})
	s.Refuse(vcsim.Refusal{Method: "CurrentTime", Fault: &types.NotSupported{}, Message: "not here", Count: 3})
	var refused atomic.Int32
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			_, err := methods.GetCurrentTime(t.Context(), c)
			if err == nil {
				return
			}
			refused.Add(1)
			if !fault.Is(err, &types.NotSupported{}) || !strings.Contains(err.Error(), "not here") {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if n := refused.Load(); n != 3 {
		t.Errorf("%d refused, want 3", n)
	}
	s.Refuse(vcsim.Refusal{Method: "CurrentTime", Fault: &types.NotSupported{}})
	s.Relent()
	if _, err := methods.GetCurrentTime(t.Context(), c); err != nil {
		t.Error(err)
	}
}
