package e2e

import (
	"regexp"
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

func TestAFrozenDaemonIsSeenAndComesBack(t *testing.T) {
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Config: desk.Connection("kvm", l.URI("qemu"))})
	vms := c.Pane("VMs")
	vms.Select("guest")
	c.WaitFor("● kvm QEMU")
	live := c.CellOf("spare").FG
	l.Freeze()
	began := time.Now()
	c.moves(t, "guest", "spare")
	c.WaitFor("kvm reconnecting", 10*time.Second)
	t.Logf("a frozen daemon was noticed after %v", time.Since(began).Round(time.Millisecond))
	c.moves(t, "guest", "spare")
	vms.Expect(desk.Row("guest", "run"))
	c.WaitFor("STALE").WaitFor(regexp.MustCompile(`Data from +\d+s ago`))
	if stale := c.CellOf("spare").FG; stale == live {
		t.Error("a row of a connection that is lost looks live")
	}
	l.Thaw()
	began = time.Now()
	c.WaitFor("● kvm QEMU", 40*time.Second).WaitGone("STALE")
	t.Logf("it was back after %v", time.Since(began).Round(time.Millisecond))
	l.Virsh("suspend", "guest")
	c.seen(t, "a change after that", desk.Row("guest", "pau"), time.Second)
}

func TestADaemonThatDiesIsSeenAndComesBack(t *testing.T) {
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Config: desk.Connection("kvm", l.URI("qemu"))})
	vms := c.Pane("VMs")
	vms.Select("guest")
	l.Kill()
	c.WaitFor("kvm reconnecting", 5*time.Second)
	c.moves(t, "guest", "spare")
	c.Press("p").WaitFor("Power off, hard · kvm is reconnecting").Press("f", "esc").WaitGone("power: guest")
	c.Press("i").WaitFor("Connections").WaitFor(regexp.MustCompile(`kvm +reconnecting`)).Press("esc").WaitGone("Connections")
	l.Restart()
	c.WaitFor("● kvm QEMU", 40*time.Second)
	vms.WaitFor(desk.Row("guest", "run"))
	l.Virsh("destroy", "guest")
	c.seen(t, "a change after that", desk.Row("guest", "off"), time.Second)
}

func TestReadOnlyGreysEveryChange(t *testing.T) {
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Args: []string{"--read-only"}, Config: desk.Connection("kvm", l.URI("qemu"))})
	c.Pane("VMs").Select("guest")
	c.WaitFor(regexp.MustCompile(`kvm QEMU \S+ ro`))
	c.Press("p").WaitFor("power: guest").WaitFor("Power off, hard · read-only connection").WaitFor("Resume · read-only connection")
	c.Press("f").Expect("power: guest").Press("esc").WaitGone("power: guest")
	c.Press("s").WaitFor("Create snapshot… · read-only connection").Press("c").Press("esc").WaitGone("snapshot: guest")
	desk.Domstate(t, l, "guest", "running")
	if got := strings.TrimSpace(snapshots(l, "guest")); got != "" {
		t.Errorf("a snapshot was taken: %s", got)
	}
}
