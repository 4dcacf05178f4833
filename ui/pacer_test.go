package ui

import (
	"testing"
	"time"
)

// A few notices go at once after a rest, then one per pace, also in the long run.
func TestPacer(t *testing.T) {
	var p pacer
	now := time.Unix(1000, 0)
	for round := range 2 {
		for i := range storeBurst - 1 {
			if wait := p.wait(now); wait != 0 {
				t.Errorf("round %d: notice %d waits %v", round, i, wait)
			}
		}
		for i := range 50 {
			wait := p.wait(now)
			if wait != storePace {
				t.Errorf("round %d: after the burst notice %d waits %v", round, i, wait)
			}
			now = now.Add(wait)
		}
		now = now.Add(time.Minute)
	}
}
