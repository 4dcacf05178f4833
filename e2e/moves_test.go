package e2e

import (
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

// moves presses keys until the cursor has gone down and up again; a screen that waits
// for a host fails it.
func (c *console) moves(t *testing.T, from, to string) {
	t.Helper()
	vms := c.Pane("VMs")
	for _, step := range []struct{ key, name string }{{"j", to}, {"k", from}} {
		began := time.Now()
		c.Press(step.key)
		c.WaitUntil("the cursor on "+step.name, func(lines []string) bool {
			for _, l := range lines {
				if strings.Contains(l, "❯") && strings.Contains(l, step.name) {
					return true
				}
			}
			return false
		}, 2*time.Second)
		if took := time.Since(began); took > desk.LiveWithin(250*time.Millisecond) {
			t.Errorf("%s took %v while a host hung", step.key, took)
		}
	}
	vms.Expect(from)
}
