package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
)

// hosts is one real daemon that serves two drivers, with a guest that runs.
func hosts(t *testing.T) *lab.Libvirtd {
	t.Helper()
	l := lab.StartLibvirtd(t)
	l.DefineGuest("guest", true)
	l.DefineGuest("spare", false)
	return l
}

func both(l *lab.Libvirtd) string {
	return connection("kvm", l.URI("qemu")) + connection("lab", l.URI("test"))
}

// row is a regular expression for a row of the VMs: the name, then the state's word.
func row(name, state string) *regexp.Regexp {
	return regexp.MustCompile(regexp.QuoteMeta(name) + ` +(\S+ )?` + state)
}

func TestLibvirtInventoryIsVirshsList(t *testing.T) {
	l := hosts(t)
	c := start(t, setup{config: both(l)})
	c.WaitFor("● kvm QEMU").WaitFor("● lab")
	var want []string
	for _, driver := range []string{"qemu", "test"} {
		want = append(want, strings.Fields(l.VirshOn(driver, "list", "--all", "--name"))...)
	}
	slices.Sort(want)
	c.Pane("VMs").WaitTitle(fmt.Sprintf(" %d ", len(want))).WaitFor(row("guest", "run")).WaitFor(row("spare", "off"))
	got := names(c.Pane("VMs").Lines())
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the screen lists %q, virsh %q", got, want)
	}
	c.Pane("Hosts").WaitTitle(" 2 ")
}

func TestWhatVirshDoesShowsByItself(t *testing.T) {
	l := hosts(t)
	c := start(t, setup{config: both(l)})
	vms := c.Pane("VMs").WaitFor(row("guest", "run"))
	vms.Select("spare")

	l.DefineGuest("newcomer", false)
	c.seen(t, "define", row("newcomer", "off"), time.Second)
	l.Virsh("start", "newcomer")
	c.seen(t, "start", row("newcomer", "run"), time.Second)
	l.Virsh("suspend", "newcomer")
	c.seen(t, "suspend", row("newcomer", "pau"), time.Second)
	l.Virsh("resume", "newcomer")
	c.seen(t, "resume", row("newcomer", "run"), time.Second)
	l.Virsh("destroy", "newcomer")
	c.seen(t, "destroy", row("newcomer", "off"), time.Second)
	l.Virsh("domrename", "newcomer", "aaa-renamed")
	c.seen(t, "rename", row("aaa-renamed", "off"), time.Second)
	vms.Reject("newcomer")
	l.Virsh("undefine", "aaa-renamed")
	began := time.Now()
	c.WaitGone("aaa-renamed", liveWithin(time.Second))
	t.Logf("undefine was on the screen after %v", time.Since(began).Round(time.Millisecond))
	if at := vms.CursorLine(); !strings.Contains(at, "spare") {
		t.Errorf("the cursor left its VM for %q", at)
	}
}
