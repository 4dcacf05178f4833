package kind_test

import (
	"fmt"
	"testing"

	"hvdeck/backend"
	"hvdeck/ui/kind"
)

// BenchmarkFilter is what is typed after "/" against every VM: a word, and words with
// fields and inversions.
func BenchmarkFilter(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		for name, text := range map[string]string{"word": "web-00099", "fields": "name:web 99 !host:kvm01 state:off"} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				s, vms := inventory(b, n)
				f := kind.ParseFilter(text)
				b.ReportAllocs()
				for b.Loop() {
					kind.Select(s, vms, f, nil, false)
				}
			})
		}
	}
}

// BenchmarkSort orders every VM by a column, from the order of another.
func BenchmarkSort(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		for _, column := range []string{"name", "state", "mem"} {
			b.Run(fmt.Sprintf("%s/%d", column, n), func(b *testing.B) {
				s, vms := inventory(b, n)
				key := sortKey(b, s, column)
				list := make([]backend.Object, len(vms))
				b.ReportAllocs()
				for b.Loop() {
					copy(list, vms)
					kind.Select(s, list, kind.Filter{}, key, false)
				}
			})
		}
	}
}

func sortKey(b *testing.B, s *kind.Spec, column string) func(backend.Object) kind.Key {
	b.Helper()
	for _, c := range s.Columns {
		if c.Key == column && c.SortKey != nil {
			return c.SortKey
		}
	}
	b.Fatalf("VMs can't be sorted by %s", column)
	return nil
}
