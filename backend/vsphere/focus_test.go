package vsphere_test

import (
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
)

// TestDetailsOfAVMAreOneCall: config and hardware come together when a VM has the focus.
func TestDetailsOfAVMAreOneCall(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	calls := func(also func(backend.Backend, backend.Ref)) (int, string) {
		text, _ := traceOf(t, s, func(b backend.Backend) {
			also(b, refOf(t, b, backend.KindVM, "DC0_H0_VM0"))
		})
		return strings.Count(text, " vc/soap > "), text
	}
	before, _ := calls(func(backend.Backend, backend.Ref) {})
	after, text := calls(func(b backend.Backend, vm backend.Ref) {
		d, err := b.Get(t.Context(), vm)
		if err != nil || d.VM == nil || len(d.VM.Disks) == 0 || len(d.VM.NICs) == 0 {
			t.Errorf("%+v %v", d, err)
		}
	})
	if after != before+1 {
		t.Errorf("details took %d calls:\n%s", after-before, text)
	}
}
