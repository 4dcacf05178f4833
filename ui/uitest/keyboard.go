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
// cursor of the pane in focus to a row of another name, as "j" and "k" do where rows stay
// as they are. Meanwhile the screen may be looked at, but nothing else may be pressed.
func (s *Screen) Measure(gap time.Duration, there, back string) *Keyboard {
	n := 0
	return s.measure(gap, func(lines []string) (string, func([]string) bool) {
		was := cursorName(lines)
		if was == "" {
			return "", nil
		}
		key := there
		if n++; n%2 == 0 {
			key = back
		}
		return key, func(lines []string) bool { now := cursorName(lines); return now != "" && now != was }
	}, func([]string) bool { return n%2 == 0 })
}

// MeasureEnds does so with "G" and "g", whatever rows come and go meanwhile: the cursor has
// to come to the other end of the list, which has two rows or more, or to a row of another
// name: what was the other end need not be one when it is drawn.
func (s *Screen) MeasureEnds(gap time.Duration) *Keyboard {
	atFirst := func(lines []string) bool { first, _ := cursorEnds(lines); return first }
	atLast := func(lines []string) bool { _, last := cursorEnds(lines); return last }
	return s.measure(gap, func(lines []string) (string, func([]string) bool) {
		was := cursorName(lines)
		or := func(there func([]string) bool) func([]string) bool {
			return func(lines []string) bool {
				now := cursorName(lines)
				return there(lines) || now != "" && now != was
			}
		}
		first, last := cursorEnds(lines)
		switch {
		case was == "" || first && last:
			return "", nil
		case first:
			return "G", or(atLast)
		default:
			return "g", or(atFirst)
		}
	}, atFirst)
}

// measure presses what next gives for the screen until what that says holds; "" waits. In
// the end it goes on until home holds.
func (s *Screen) measure(gap time.Duration, next func([]string) (string, func([]string) bool), home func([]string) bool) *Keyboard {
	k := &Keyboard{s: s, stop: make(chan struct{})}
	k.done.Go(func() {
		for {
			select {
			case <-k.stop:
				if s.until(0, func() bool { return !home(s.lines()) }) {
					k.press(next) // leaves the cursor where it was
				}
				return
			case <-time.After(gap):
			}
			k.press(next)
		}
	})
	return k
}

func (k *Keyboard) press(next func([]string) (string, func([]string) bool)) {
	// Between frames only: half of one may have the cursor anywhere, or twice.
	key, answered := "", func([]string) bool { return true }
	if !k.s.until(keyPatience, func() bool { key, answered = next(k.s.lines()); return key != "" }) {
		return // no row to go to: the program has ended, or the list is empty
	}
	before := k.s.dumped()
	ready := WaitsOf(k.s.Pid())
	began := time.Now()
	k.s.Press(key)
	ok := k.s.until(keyPatience, func() bool { return answered(k.s.lines()) })
	took := time.Since(began)
	wait := Waited(ready, WaitsOf(k.s.Pid()))
	k.mu.Lock()
	defer k.mu.Unlock()
	if !ok {
		k.l.Missed++
		k.l.Lost = append(k.l.Lost, fmt.Sprintf("%q, before:\n%s\nafter:\n%s", key, before, k.s.dumped()))
		return
	}
	k.l.Times = append(k.l.Times, took)
	k.l.Own = append(k.l.Own, Own(took, wait))
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

// cursorEnds says whether the cursor is on the first and on the last row in sight of its
// list: no row is above it, or below it.
func cursorEnds(lines []string) (first, last bool) {
	at := cursorIn(lines)
	if at < 0 {
		return false, false
	}
	x := slices.IndexFunc([]rune(lines[at]), func(r rune) bool { return r == '❯' || r == '◈' })
	row := func(y int) bool {
		if y < 0 || y >= len(lines) {
			return false
		}
		line := []rune(lines[y])
		if x+1 >= len(line) {
			return false
		}
		sign := line[x+1] // of the state; a heading, a border and an empty line have none
		return line[x] < 0x2500 && sign != ' ' && (sign < 0x2500 || sign > 0x257f)
	}
	return !row(at - 1), !row(at + 1)
}
