package tree

import (
	"fmt"
	"testing"

	"hvdeck/theme"
	"hvdeck/ui/table"
)

// inventory is a tree as a large site has it: n nodes, a hundred under each folder.
func inventory(n int) []snap {
	rows := make([]snap, n)
	for i := range rows {
		rows[i] = snap{id: fmt.Sprint(i), name: fmt.Sprintf("vm-%05d", i), age: "3d"}
		if i%101 != 0 {
			rows[i].parent = fmt.Sprint(i - i%101)
		}
	}
	return rows
}

// BenchmarkSize is a large tree: linking its rows, taking them, drawing what is in sight.
func BenchmarkSize(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		rows := inventory(n)
		b.Run(fmt.Sprintf("grow/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Grow(spec(), rows)
			}
		})
		b.Run(fmt.Sprintf("take/%d", n), func(b *testing.B) {
			m, f := New(spec()), Grow(spec(), rows)
			b.ReportAllocs()
			for b.Loop() {
				m.SetForest(f)
			}
		})
		b.Run(fmt.Sprintf("draw/%d", n), func(b *testing.B) {
			m := New(spec())
			m.SetRows(rows)
			m.SetCursor(n / 2)
			th := testTheme(b, theme.Options{})
			b.ReportAllocs()
			for b.Loop() {
				m.Draw(120, 40, th, true, table.Opts{Header: true})
			}
		})
	}
}
