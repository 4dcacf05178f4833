package plot

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
)

func look(t testing.TB, o theme.Options) *theme.Theme {
	t.Helper()
	th, err := theme.Load("dark", true, o)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func percent(v float64) string { return fmt.Sprintf("%.0f%%", v) }

func drawn(t testing.TB, p Plot, w, h int, o theme.Options) []string {
	t.Helper()
	lines := p.Draw(look(t, o), w, h)
	if len(lines) != h {
		t.Fatalf("%d lines, want %d", len(lines), h)
	}
	for i, l := range lines {
		if got := ansi.StringWidth(l); got != w {
			t.Fatalf("line %d has %d cells, want %d: %q", i, got, w, ansi.Strip(l))
		}
		lines[i] = strings.TrimRight(ansi.Strip(l), " ")
	}
	return lines
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func ramp() Plot {
	nan := math.NaN()
	return Plot{
		Name: "CPU", Values: []float64{0, 25, 50, 75, 100, nan, nan, 0, 0, 50}, Format: percent, Most: 100, Mark: -1,
		Begin: time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC), Step: time.Minute, Zone: time.UTC,
	}
}

func TestDraw(t *testing.T) {
	same(t, drawn(t, ramp(), 45, 5, theme.Options{ASCII: true}),
		" CPU  min 0%  mean 38%  max 100%",
		"100%+            ____|'''",
		"    +        |---'                       |---",
		"  0%+____|'''                    ________|",
		"     |03:00              |03:05")
	got := drawn(t, ramp(), 25, 4, theme.Options{})
	same(t, got[:1], " CPU  min 0%  mean 38%  …")
	if !strings.ContainsAny(strings.Join(got[1:3], ""), "⠉⣀⡠⠤⠒") {
		t.Errorf("no line in\n%s", strings.Join(got, "\n"))
	}
}

// A gap stays a gap, zero is drawn, and nothing but gaps says so.
func TestGaps(t *testing.T) {
	p := ramp()
	p.Values = []float64{math.NaN(), 0, math.Inf(1), 0}
	got := drawn(t, p, 13, 4, theme.Options{ASCII: true})
	same(t, got[2:3], "0%+   __   __")
	p.Values = []float64{math.NaN()}
	if got := drawn(t, p, 30, 4, theme.Options{}); got[0] != " CPU  no figures" {
		t.Errorf("%q", got)
	}
	p.Values = nil
	drawn(t, p, 30, 4, theme.Options{})
}

// A peak between many values is seen, however narrow the plot is.
func TestPeaksAreSeen(t *testing.T) {
	p := ramp()
	p.Values = make([]float64, 5000)
	p.Values[2345] = 100
	got := drawn(t, p, 40, 5, theme.Options{})
	if strings.TrimSpace(strings.TrimPrefix(got[1], "100%┤")) == "" {
		t.Errorf("the peak is not at the top:\n%s", strings.Join(got, "\n"))
	}
}

func TestMark(t *testing.T) {
	p := ramp()
	p.Mark = 4
	got := drawn(t, p, 45, 5, theme.Options{ASCII: true})
	if !strings.HasPrefix(got[0], " CPU  100%  min") || !strings.Contains(got[3], "|") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	p.Mark = 5
	if got := drawn(t, p, 45, 5, theme.Options{}); !strings.Contains(got[0], "no figure") {
		t.Errorf("%s", got[0])
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		greatest float64
		binary   bool
		most     float64
		want     float64
	}{
		{0, false, 0, 1}, {0.4, false, 0, 0.5}, {3, false, 100, 5}, {99, false, 100, 100}, {101, false, 100, 200},
		{120, false, 0, 200}, {2300, false, 0, 2500}, {1 << 20, true, 0, 1 << 20}, {3 << 20, true, 0, 5 << 20}, {900 << 20, true, 0, 1 << 30},
	} {
		if got := (Plot{Values: []float64{0, c.greatest}, Binary: c.binary, Most: c.most}).top(); got != c.want {
			t.Errorf("%v: top %v, want %v", c.greatest, got, c.want)
		}
	}
}

// Times are those of the wall, also on the day that has 25 hours.
func TestTimes(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("time zones not found: " + err.Error())
	}
	p := Plot{Name: "x", Format: percent, Zone: zone, Mark: -1, Step: 2 * time.Hour, Values: make([]float64, 12*7)}
	p.Begin = time.Date(2026, 10, 22, 13, 0, 0, 0, zone)
	got := drawn(t, p, 80, 4, theme.Options{})[3]
	same(t, []string{strings.Join(strings.Fields(strings.ReplaceAll(got, "│", " ")), " ")}, "10-23 10-24 10-25 10-26 10-27 10-28 10-29")
	p.Step, p.Values = 20*time.Second, make([]float64, 180)
	got = drawn(t, p, 60, 4, theme.Options{})[3]
	same(t, []string{strings.Join(strings.Fields(strings.ReplaceAll(got, "│", " ")), " ")}, "13:00 13:15 13:30 13:45")
}

func FuzzDraw(f *testing.F) {
	f.Add(10, 3, 4, int64(60), 1.5, true)
	f.Add(0, 0, 0, int64(0), 0.0, false)
	f.Fuzz(func(t *testing.T, n, w, h int, step int64, v float64, ascii bool) {
		n, w, h = abs(n)%500, abs(w)%200, abs(h)%40
		p := Plot{Name: "CPU", Format: percent, Mark: n / 2, Values: make([]float64, n), Step: time.Duration(abs(int(step))%86400) * time.Second}
		p.Begin = time.Unix(1_700_000_000, 0)
		for i := range p.Values {
			p.Values[i] = v * float64(i%7)
		}
		drawn(t, p, w, h, theme.Options{ASCII: ascii})
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
