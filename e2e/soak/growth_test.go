package soak

import (
	"strings"
	"testing"
	"time"

	"hvdeck/vitals"
)

// hour is a sample a minute; of says what there is of what grows.
func hour(of func(minute int) vitals.Vitals) []sample {
	var out []sample
	for i := range 60 {
		out = append(out, sample{at: time.Duration(i) * time.Minute, v: of(i)})
	}
	return out
}

func TestWhatGrowsIsSeen(t *testing.T) {
	for want, of := range map[string]func(i int) vitals.Vitals{
		"goroutine leak": func(i int) vitals.Vitals { return vitals.Vitals{Standing: map[string]int{"leak": i / 6}} },
		"file socket":    func(i int) vitals.Vitals { return vitals.Vitals{Files: map[string]int{"socket": 4 + i/8}} },
		"children":       func(i int) vitals.Vitals { return vitals.Vitals{Children: i / 30} },
		"live heap":      func(i int) vitals.Vitals { return vitals.Vitals{Live: uint64(20+i/4) << 20} },
	} {
		if got := grown(hour(of), 10*time.Minute); !strings.Contains(got, want) {
			t.Errorf("%q was not seen: %q", want, got)
		}
	}
}

func TestWhatComesAndGoesIsNoGrowth(t *testing.T) {
	got := grown(hour(func(i int) vitals.Vitals {
		warm := min(i, 8) // fills its place at first
		return vitals.Vitals{
			Live: uint64(20+4*warm+i%3) << 20, Goroutines: 40 + warm + i%4,
			Standing: map[string]int{"session": 6 + i%2}, Files: map[string]int{"socket": 4 + i%3},
		}
	}), 10*time.Minute)
	if got != "" {
		t.Error(got)
	}
	if grown(nil, 0) == "" {
		t.Error("nothing was measured, and that is taken for flat")
	}
}
