package e2e

import (
	"regexp"
	"testing"
	"time"

	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// moves presses keys until the cursor has gone down and up again; a screen that waits
// for a host fails it.
func (c *console) moves(t *testing.T, from, to string) {
	t.Helper()
	vms := c.Pane("VMs")
	for _, step := range []struct{ key, name string }{{"j", to}, {"k", from}} {
		took := uitest.Took(c.Pid(), func() {
			c.Press(step.key)
			vms.WaitFor(regexp.MustCompile(`❯\S? ?` + step.name + ` `))
		})
		if took > desk.LiveWithin(250*time.Millisecond) {
			t.Errorf("%s took %v while a host hung", step.key, took)
		}
	}
	vms.Expect(from)
}
