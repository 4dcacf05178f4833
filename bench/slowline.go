package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hvdeck/ui/uitest/slowline"
)

// slowFigures are of a program on the slow line, in ms.
type slowFigures struct {
	paint, move, lag float64
}

// slowline measures the console on a line of 64 kbit/s with 100 ms each way, and once
// the bare program.
func (s *session) slowline() error {
	if err := s.slowBare(); err != nil {
		return err
	}
	bare := s.bench.bare[s.at.size].slow
	t, err := start(s.dir, s.at.size, slowline.SSH(), s.program, s.server.uri)
	if err != nil {
		return err
	}
	defer t.stop()
	// The whole first frame: the bottom of the lowest pane is drawn.
	paint, err := t.shown(`(?s)^ hvdeck.*╯\s*\n[^\n]*\n[^\n]*$`)
	if err != nil {
		return err
	}
	s.add(s.at, slowPaint, paint, "ms").beside("bare", bare.paint)
	row, err := t.shown(s.server.first)
	if err != nil {
		return err
	}
	s.add(s.at, slowRow, row, "ms")
	if _, err := t.until(total(s.server.vms), 2*time.Minute); err != nil {
		return err
	}
	t.still(2*time.Second, 20*time.Second)
	if s.names, err = nameColumn(t); err != nil {
		return err
	}
	t.watch(s.names)
	move := slowMoves(t)
	s.add(s.at, slowMove, move, "ms").beside("bare", bare.move)
	return s.slowHeld(t, bare)
}

// slowMoves is the median of the time from a key to the screen.
func slowMoves(t *terminal) float64 {
	var l latency
	for i := range 12 {
		t.still(700*time.Millisecond, 5*time.Second)
		l.press(t, i)
	}
	return l.times.median()
}

// slowHeld holds a key at 20 a second: 100 presses for what arrives and the lag, 300
// for its growth.
func (s *session) slowHeld(t *terminal, bare *slowFigures) error {
	for _, n := range []int{100, 300} {
		t.press("g")
		if _, err := t.until("❯. "+s.server.name(0), 20*time.Second); err != nil {
			return err
		}
		t.still(1500*time.Millisecond, 20*time.Second)
		h := s.holdDown(t, n, 20, 30*time.Second)
		if n == 100 {
			s.add(s.at, slowLost, float64(n-h.reached), "of "+strconv.Itoa(n))
			s.add(s.at, slowLag, h.lag(n-1), "ms").beside("bare", bare.lag)
			continue
		}
		if h.reached < n {
			return fmt.Errorf("only %d of %d keys arrived", h.reached, n)
		}
		s.add(s.at, slowGrowth, h.lags(250, 300).median()/h.lags(50, 100).median(), "times")
	}
	return nil
}

// lags are those of the presses from one up to another.
func (h hold) lags(from, to int) (d dist) {
	for i := from; i < to; i++ {
		d = append(d, h.lag(i))
	}
	return d
}

// shown is when an expression was on the screen, after the start.
func (t *terminal) shown(expr string) (float64, error) {
	at, err := t.until(expr, time.Minute)
	return ms(at.Sub(t.began)), err
}

// slowBare takes the bare program's figures once for a size.
func (s *session) slowBare() error {
	f := s.bench.bare[s.at.size]
	if f.slow != nil {
		return nil
	}
	t, err := s.startBare(s.at.size, consoleFPS, slowline.SSH())
	if err != nil {
		return err
	}
	defer t.stop()
	f.slow = &slowFigures{}
	f.slow.move = slowMoves(t)
	t.press("g")
	t.still(1500*time.Millisecond, 10*time.Second)
	f.slow.lag, err = slowBareHeld(t)
	if err != nil {
		return err
	}
	again, err := start(s.dir, s.at.size, slowline.SSH(), s.bareArgs(consoleFPS)...)
	if err != nil {
		return err
	}
	defer again.stop()
	f.slow.paint, err = again.shown(fmt.Sprintf("web-000%02d", s.at.size.rows-10))
	return err
}

// slowBareHeld holds j 100 times: the bare table marks its row by colour alone, so the
// last change tells that it has arrived.
func slowBareHeld(t *terminal) (float64, error) {
	began := time.Now()
	var last time.Time
	for i := range 100 {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / 20)))
		last = t.press("j")
	}
	t.still(1500*time.Millisecond, 20*time.Second)
	if !strings.Contains(strings.Join(t.lines(), "\n"), "web-00100") {
		return 0, errors.New("the bare program has not come to its 101st row")
	}
	return max(0, ms(t.state().changed.Sub(last))), nil
}
