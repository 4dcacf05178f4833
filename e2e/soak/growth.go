package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hvdeck/ui/uitest"
	"hvdeck/vitals"
)

// sample is what the program held at a moment in which it and its servers were at rest.
type sample struct {
	at      time.Duration // since the soak began
	v       vitals.Vitals
	rows    int           // in the list of VMs
	cpu     time.Duration // used so far
	ready   time.Duration // that its threads were ready and did not run: the machine had other work
	steps   int
	changes [2]int         // made so far at libvirtd and at the vCenter
	answers uitest.Latency // since the sample before
}

// table prints the samples, at most one a minute but for the first minutes.
func table(samples []sample) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%6s %6s %9s %5s | %4s %6s %6s %6s %6s | %6s %6s %6s %5s %5s %4s %5s %5s\n",
		"at", "steps", "changes", "rows", "keys", "p50ms", "p95ms", "p99ms", "most", "live", "heap", "rss", "gorou", "files", "kids", "cpu%", "late%")
	var was sample
	for _, s := range samples {
		ms := func(p float64) float64 { return float64(s.answers.At(p).Microseconds()) / 1000 }
		mib := func(n uint64) float64 { return float64(n) / (1 << 20) }
		share := func(of, was time.Duration, in time.Duration) float64 {
			return 100 * float64(of-was) / float64(max(in, 1))
		}
		fmt.Fprintf(&b, "%6s %6d %4d/%4d %5d | %4d %6.1f %6.1f %6.1f %6.1f | %6.1f %6.1f %6.1f %5d %5d %4d %5.1f %5.1f\n",
			s.at.Round(time.Second), s.steps, s.changes[0], s.changes[1], s.rows, len(s.answers.Times), ms(50), ms(95), ms(99), ms(100),
			mib(s.v.Live), mib(s.v.Heap), mib(s.v.Resident), s.v.Goroutines, s.v.OpenFiles(), s.v.Children,
			share(s.cpu, was.cpu, s.at-was.at), share(s.ready, was.ready, s.at-was.at))
		was = s
	}
	return b.String()
}

// grown names what there is more of, by the medians, in the last quarter of the samples
// after warming up than in the first; "" is good. Counts may differ by two, which come
// and go; memory by an eighth and 3 MiB.
func grown(samples []sample, warm time.Duration) string {
	samples = warmed(samples, warm)
	if len(samples) < enough {
		return fmt.Sprintf("only %d samples after %v: too few to say anything", len(samples), warm)
	}
	quarter := max(len(samples)/4, 1)
	first, last := samples[:quarter], samples[len(samples)-quarter:]
	var out []string
	compare := func(name string, slack func(int) int, of func(vitals.Vitals) int) {
		was, now := median(first, of), median(last, of)
		if now > was+slack(was) {
			out = append(out, fmt.Sprintf("%s: %d, was %d", name, now, was))
		}
	}
	count := func(int) int { return 2 }
	kib := func(was int) int { return was/8 + 3<<10 }
	compare("live heap, KiB", kib, func(v vitals.Vitals) int { return int(v.Live >> 10) })
	compare("children", func(int) int { return 0 }, func(v vitals.Vitals) int { return v.Children })
	for _, name := range names(samples, func(v vitals.Vitals) map[string]int { return v.Standing }) {
		compare("goroutine "+name, count, func(v vitals.Vitals) int { return v.Standing[name] })
	}
	for _, name := range names(samples, func(v vitals.Vitals) map[string]int { return v.Files }) {
		compare("file "+name, count, func(v vitals.Vitals) int { return v.Files[name] })
	}
	compare("goroutines", func(int) int { return 4 }, func(v vitals.Vitals) int { return v.Goroutines })
	return strings.Join(out, "\n")
}

// enough samples make a comparison.
const enough = 3

func warmed(samples []sample, warm time.Duration) []sample {
	return slices.DeleteFunc(slices.Clone(samples), func(s sample) bool { return s.at < warm })
}

func names(samples []sample, of func(vitals.Vitals) map[string]int) []string {
	all := map[string]bool{}
	for _, s := range samples {
		for name := range of(s.v) {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func median(of []sample, figure func(vitals.Vitals) int) int {
	var all []int
	for _, s := range of {
		all = append(all, figure(s.v))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
