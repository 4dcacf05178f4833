package once

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// Procedures of libvirt's remote protocol.
const (
	procDestroy        uint32 = 12
	procSuspend        uint32 = 34
	procSnapshotCreate uint32 = 185
	procRevert         uint32 = 192
	procSnapshotDelete uint32 = 193
	procReset          uint32 = 245
)

// sentOnce holds that a procedure was called once over the line.
func sentOnce(t *testing.T, line *lab.FrameLine, procedures ...uint32) {
	t.Helper()
	for _, p := range procedures {
		if n := line.Calls(p); n != 1 {
			t.Errorf("procedure %d was called %d times", p, n)
		}
	}
}

func TestLibvirtAnswersThatAreLost(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	line := lab.StartFrameLine(t, l)
	bad := losing(line)
	c := desk.Start(t, desk.Setup{Config: desk.Connection("kvm", line.URI("qemu"))})
	vms := c.Pane("VMs")
	vms.Select("guest")
	lost(t, c, bad, procDestroy, func() {
		c.Menu("p", "power: guest", "f")
		c.WaitFor("Power off, hard: guest?").WaitFor("Cancel ]").Press("y", "y") // twice is once: the other shows the XML
		c.WaitFor("guest as kvm gives it").Press("esc").WaitGone("guest as kvm gives it")
	}, "power off guest")
	desk.Domstate(t, l, "guest", "shut off")
	vms.WaitFor(desk.Row("guest", "off"))
	told(t, c, "power off", "started", "unknown", "success")
	sentOnce(t, line, procDestroy)

	lost(t, c, bad, procSnapshotCreate, func() {
		c.Menu("s", "snapshot: guest", "c")
		c.WaitFor("Create snapshot: guest").Press("ctrl+u").Type("base").Press("enter")
	}, "create snapshot guest")
	pane := c.Pane("Snapshots").WaitFor("base")
	told(t, c, "create snapshot", "started", "unknown", "success")
	if got := l.Virsh("snapshot-list", "guest", "--name"); strings.TrimSpace(got) != "base" {
		t.Errorf("virsh shows the snapshots %q", got)
	}

	l.Virsh("snapshot-create-as", "guest", "child")
	pane.WaitFor("child").Select("base")
	lost(t, c, bad, procRevert, func() {
		c.Menu("s", "snapshot: guest /base", "r")
		c.WaitFor("Revert to this snapshot: guest /base").Press("enter")
		c.Yes("Revert to this snapshot: guest /base?")
	}, "revert to snapshot guest")
	told(t, c, "revert to snapshot", "started", "unknown", "success")
	if got := l.Virsh("snapshot-current", "guest", "--name"); strings.TrimSpace(got) != "base" {
		t.Errorf("virsh says that the current snapshot is %q", got)
	}

	pane.Select("child")
	lost(t, c, bad, procSnapshotDelete, func() {
		c.Menu("s", "snapshot: guest /base/child", "d")
		c.Yes("Delete this snapshot: guest /base/child?")
	}, "delete snapshot guest")
	told(t, c, "delete snapshot", "started", "unknown", "success")
	if got := l.Virsh("snapshot-list", "guest", "--name"); strings.TrimSpace(got) != "base" {
		t.Errorf("virsh shows the snapshots %q", got)
	}
	sentOnce(t, line, procSnapshotCreate, procRevert, procSnapshotDelete)
}

// What leaves nothing to see stays unknown and says where to look; what was queued behind
// it on the same VM is not run.
func TestWhatNobodyCanSeeStaysUnknown(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	line := lab.StartFrameLine(t, l)
	bad := losing(line)
	c := desk.Start(t, desk.Setup{Config: desk.Connection("kvm", line.URI("qemu"))})
	c.Pane("VMs").Select("guest")
	held := l.FreezeGuest("guest") // so that the daemon has no answer yet
	bad.lose(procReset)
	c.Menu("p", "power: guest", "x")
	c.Yes("Reset, hard: guest?")
	desk.Eventually(t, noticed, "the reset to be under way", func() bool { return line.Calls(procReset) == 1 })
	c.Menu("p", "power: guest", "s")
	c.Yes("Suspend: guest?")
	c.WaitFor("queued")
	held()
	desk.Eventually(t, noticed, "the answer to be lost", func() bool { return !bad.passes() })
	bad.mend()
	tasks := c.Pane("Tasks").WaitFor(regexp.MustCompile(`reset guest +unknown`), noticed).WaitFor(regexp.MustCompile(`suspend guest +error`))
	c.CloseMessages()
	tasks.Select("reset guest")
	c.Press("enter").WaitFor("look at the guest's console").Press("esc").WaitGone("look at the guest's console")
	told(t, c, "reset", "started", "unknown")
	c.Press("ctrl+r").WaitFor("● kvm QEMU", recovers)
	if n := line.Calls(procSuspend); n != 0 {
		t.Errorf("what was queued was sent %d times", n)
	}
	desk.Domstate(t, l, "guest", "running")
	sentOnce(t, line, procReset)
}

// An operator who leaves while the object is looked at does not wait for it.
func TestLeavingWhileItIsChecked(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	line := lab.StartFrameLine(t, l)
	bad := losing(line)
	c := desk.Start(t, desk.Setup{Config: desk.Connection("kvm", line.URI("qemu"))})
	c.Pane("VMs").Select("guest")
	bad.lose(procDestroy)
	c.Menu("p", "power: guest", "f")
	c.Yes("Power off, hard: guest?")
	c.WaitFor("unknown: checking", noticed)
	began := time.Now()
	c.Signal("TERM")
	if status := c.WaitExit(); status != 0 {
		t.Errorf("status %d", status)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %v to leave", took)
	}
	told(t, c, "power off", "started", "unknown")
	sentOnce(t, line, procDestroy)
}
