package main

import (
	"strconv"
	"time"
)

// hold is a held key: when each press was sent, and when its state was on the screen.
type hold struct {
	sent, seen []time.Time
	reached    int // how many of the presses moved the cursor
}

// lag is from the i-th press to its state on the screen, in ms.
func (h hold) lag(i int) float64 {
	if i >= h.reached {
		return ms(time.Since(h.sent[i])) // so long at least
	}
	return ms(h.seen[i].Sub(h.sent[i]))
}

// holdDown holds j from the top, n times at a rate, and waits for the last to be seen,
// at most for limit.
func (s *session) holdDown(t *terminal, n, perSecond int, limit time.Duration) hold {
	h := hold{sent: make([]time.Time, n), seen: make([]time.Time, n)}
	done := make(chan struct{})
	t.mu.Lock()
	t.track = func(at time.Time) {
		for now := min(s.cursor(t), n); h.reached < now; h.reached++ {
			h.seen[h.reached] = at
			if h.reached == n-1 {
				close(done)
			}
		}
	}
	t.mu.Unlock()
	began := time.Now()
	for i := range n {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		h.sent[i] = t.press("j")
	}
	select {
	case <-done:
	case <-time.After(limit):
	}
	t.mu.Lock()
	t.track = nil
	t.mu.Unlock()
	return h
}

// heldRuns are how often the key is held.
const heldRuns = 3

// held is the key at 200 a second.
func (s *session) held() error {
	const perSecond, runs = 200, heldRuns
	keys := min(200, s.server.vms-1)
	s.t.watch(s.names)
	var lags dist
	lost := 0
	used, bare := time.Duration(0), time.Duration(0)
	for range runs {
		if err := s.top(); err != nil {
			return err
		}
		was := cpuTime(s.t.pid())
		h := s.holdDown(s.t, keys, perSecond, 5*time.Second)
		used += cpuTime(s.t.pid()) - was
		lost += keys - h.reached
		lags = append(lags, h.lag(keys-1))
		was = cpuTime(s.bare.pid())
		s.bareHold(keys, perSecond)
		bare += cpuTime(s.bare.pid()) - was
	}
	s.add(s.at, keysLost, float64(lost), "of "+strconv.Itoa(runs*keys))
	s.add(s.at, heldLag, lags.median(), "ms")
	s.add(s.at, heldWorst, lags.at(100), "ms")
	s.add(s.at, heldCPU, ms(used)/float64(runs*keys), "ms").beside("bare, "+strconv.Itoa(consoleFPS)+" fps", ms(bare)/float64(runs*keys))
	return nil
}

func (s *session) bareHold(keys, perSecond int) {
	began := time.Now()
	for i := range keys {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		s.bare.press("j")
	}
	s.bare.still(100*time.Millisecond, 5*time.Second)
	s.bare.press("g")
}
