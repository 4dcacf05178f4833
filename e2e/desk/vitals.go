package desk

import (
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
		grown := c.Vitals().Grown(before)
		if grown == "" {
			return
		}
		if time.Since(began) > limit {
			c.t.Errorf("leaked after %v:\n%s", limit, grown)
			return
		}
	}
}
