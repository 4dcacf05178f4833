package uitest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// keyPatience is how long a key may take before it counts as missed.
const keyPatience = 5 * time.Second

// Latency is how long keys took from being sent to the cursor standing on another row.
type Latency struct {
	Times []time.Duration
	// Own are the same times without those in which the machine let the program and the
	// terminal wait for a core, of which at most four fifths of a key's time are taken off.
	Own    []time.Duration
	Missed int      // keys that moved nothing in 5 s
	Lost   []string // the screen before and after each of them
}

// At is the nearest-rank percentile of the times, 0 to 100; 0 of nothing.
func (l Latency) At(p float64) time.Duration { return percentile(l.Times, p) }

// OwnAt is At of the program's own times.
func (l Latency) OwnAt(p float64) time.Duration { return percentile(l.Own, p) }

func percentile(times []time.Duration, p float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(int(p/100*float64(len(sorted))), len(sorted)-1)]
}

// String gives the number of keys and the percentiles.
func (l Latency) String() string {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
	text := fmt.Sprintf("%d keys: p50 %s, p95 %s, p99 %s, most %s ms", len(l.Times), ms(l.At(50)), ms(l.At(95)), ms(l.At(99)), ms(l.At(100)))
	if len(l.Own) > 0 {
		text += fmt.Sprintf(" (its own p99 %s, most %s)", ms(l.OwnAt(99)), ms(l.OwnAt(100)))
	}
	return text + fmt.Sprintf(", %d missed", l.Missed)
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
// cursor of the pane in focus to a row of another name. "G" and "g" do in any list whose
// first and last row have other names, whatever comes and goes meanwhile; "j" and "k" do
// where rows stay as they are. Meanwhile the screen may be looked at, but nothing else may
// be pressed.
func (s *Screen) Measure(gap time.Duration, there, back string) *Keyboard {
	k := &Keyboard{s: s, stop: make(chan struct{})}
	k.done.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-k.stop:
				if i%2 == 1 {
					k.press(back) // leaves the cursor where it was
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
	was := ""
	k.s.until(keyPatience, func() bool { was = cursorName(k.s.lines()); return was != "" })
	before := k.s.dumped()
	ready := waitsOf(k.s.Pid())
	began := time.Now()
	k.s.Press(key)
	ok := k.s.until(keyPatience, func() bool { now := cursorName(k.s.lines()); return now != "" && now != was })
	took := time.Since(began)
	wait := waited(ready, waitsOf(k.s.Pid()))
	k.mu.Lock()
	defer k.mu.Unlock()
	if !ok {
		k.l.Missed++
		k.l.Lost = append(k.l.Lost, fmt.Sprintf("%q, before:\n%s\nafter:\n%s", key, before, k.s.dumped()))
		return
	}
	k.l.Times = append(k.l.Times, took)
	k.l.Own = append(k.l.Own, own(took, wait))
}

// Stop ends the pressing and says how it went.
func (k *Keyboard) Stop() Latency {
	close(k.stop)
	k.done.Wait()
	return k.l
}

// Pressed is how many keys were pressed since the beginning or the last lap.
func (k *Keyboard) Pressed() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.l.Times) + k.l.Missed
}

// Lap says how it went so far, and counts anew.
func (k *Keyboard) Lap() Latency {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.l
	k.l = Latency{}
	return l
}

func (s *Screen) dumped() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dump()
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

// cursorName is the first word in the cursor's row, which tells rows apart wherever they
// are: rows that come above it, and figures that change, are no move. "" is no cursor.
func cursorName(lines []string) string {
	at := cursorIn(lines)
	if at < 0 {
		return ""
	}
	_, row, ok := strings.Cut(lines[at], "❯")
	if !ok {
		_, row, _ = strings.Cut(lines[at], "◈")
	}
	row = strings.TrimLeftFunc(row, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	name, _, _ := strings.Cut(row, " ")
	return name
}
