package libvirt

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// loaded is the row of a VM whose load is known.
func loaded(name string) *regexp.Regexp {
	return regexp.MustCompile(name + ` +run\w* +\S*\d+% +\d+M`)
}

// One guest whose QEMU does not answer any more: its row stays, with what is known of it,
// and the others go on.
func TestAGuestThatFreezes(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	l.DefineGuest("busy", true)
	r := beginOn(t, l, uitest.Size{W: 160, H: 50}, desk.Connection("kvm", l.URI("qemu")), "kvm")
	r.Pane("VMs").WaitFor(loaded("guest"), recovers).WaitFor(loaded("busy"), recovers)
	r.steady("busy")
	var thaw func()
	r.during("a guest hangs", func() {
		thaw = l.FreezeGuest("guest")
		r.Pane("VMs").WaitFor(regexp.MustCompile(`guest +run\w* +\d+% +-`)).WaitFor(loaded("busy"))
		l.Virsh("start", "spare")
		r.says("a change of another", desk.Row("spare", "run"), desk.LiveWithin(2*time.Second))
		r.Pane("VMs").WaitFor(loaded("spare"), noticed)
	})
	r.Pane("VMs").Select("guest")
	r.says("what is known of it", regexp.MustCompile(`Responds +no, QEMU has not answered for`), noticed)
	r.Expect("● kvm ").Pane("VMs").Select("busy")
	r.during("a guest still hangs", func() {
		l.Virsh("destroy", "spare")
		r.says("a change of another", desk.Row("spare", "off"), desk.LiveWithin(2*time.Second))
	})
	thaw()
	r.Pane("VMs").WaitFor(loaded("guest"), recovers)
	r.Pane("VMs").Select("guest")
	r.WaitGone("Responds")
	r.likeVirsh(1)
	r.unharmed()
}

// Five guests that hang, each with an operation under way: the lists and other VMs go
// on, the tasks say what they wait for, and those that wait can be taken back.
func TestFiveCallsThatHang(t *testing.T) {
	t.Parallel()
	const n = 5
	l := lab.StartLibvirtd(t)
	l.DefineGuest("alive", true)
	for i := range n {
		l.DefineGuest(hung(i), false)
		l.Virsh("start", hung(i), "--paused")
	}
	l.DefineGuest("zero", false)
	line := lab.StartFrameLine(t, l)
	r := begin(t, l, desk.Connection("kvm", line.URI("qemu")), "kvm")
	r.Pane("VMs").WaitFor(loaded("alive"), recovers)
	r.steady("alive")
	var thaws []func()
	for i := range n {
		thaws = append(thaws, l.FreezeGuest(hung(i)))
	}
	r.Press("/").Type("hung").Press("enter")
	r.Pane("VMs").WaitTitle("5 of 7")
	r.Press("*")
	r.Pane("VMs").WaitTitle("5 marked")
	r.Menu("p", "power: 5 VMs", "u")
	r.says("what the tasks wait for", regexp.MustCompile(`▶ resume hung\d QEMU has not answered for \d+s`), noticed)
	desk.Eventually(t, noticed, "the fifth not to wait for the other four", func() bool { return line.Calls(procResume) == n })
	r.Press("esc").Press("esc")
	r.Pane("VMs").WaitTitle(" 7 ").Select("alive")
	r.during("five calls hang", func() {
		l.Virsh("start", "zero")
		r.says("a change of another", desk.Row("zero", "run"), desk.LiveWithin(2*time.Second))
		r.Pane("VMs").WaitFor(loaded("alive"), 2*noticed).WaitFor(loaded("zero"), noticed)
	})
	r.Press("G")
	desk.Eventually(t, noticed, "the cursor to be on zero", func() bool { return strings.Contains(r.Pane("VMs").CursorLine(), "zero") })
	r.Menu("p", "power: zero", "s")
	r.Yes("Suspend: zero?")
	desk.Domstate(t, l, "zero", "paused")
	r.Expect("● kvm ")
	r.takeBack()
	for _, thaw := range thaws {
		thaw()
	}
	for i := range n {
		desk.Domstate(t, l, hung(i), "running")
	}
	r.likeVirsh(1)
	if got := line.Calls(procResume); got != n {
		t.Errorf("resume was sent %d times", got)
	}
	for _, result := range ends(r.AuditOf("resume")) {
		if result != "success" {
			t.Errorf("a resume ended as %s", result)
		}
	}
	r.unharmed()
}

func hung(i int) string { return fmt.Sprintf("hung%d", i) }

// takeBack gives a VM that hangs one more operation, which has to wait for the one
// before, and takes that back.
func (r *trial) takeBack() {
	r.t.Helper()
	r.Pane("VMs").Select("hung0")
	r.Menu("p", "power: hung0", "f")
	r.Yes("Power off, hard: hung0?")
	r.WaitFor("power off hung0 queued")
	r.Pane("Tasks").Select("power off hung0")
	r.Press("C")
	r.Yes("Stop the task: power off hung0?")
	r.WaitFor(regexp.MustCompile(`power off hung0 +cancelled`))
	r.Pane("VMs").Select("alive")
}
