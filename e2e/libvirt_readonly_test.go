package e2e

import (
	"regexp"
	"strings"
	"testing"

	"hvdeck/e2e/desk"
)

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
