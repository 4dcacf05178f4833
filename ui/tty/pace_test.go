package tty

import (
	"testing"
	"time"
)

// line is a line of so many bytes a second and a time each way, on a clock of its own.
type line struct {
	rate  int
	delay time.Duration
	now   time.Time
	free  time.Time   // when the line has taken all
	says  []time.Time // when answers arrive
	mute  bool
}

func newLine(rate int, delay time.Duration) *line {
	start := time.Unix(0, 0)
	return &line{rate: rate, delay: delay, now: start, free: start}
}

// write puts a frame on the line and gives how long it waits and travels.
func (l *line) write(p *pace, n int) time.Duration {
	asked := p.write(n, l.now)
	if asked {
		n += len(ask)
	}
	if l.free.Before(l.now) {
		l.free = l.now
	}
	l.free = l.free.Add(time.Duration(n) * time.Second / time.Duration(l.rate))
	if asked && !l.mute {
		l.says = append(l.says, l.free.Add(2*l.delay))
	}
	return l.free.Add(l.delay).Sub(l.now)
}

// pass lets time go by.
func (l *line) pass(p *pace, d time.Duration) {
	end := l.now.Add(d)
	for len(l.says) > 0 && !l.says[0].After(end) {
		p.answer(l.says[0])
		l.says = l.says[1:]
	}
	l.now = end
}

// held presses a key every so often; each frame that may be written is of n bytes. It
// gives the lag of each key, the frames and the questions.
func held(p *pace, l *line, keys int, every time.Duration, n int) (lags []time.Duration, frames, asked int) {
	const step = 8 * time.Millisecond
	var waiting []time.Time
	for at := l.now; len(lags) < keys; {
		for seen := len(lags) + len(waiting); seen < keys && !at.Add(time.Duration(seen)*every).After(l.now); seen++ {
			waiting = append(waiting, l.now)
		}
		if len(waiting) > 0 && !p.behind(l.now) {
			open := len(p.open)
			arrives := l.write(p, n)
			asked += len(p.open) - open
			frames++
			for _, key := range waiting {
				lags = append(lags, l.now.Sub(key)+arrives)
			}
			waiting = nil
		}
		l.pass(p, step)
		if frames > 100*keys {
			break
		}
	}
	return lags, frames, asked
}

func longest(lags []time.Duration) (most time.Duration) {
	for _, l := range lags {
		most = max(most, l)
	}
	return most
}

// Frames that are more than the line takes: no key waits for long and none for longer
// than those before it.
func TestPaceOnASlowLine(t *testing.T) {
	for _, c := range []struct {
		rate  int
		every time.Duration
		frame int
		most  time.Duration
	}{
		{8000, 50 * time.Millisecond, 614, 900 * time.Millisecond},
		{8000, 5 * time.Millisecond, 614, 900 * time.Millisecond},
		{8000, 50 * time.Millisecond, 3000, 1500 * time.Millisecond},
		{1200, 50 * time.Millisecond, 98, 900 * time.Millisecond},
	} {
		l, p := newLine(c.rate, 100*time.Millisecond), &pace{}
		l.write(p, 40)
		l.write(p, 1000)
		l.pass(p, 3*time.Second)
		lags, frames, _ := held(p, l, 600, c.every, c.frame)
		if most := longest(lags[100:]); most > c.most {
			t.Errorf("%+v: a key waits %v", c, most)
		}
		if early, late := longest(lags[100:200]), longest(lags[500:]); late > early*5/4 {
			t.Errorf("%+v: keys wait %v, later %v", c, early, late)
		}
		span := l.free.Sub(time.Unix(3, 0)).Seconds()
		if used := float64(frames*c.frame) / span / float64(c.rate); used < 0.6 {
			t.Errorf("%+v: %.0f %% of the line are used", c, used*100)
		}
	}
}

// Frames that the line can carry are all written at once.
func TestPaceHoldsBackNothingThatFits(t *testing.T) {
	for _, c := range []struct {
		rate  int
		delay time.Duration
		every time.Duration
		frame int
	}{{8000, 100 * time.Millisecond, 50 * time.Millisecond, 98}, {1 << 20, 75 * time.Millisecond, 33 * time.Millisecond, 600}, {100 << 20, 0, 8 * time.Millisecond, 600}} {
		l, p := newLine(c.rate, c.delay), &pace{}
		l.write(p, 40)
		l.pass(p, 2*time.Second)
		lags, frames, _ := held(p, l, 300, c.every, c.frame)
		if frames != 300 || longest(lags) > c.delay+100*time.Millisecond {
			t.Errorf("%+v: %d frames for 300 keys, of which one waits %v", c, frames, longest(lags))
		}
	}
}

// On a quick line hardly anything is asked.
func TestPaceOnAQuickLine(t *testing.T) {
	l, p := newLine(100<<20, 0), &pace{}
	l.write(p, 8000)
	l.pass(p, time.Second)
	if _, frames, asked := held(p, l, 1000, 8*time.Millisecond, 100); frames < 1000 || asked*len(ask) > frames {
		t.Errorf("%d questions in %d frames", asked, frames)
	}
}

// A terminal that answers nothing is asked twice and never waited for.
func TestPaceOfAMuteTerminal(t *testing.T) {
	l, p := newLine(8000, 100*time.Millisecond), &pace{}
	l.mute = true
	asked := 0
	for range 100 {
		before := len(p.open)
		l.write(p, 3000)
		asked += len(p.open) - before
		if p.behind(l.now) {
			t.Fatal("it is waited for")
		}
		l.pass(p, 100*time.Millisecond)
	}
	if asked != firstAsks {
		t.Errorf("it was asked %d times", asked)
	}
}

// A line that stands still gets nothing more, an answer that is lost is not waited for
// without end, and one that comes again begins anew.
func TestPaceOfAnAnswerThatIsLost(t *testing.T) {
	l, p := newLine(8000, 100*time.Millisecond), &pace{}
	l.write(p, 40)
	l.pass(p, time.Second)
	l.mute = true
	l.write(p, 100)
	l.pass(p, time.Second)
	if !p.behind(l.now) {
		t.Error("a line that stands still is written to")
	}
	l.pass(p, lostAfter)
	if p.behind(l.now) {
		t.Error("an answer is waited for without end")
	}
	l.mute = false
	for range 3 {
		l.write(p, 3000)
		l.pass(p, 100*time.Millisecond)
	}
	l.pass(p, 300*time.Millisecond)
	if !p.known || !p.behind(l.now) {
		t.Error("a terminal that answers again is not waited for")
	}
}

// A line that becomes another is found out.
func TestPaceOfALineThatChanges(t *testing.T) {
	l, p := newLine(10<<20, time.Millisecond), &pace{}
	l.write(p, 40)
	l.pass(p, time.Second)
	held(p, l, 300, 20*time.Millisecond, 600)
	l.rate, l.delay = 8000, 150*time.Millisecond
	held(p, l, 100, 50*time.Millisecond, 600)
	if lags, _, _ := held(p, l, 200, 50*time.Millisecond, 600); longest(lags) > time.Second {
		t.Errorf("after it became slow a key waits %v", longest(lags))
	}
	l.pass(p, 5*time.Second)
	l.rate, l.delay = 10<<20, time.Millisecond
	held(p, l, 100, 50*time.Millisecond, 600)
	if lags, frames, _ := held(p, l, 200, 20*time.Millisecond, 600); frames < 200 || longest(lags) > 20*time.Millisecond {
		t.Errorf("after it became quick %d frames for 200 keys, of which one waits %v", frames, longest(lags))
	}
}
