package vsphere_test

import (
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
)

// patience is how long a watch may take to notice that its session has ended: the pulse
// asks every 4 s.
const patience = 12 * time.Second

// endSessions ends the sessions of the driver as an administrator does.
func endSessions(v *lab.Vcsim) int {
	n := 0
	for line := range strings.Lines(v.Govc("session.ls")) {
		if fields := strings.Fields(line); strings.Contains(line, "hvdeck/") {
			v.Govc("session.rm", fields[0])
			n++
		}
	}
	return n
}

// within is until with a limit of its own.
func (m *mirror) within(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	end := time.NewTimer(limit)
	defer end.Stop()
	for {
		m.mu.Lock()
		done := ok()
		m.mu.Unlock()
		if done {
			return
		}
		select {
		case <-m.wake:
		case <-end.C:
			t.Fatalf("not seen within %v: %s", limit, what)
		}
	}
}
