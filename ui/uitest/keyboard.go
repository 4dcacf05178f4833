package uitest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// keyPatience is how long a key may take before it counts as missed.
const keyPatience = 5 * time.Second

// Latency is how long keys took from being sent to the cursor standing elsewhere.
type Latency struct {
	Times  []time.Duration
	Missed int // keys that moved nothing in 5 s
}

// At is the nearest-rank percentile, 0 to 100; 0 of nothing.
func (l Latency) At(p float64) time.Duration {
	if len(l.Times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(l.Times))
	return sorted[min(int(p/100*float64(len(sorted))), len(sorted)-1)]
}

// String gives the number of keys and the percentiles.
func (l Latency) String() string {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
	return fmt.Sprintf("%d keys: p50 %s, p95 %s, p99 %s, most %s ms, %d missed", len(l.Times), ms(l.At(50)), ms(l.At(95)), ms(l.At(99)), ms(l.At(100)), l.Missed)
}

// Keyboard presses keys at a steady pace while other things happen to the program.
type Keyboard struct {
	s    *Screen
	stop chan struct{}
	done sync.WaitGroup
	mu   sync.Mutex
	l    Latency
}

// Measure presses the two keys in turn, gap apart, until Stop: each has to move the
// cursor of the pane in focus, as "j" and "k" do in a list of two or more. Meanwhile the
// screen may be looked at, but nothing else may be pressed.
func (s *Screen) Measure(gap time.Duration, there, back string) *Keyboard {
	k := &Keyboard{s: s, stop: make(chan struct{})}
	k.done.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-k.stop:
				if i%2 == 1 {
					s.Press(back) // leaves the cursor where it was
				}
				return
			case <-time.After(gap):
			}
			key := there
			if i%2 == 1 {
				key = back
			}
			k.press(key)
		}
	})
	return k
}

func (k *Keyboard) press(key string) {
	// Between frames only: half of one may have the cursor anywhere, or twice.
	was := -1
	k.s.until(keyPatience, func() bool { was = cursorIn(k.s.lines()); return was >= 0 })
	began := time.Now()
	k.s.Press(key)
	ok := k.s.until(keyPatience, func() bool { now := cursorIn(k.s.lines()); return now >= 0 && now != was })
	took := time.Since(began)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !ok {
		k.l.Missed++
		return
	}
	k.l.Times = append(k.l.Times, took)
}

// Stop ends the pressing and says how it went.
func (k *Keyboard) Stop() Latency {
	close(k.stop)
	k.done.Wait()
	return k.l
}

// Lap says how it went so far, and counts anew.
func (k *Keyboard) Lap() Latency {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.l
	k.l = Latency{}
	return l
}

func (s *Screen) cursorLine() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cursorIn(s.lines())
}

// cursorIn is the first row with the sign of a cursor in focus; -1 when there is none.
func cursorIn(lines []string) int {
	return slices.IndexFunc(lines, func(l string) bool { return strings.ContainsAny(l, "❯◈") })
}
