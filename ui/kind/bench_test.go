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

func BenchmarkFilter10k(b *testing.B) {
	s, vms := inventory(b, 10000)
	f := kind.ParseFilter("web 99 !host:kvm01")
	b.ReportAllocs()
	for b.Loop() {
		if got := kind.Select(s, vms, f, nil, false); len(got) == 0 {
			b.Fatal("nothing passes")
		}
	}
}

func BenchmarkSortByName10k(b *testing.B) {
	s, vms := inventory(b, 10000)
	var key func(backend.Object) kind.Key
	for _, c := range s.Columns {
		if c.Key == "name" {
			key = c.SortKey
		}
	}
	list := make([]backend.Object, len(vms))
	b.ReportAllocs()
	for b.Loop() {
		copy(list, vms)
		kind.Select(s, list, kind.Filter{}, key, false)
	}
}
