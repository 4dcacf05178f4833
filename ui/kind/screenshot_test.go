package kind

import (
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// TestScreenshotOfAHeadlessVM: it is greyed as soon as the details say so.
func TestScreenshotOfAHeadlessVM(t *testing.T) {
	vm := &backend.VM{State: backend.PowerOn}
	when := vmScreenshot().When
	if why := when(keymap.Selection{}, vm); why != "" {
		t.Errorf("without details: %q", why)
	}
	for headless, want := range map[bool]string{false: "", true: "no display"} {
		s := keymap.Selection{Detail: func(backend.Ref) *backend.Detail {
			return &backend.Detail{VM: &backend.VMDetail{Headless: headless}}
		}}
		if why := when(s, vm); !strings.Contains(why, want) || want == "" && why != "" {
			t.Errorf("headless %v: %q", headless, why)
		}
	}
	if why := when(keymap.Selection{}, &backend.VM{State: backend.PowerOff}); why == "" {
		t.Error("a VM that is off has a display")
	}
}
