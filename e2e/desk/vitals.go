package desk

import (
	"maps"
	"os"
	"time"

	"hvdeck/vitals"
)

// Vitals asks the program what it holds.
func (c *Console) Vitals() vitals.Vitals {
	c.t.Helper()
	path := c.State("vitals")
	_ = os.Remove(path)
	c.Signal("USR1")
	var got vitals.Vitals
	Eventually(c.t, 10*time.Second, "the program's vitals", func() bool {
		text, err := os.ReadFile(path) //nolint:gosec // of the test's own folder
		if err != nil {
			return false
		}
		got, err = vitals.Parse(string(text))
		return err == nil
	})
	return got
}

// NothingLeaked waits until the program holds no more goroutines, files and children
// than before, and fails with what it still holds after the limit.
func (c *Console) NothingLeaked(before vitals.Vitals, limit time.Duration) {
	c.t.Helper()
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		now := c.Vitals()
		grown := now.Grown(idle(before, now))
		if grown == "" {
			return
		}
		if time.Since(began) > limit {
			c.t.Errorf("leaked after %v:\n%s", limit, grown)
			return
		}
	}
}

// mostIdle connections of HTTP may have come since: calls that met on a busy machine had one
// each, which are kept for others.
const mostIdle = 4

// idle is what may be held when some connections of HTTP wait for another call.
func idle(before, now vitals.Vitals) vitals.Vitals {
	const read, write = "net/http.(*persistConn).readLoop", "net/http.(*persistConn).writeLoop"
	n := min(now.Standing[read]-before.Standing[read], mostIdle)
	if n <= 0 {
		return before
	}
	before.Standing, before.Files = maps.Clone(before.Standing), maps.Clone(before.Files)
	before.Standing[read] += n
	before.Standing[write] += n
	before.Files["socket"] += n
	return before
}
