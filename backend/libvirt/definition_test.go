package libvirt

import (
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// Where only reading is allowed a definition comes without its passwords: the daemon
// refuses to give them there.
func TestDefinitionForReaders(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineMany(1)
	vm := list[*backend.VM](t, dial(t, l.URI("qemu"), false), backend.Query{Kind: backend.KindVM})[0].Ref()
	for _, readOnly := range []bool{false, true} {
		text, err := dial(t, l.URI("qemu"), readOnly).(*client).Definition(t.Context(), vm)
		if err != nil || !strings.HasPrefix(text, "<domain") {
			t.Errorf("read-only %v: %q %v", readOnly, text, err)
		}
	}
}
