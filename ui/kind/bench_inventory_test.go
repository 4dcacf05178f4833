package kind_test

import (
	"fmt"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
	"hvdeck/theme"
	"hvdeck/ui/kind"
)

// inventory is a large list of VMs on four hosts, and the kind that shows them.
func inventory(b *testing.B, n int) (*kind.Spec, []backend.Object) {
	b.Helper()
	th, err := theme.Load("dark", true, theme.Options{})
	if err != nil {
		b.Fatal(err)
	}
	vms := make([]backend.Object, n)
	for i := range vms {
		vms[i] = &backend.VM{Meta: backend.Meta{
			ID:   backend.Ref{Conn: "c", Kind: backend.KindVM, ID: fmt.Sprint(i)},
			Name: fmt.Sprintf("web-%05d", i*7919%n),
		}}
	}
	return kind.All(kind.NewEnv(store.New(time.Now), th)).Of(backend.KindVM), vms
}
