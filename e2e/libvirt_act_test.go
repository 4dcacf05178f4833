package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

func TestPowerFromTheKeyboard(t *testing.T) {
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Config: desk.Both(l)})
	vms := c.Pane("VMs")
	vms.Select("guest")
	c.Menu("p", "power: guest", "s")
	c.Yes("Suspend: guest on kvm?")
	desk.Domstate(t, l, "guest", "paused")
	vms.WaitFor(desk.Row("guest", "pau"))
	c.Menu("p", "power: guest", "u")
	desk.Domstate(t, l, "guest", "running")
	vms.WaitFor(desk.Row("guest", "run"))

	pid := l.GuestPID("guest")
	c.Menu("p", "power: guest", "x")
	c.Yes("Reset, hard: guest on kvm?")
	c.WaitFor(regexp.MustCompile(`✓ reset guest`))
	if l.GuestPID("guest") != pid {
		t.Error("a reset started another process")
	}
	c.Menu("p", "power: guest", "f")
	c.WaitFor("Power off, hard: guest on kvm?").WaitFor("What the guest has not written to disk is lost")
	c.Press("enter").WaitGone("Power off, hard: guest on kvm?")
	desk.Domstate(t, l, "guest", "running") // enter took Cancel
	c.Menu("p", "power: guest", "f")
	c.Yes("Power off, hard: guest on kvm?")
	desk.Domstate(t, l, "guest", "shut off")
	vms.WaitFor(desk.Row("guest", "off"))
	c.Menu("p", "power: guest", "o")
	desk.Domstate(t, l, "guest", "running")
	vms.WaitFor(desk.Row("guest", "run"))
	if l.GuestPID("guest") == pid {
		t.Error("power off and on kept the process")
	}
}

func TestBulkPowerOff(t *testing.T) {
	l := lab.StartLibvirtd(t)
	// The test driver forgets its VMs when the last connection closes: ours comes first.
	c := start(t, desk.Setup{Config: desk.Connection("lab", l.URI("test"))})
	vms := c.Pane("VMs").WaitFor(desk.Row("test", "run"))
	for i := range 8 {
		name := fmt.Sprintf("node%d", i)
		l.Define("test", fmt.Sprintf(`<domain type='test'><name>%s</name><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`, name))
		if i != 3 {
			l.VirshOn("test", "start", name)
		}
	}
	vms.WaitTitle(" 9 ").WaitFor(desk.Row("node7", "run")).WaitFor(desk.Row("node3", "off"))
	vms.Focus()
	c.Press("/").Type("node").Press("enter")
	vms.WaitTitle("8 of 9")
	c.Press("*")
	vms.WaitTitle("8 marked")
	c.Menu("p", "power: 8 VMs", "f")
	c.WaitFor("Power off, hard: 7 VMs?").WaitFor("node7").WaitFor("skipped: it is off")
	c.Yes("Power off, hard: 7 VMs?")
	c.WaitFor(regexp.MustCompile(`7 done`))
	vms.WaitFor(regexp.MustCompile(`(?s)(node\d +off.*){8}`))
	if on := l.VirshOn("test", "list", "--name"); strings.TrimSpace(on) != "test" {
		t.Errorf("virsh says that these run: %q", on)
	}
	c.Menu("p", "power: node0", "f") // greyed: it stays open and says why
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
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Config: desk.Both(l)})
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
	c.Dismiss("guest on kvm: error")

	// A name that no path can hold is refused before any server is asked.
	c.Menu("s", "snapshot: guest", "c")
	c.WaitFor("Create snapshot: guest").Press("ctrl+u").Type("a/b").Press("enter").WaitFor("must not contain").Press("esc").WaitGone("must not contain")

	c.editSnapshot(t, l)
	c.revertSnapshot(t, l)

	pane.Select("base")
	c.Menu("s", "snapshot: guest /base", "t")
	c.WaitFor("goes what is below it, 1 snapshot").Type("base").Press("enter")
	desk.Eventually(t, 10*time.Second, "no snapshot to be left", func() bool { return strings.TrimSpace(snapshots(l, "guest")) == "" })
	pane.WaitFor("no snapshots")
}

func (c *console) takeSnapshot(vm, name, description string) {
	c.Menu("s", "snapshot: "+vm, "c")
	c.WaitFor("Create snapshot: " + vm).Press("ctrl+u").Type(name).Press("tab").Type(description).Press("enter").WaitGone("Create snapshot: " + vm)
}

func (c *console) editSnapshot(t *testing.T, l *lab.Libvirtd) {
	t.Helper()
	c.Pane("Snapshots").Select("child")
	c.Menu("s", "snapshot: guest /base/child", "e")
	c.WaitFor("Rename, redescribe").Press("tab", "ctrl+u").Type("described here").WaitFor("described here").Press("enter").WaitGone("Rename, redescribe")
	c.WaitFor(regexp.MustCompile(`✓ edit snapshot guest`))
	desk.Eventually(t, 10*time.Second, "the description at the server", func() bool {
		xml, err := l.TryVirsh("snapshot-dumpxml", "guest", "child")
		return err == nil && strings.Contains(xml, "<description>described here</description>")
	})
	c.WaitFor("described here")
}

func (c *console) revertSnapshot(t *testing.T, l *lab.Libvirtd) {
	t.Helper()
	c.Pane("Snapshots").Select("base")
	c.Menu("s", "snapshot: guest /base", "r")
	c.WaitFor("Revert to this snapshot: guest /base").Press("enter")
	c.Yes("Revert to this snapshot: guest /base on kvm?")
	desk.Eventually(t, 20*time.Second, "base to be current", func() bool {
		got, err := l.TryVirsh("snapshot-current", "guest", "--name")
		return err == nil && strings.TrimSpace(got) == "base"
	})
}

// Refusals of libvirt 9.0: facts of life, shown with the server's words.
func TestRefusalsAreShownInTheServersWords(t *testing.T) {
	l := desk.Hosts(t)
	l.Virsh("snapshot-create-as", "guest", "inner")
	l.Virsh("snapshot-create-as", "guest", "outer", "--disk-only")
	c := start(t, desk.Setup{Config: desk.Both(l)})
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
