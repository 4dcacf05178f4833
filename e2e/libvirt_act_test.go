package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
)

// menu opens the menu of a leading key and takes an entry.
func (c *console) menu(lead, title, key string) {
	c.Press(lead).WaitFor(title).Press(key)
}

// yes answers a question whose harmless answer has the focus.
func (c *console) yes(question string) {
	c.WaitFor(question).WaitFor("Cancel ]").Press("y").WaitGone(question)
}

// dismiss closes a message that opened by itself: it takes no key that follows another
// at once, so that what was under way answers nothing.
func (c *console) dismiss(text string) {
	c.WaitFor(text)
	for range 20 {
		if !strings.Contains(c.Text(), text) {
			return
		}
		c.Settle(450 * time.Millisecond).Press("esc").Settle(50 * time.Millisecond)
	}
	c.WaitGone(text)
}

// domstate waits until virsh gives this state.
func domstate(t *testing.T, l *lab.Libvirtd, name, want string) {
	t.Helper()
	eventually(t, 10*time.Second, "virsh domstate "+name+" to be "+want, func() bool {
		got, err := l.TryVirsh("domstate", name)
		return err == nil && strings.TrimSpace(got) == want
	})
}

func TestPowerFromTheKeyboard(t *testing.T) {
	l := hosts(t)
	c := start(t, setup{config: both(l)})
	vms := c.Pane("VMs")
	vms.Select("guest")
	c.menu("p", "power: guest", "s")
	c.yes("Suspend: guest on kvm?")
	domstate(t, l, "guest", "paused")
	vms.WaitFor(row("guest", "pau"))
	c.menu("p", "power: guest", "u")
	domstate(t, l, "guest", "running")
	vms.WaitFor(row("guest", "run"))

	pid := l.GuestPID("guest")
	c.menu("p", "power: guest", "x")
	c.yes("Reset, hard: guest on kvm?")
	c.WaitFor(regexp.MustCompile(`✓ reset guest`))
	if l.GuestPID("guest") != pid {
		t.Error("a reset started another process")
	}
	c.menu("p", "power: guest", "f")
	c.WaitFor("Power off, hard: guest on kvm?").WaitFor("What the guest has not written to disk is lost")
	c.Press("enter").WaitGone("Power off, hard: guest on kvm?")
	domstate(t, l, "guest", "running") // enter took Cancel
	c.menu("p", "power: guest", "f")
	c.yes("Power off, hard: guest on kvm?")
	domstate(t, l, "guest", "shut off")
	vms.WaitFor(row("guest", "off"))
	c.menu("p", "power: guest", "o")
	domstate(t, l, "guest", "running")
	vms.WaitFor(row("guest", "run"))
	if l.GuestPID("guest") == pid {
		t.Error("power off and on kept the process")
	}
}

func TestBulkPowerOff(t *testing.T) {
	l := lab.StartLibvirtd(t)
	// The test driver forgets its VMs when the last connection closes: ours comes first.
	c := start(t, setup{config: connection("lab", l.URI("test"))})
	vms := c.Pane("VMs").WaitFor(row("test", "run"))
	for i := range 8 {
		name := fmt.Sprintf("node%d", i)
		l.Define("test", fmt.Sprintf(`<domain type='test'><name>%s</name><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`, name))
		if i != 3 {
			l.VirshOn("test", "start", name)
		}
	}
	vms.WaitTitle(" 9 ").WaitFor(row("node7", "run")).WaitFor(row("node3", "off"))
	vms.Focus()
	c.Press("/").Type("node").Press("enter")
	vms.WaitTitle("8 of 9")
	c.Press("*")
	vms.WaitTitle("8 marked")
	c.menu("p", "power: 8 VMs", "f")
	c.WaitFor("Power off, hard: 7 VMs?").WaitFor("node7").WaitFor("skipped: it is off")
	c.yes("Power off, hard: 7 VMs?")
	c.WaitFor(regexp.MustCompile(`7 done`))
	vms.WaitFor(regexp.MustCompile(`(?s)(node\d +off.*){8}`))
	if on := l.VirshOn("test", "list", "--name"); strings.TrimSpace(on) != "test" {
		t.Errorf("virsh says that these run: %q", on)
	}
	c.menu("p", "power: node0", "f") // greyed: it stays open and says why
	c.WaitFor("Power off, hard · it is off")
}

func snapshots(l *lab.Libvirtd, vm string) string {
	out, err := l.TryVirsh("snapshot-list", vm, "--tree")
	if err != nil {
		return err.Error()
	}
	return out
}

