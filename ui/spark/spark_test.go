package spark

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
)

var nan = math.NaN()

func testTheme(t testing.TB, ascii bool) *theme.Theme {
	t.Helper()
	th, err := theme.Load("dark", true, theme.Options{ASCII: ascii})
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func TestSparkline(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		w      int
		top    float64
		ascii  bool
		want   string
	}{
		{"rising", []float64{0, 1, 2, 3, 4, 5, 6, 7}, 8, 7, false, "▁▂▃▄▅▆▇█"},
		{"ascii", []float64{0, 1, 2, 3, 4, 5, 6, 7}, 8, 7, true, "_.:-=+*#"},
		{"the newest at the right", []float64{7, 7, 0, 7}, 2, 7, false, "▁█"},
		{"few values", []float64{7}, 3, 7, false, "  █"},
		{"a gap is not zero", []float64{0, nan, 7}, 3, 7, false, "▁·█"},
		{"own scale", []float64{1, 2}, 2, 0, false, "▅█"},
		{"all zero", []float64{0, 0}, 2, 0, false, "▁▁"},
		{"above the top", []float64{99, math.Inf(1), -3}, 3, 7, false, "██▁"},
		{"no width", []float64{1}, 0, 7, false, ""},
		{"nothing", nil, 2, 0, false, "  "},
	} {
		g := testTheme(t, c.ascii).Glyphs
		if got := Sparkline(&g, c.values, c.w, c.top); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		f     float64
		w     int
		ascii bool
		want  string
	}{
		{0, 4, false, "▁▁▁▁"}, {1, 4, false, "▇▇▇▇"}, {0.5, 4, false, "▇▇▁▁"}, {0.4375, 4, false, "▇▆▁▁"},
		{9, 2, false, "▇▇"}, {-1, 2, false, "▁▁"}, {nan, 2, false, "▁▁"}, {0.5, 0, false, ""},
		{0.5, 4, true, "##.."},
	} {
		g := testTheme(t, c.ascii).Glyphs
		if got := Bar(&g, c.f, c.w); got != c.want {
			t.Errorf("Bar(%v, %d) = %q, want %q", c.f, c.w, got, c.want)
		}
	}
}

func TestPlot(t *testing.T) {
	percent := func(v float64) string { return fmt.Sprintf("%.0f%%", v) }
	got := Plot(testTheme(t, false), []float64{0, 25, 50, nan, 100}, 10, 2, PlotOpts{Top: 100, Label: percent})
	for i := range got {
		got[i] = ansi.Strip(got[i])
	}
	if want := "100%┤    █|  0%┤▁▄█·█"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}
}

func FuzzPlot(f *testing.F) {
	f.Add(10, 3, 0.5, 1.0)
	f.Add(0, 0, math.Inf(1), nan)
	f.Add(2, 1, -1.0, math.MaxFloat64)
	f.Fuzz(func(t *testing.T, w, h int, a, top float64) {
		w, h = w&0xff, h&0x1f
		th := testTheme(t, w%2 == 0)
		values := []float64{a, nan, -a, a * 2, top}
		lines := Plot(th, values, w, h, PlotOpts{Top: top, Label: func(v float64) string { return fmt.Sprint(v) }})
		if len(lines) != h {
			t.Fatalf("%d lines of %d", len(lines), h)
		}
		for _, l := range lines {
			if ansi.StringWidth(l) != w {
				t.Fatalf("%d cells of %d: %q", ansi.StringWidth(l), w, l)
			}
		}
		if s := Sparkline(&th.Glyphs, values, w, top); ansi.StringWidth(s) != w {
			t.Fatalf("sparkline %q is not %d cells", s, w)
		}
		if s := Bar(&th.Glyphs, a, w); ansi.StringWidth(s) != w {
			t.Fatalf("bar %q is not %d cells", s, w)
		}
	})
}
