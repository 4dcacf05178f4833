package kind

import (
	"testing"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// TestHotAddIsSaidInTheField: what the server would refuse is refused while it is typed.
func TestHotAddIsSaidInTheField(t *testing.T) {
	vm := &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "vc", Kind: backend.KindVM, ID: "1"}, Name: "web"}, State: backend.PowerOn, VCPUs: 4, Memory: 8 << 30}
	s := keymap.Selection{
		Objects: []backend.Object{vm}, Caps: func(backend.ConnID) backend.Caps { return backend.Caps{Places: true} },
		Detail: func(backend.Ref) *backend.Detail {
			return &backend.Detail{VM: &backend.VMDetail{VCPUs: 4, CoresPerSocket: 1, HotAddMemory: true}}
		},
	}
	fields := map[string]keymap.Field{}
	for _, f := range vmResources().Form(s) {
		fields[f.Name] = f
	}
	for _, c := range []struct {
		field, value string
		ok           bool
	}{
		{"vcpus", "4", true}, {"vcpus", "8", false}, {"vcpus", "2", false}, {"memory", "16 GiB", true}, {"memory", "8 GiB", true}, {"memory", "4 GiB", false},
		{"cores", "2", false},
	} {
		why := ""
		if check := fields[c.field].Check; check != nil {
			why = check(c.value)
		}
		if (why == "") != c.ok {
			t.Errorf("%s %s: %q", c.field, c.value, why)
		}
	}
	vm.State = backend.PowerOff
	for _, f := range vmResources().Form(s) {
		if f.Check != nil && f.Check("99") != "" {
			t.Errorf("%s of a VM that is off: %q", f.Name, f.Check("99"))
		}
	}
}