func TestSnapshotsFromTheKeyboard(t *testing.T) {
	l := hosts(t)
	c := start(t, setup{config: both(l)})
	c.Pane("VMs").Select("guest")
	pane := c.Pane("Snapshots").WaitFor("no snapshots")
	c.takeSnapshot("guest", "base", "fresh install")
	pane.WaitFor("base", 20*time.Second)
	if got := l.Virsh("snapshot-info", "guest", "base"); !strings.Contains(got, "State:          running") {
		t.Errorf("no memory was kept: %s", got)
	}
	l.Virsh("snapshot-create-as", "guest", "child", "--description", "by virsh")
	pane.WaitFor(regexp.MustCompile(`─ ?[●○◉]? ?child`), 20*time.Second)

	// The same name again: the server's words, in full.
	c.takeSnapshot("guest", "base", "")
	c.WaitFor("create snapshot guest on kvm: error").WaitFor("domain moment base already exists")
	c.dismiss("guest on kvm: error")

	// A name that no path can hold is refused before any server is asked.
	c.menu("s", "snapshot: guest", "c")
	c.WaitFor("Create snapshot: guest").Press("ctrl+u").Type("a/b").Press("enter").WaitFor("must not contain").Press("esc").WaitGone("must not contain")

	c.editSnapshot(t, l)
	c.revertSnapshot(t, l)

	pane.Select("base")
	c.menu("s", "snapshot: guest /base", "t")
	c.WaitFor("goes what is below it, 1 snapshot").Type("base").Press("enter")
	eventually(t, 10*time.Second, "no snapshot to be left", func() bool { return strings.TrimSpace(snapshots(l, "guest")) == "" })
	pane.WaitFor("no snapshots")
}

func (c *console) takeSnapshot(vm, name, description string) {
	c.menu("s", "snapshot: "+vm, "c")
	c.WaitFor("Create snapshot: " + vm).Press("ctrl+u").Type(name).Press("tab").Type(description).Press("enter").WaitGone("Create snapshot: " + vm)
}

func (c *console) editSnapshot(t *testing.T, l *lab.Libvirtd) {
	t.Helper()
	c.Pane("Snapshots").Select("child")
	c.menu("s", "snapshot: guest /base/child", "e")
	c.WaitFor("Rename, redescribe").Press("tab", "ctrl+u").Type("described here").WaitFor("described here").Press("enter").WaitGone("Rename, redescribe")
	c.WaitFor(regexp.MustCompile(`✓ edit snapshot guest`))
	eventually(t, 10*time.Second, "the description at the server", func() bool {
		xml, err := l.TryVirsh("snapshot-dumpxml", "guest", "child")
		return err == nil && strings.Contains(xml, "<description>described here</description>")
	})
	c.WaitFor("described here")
}

func (c *console) revertSnapshot(t *testing.T, l *lab.Libvirtd) {
	t.Helper()
	c.Pane("Snapshots").Select("base")
	c.menu("s", "snapshot: guest /base", "r")
	c.WaitFor("Revert to this snapshot: guest /base").Press("enter")
	c.yes("Revert to this snapshot: guest /base on kvm?")
	eventually(t, 20*time.Second, "base to be current", func() bool {
		got, err := l.TryVirsh("snapshot-current", "guest", "--name")
		return err == nil && strings.TrimSpace(got) == "base"
	})
}

// Refusals of libvirt 9.0: facts of life, shown with the server's words.
func TestRefusalsAreShownInTheServersWords(t *testing.T) {
	l := hosts(t)
	l.Virsh("snapshot-create-as", "guest", "inner")
	l.Virsh("snapshot-create-as", "guest", "outer", "--disk-only")
	c := start(t, setup{config: both(l)})
	c.Pane("VMs").Select("guest")
	pane := c.Pane("Snapshots").WaitFor("outer")
	// What is known beforehand is grey, with the reason.
	pane.Select("outer")
	c.Press("s").WaitFor("snapshot: guest /inner/outer").WaitFor("can't revert to an external snapshot").WaitFor("stands on an internal one")
	c.Press("esc").WaitGone("snapshot: guest /inner/outer")
	pane.Select("inner")
	c.Press("s").WaitFor("snapshot: guest /inner").WaitFor("Delete this snapshot… · it is inside the image of vda").Press("esc")
	c.WaitGone("snapshot: guest /inner")
	// What is not is told in full.
	c.takeSnapshot("guest", "inner", "")
	c.WaitFor(regexp.MustCompile(`domain moment inner[\s│]+already[\s│]+exists`)) // 9
}
