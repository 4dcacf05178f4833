package main

import (
	"math"
	"time"
)

// settling follows the share of a core that a process takes, window by window.
type settling struct {
	least float64
	rests int // windows in a row that were near the least
}

func newSettling() *settling { return &settling{least: math.Inf(1)} }

// add takes in the share of one more window; true once three in a row were within half a
// point of a core of the least so far: what was to be done is done.
func (s *settling) add(share float64) bool {
	const near, enough = 0.005, 3
	switch {
	case share < s.least-near:
		s.rests = 1
	case share > s.least+near:
		s.rests = 0
	default:
		s.rests++
	}
	s.least = min(s.least, share)
	return s.rests >= enough
}

// settle waits until a process has done with what it was at; false when limit passes before.
func settle(pid int, limit time.Duration) bool {
	const window = 2 * time.Second
	s := newSettling()
	for end := time.Now().Add(limit); time.Now().Before(end); {
		was, began := cpuTime(pid), time.Now()
		time.Sleep(window)
		if s.add((cpuTime(pid) - was).Seconds() / time.Since(began).Seconds()) {
			return true
		}
	}
	return false
}
