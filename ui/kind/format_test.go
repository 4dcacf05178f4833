package kind_test

import (
	"math"
	"testing"
	"time"

	"hvdeck/ui/kind"
)

func TestSizes(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0 B", 1: "1 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 10 * 1024: "10 KiB", 1 << 20: "1.0 MiB",
		1<<30 - 1: "1.0 GiB", 999 << 20: "999 MiB", 1 << 40: "1.0 TiB", 1 << 60: "1024 PiB",
	} {
		if got := kind.Bytes(n); got != want {
			t.Errorf("Bytes(%g) = %q, want %q", n, got, want)
		}
	}
	if kind.Bytes(math.NaN()) != "-" || kind.Short(math.NaN()) != "-" || kind.Rate(math.NaN()) != "-" || kind.Percent(math.NaN()) != "-" {
		t.Error("an unknown figure has a number")
	}
	for n := 1.0; n < 1e15; n *= 1.37 {
		if s := kind.Short(n); len(s) > 5 {
			t.Errorf("Short(%g) = %q is too wide", n, s)
		}
	}
}

func TestRates(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 0.4: "0", 999: "999B/s", 1000: "1.0kB/s", 1_250_000: "1.2MB/s", 12_500_000: "12MB/s"} {
		if got := kind.Rate(n); got != want {
			t.Errorf("Rate(%g) = %q, want %q", n, got, want)
		}
	}
}

func TestAges(t *testing.T) {
	day := 24 * time.Hour
	for d, want := range map[time.Duration][2]string{
		-time.Second: {"0s", "0s"}, 0: {"0s", "0s"}, 59 * time.Second: {"59s", "59s"}, time.Minute: {"1m", "1m"},
		90 * time.Minute: {"1h 30m", "1h"}, 26 * time.Hour: {"1d 2h", "26h"}, 48 * time.Hour: {"2d 0h", "2d"}, 400 * day: {"400d", "400d"},
	} {
		if got := [2]string{kind.Age(d), kind.AgeShort(d)}; got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	if kind.When(time.Time{}) != "" || kind.Count(-1) != "-" || kind.YesNo(true) != "yes" {
		t.Error("words")
	}
}

func TestAgeRough(t *testing.T) {
	for _, c := range []struct {
		age  time.Duration
		want string
	}{
		{-time.Second, "just now"}, {9 * time.Second, "just now"}, {10 * time.Second, "10s ago"}, {59 * time.Second, "50s ago"}, {61 * time.Second, "1m ago"},
	} {
		if got := kind.AgeRough(c.age); got != c.want {
			t.Errorf("%s: %q, want %q", c.age, got, c.want)
		}
	}
}
