package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

func TestLibvirtInventoryIsVirshsList(t *testing.T) {
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Config: desk.Both(l)})
	c.WaitFor("● kvm QEMU").WaitFor("● lab")
	var want []string
	for _, driver := range []string{"qemu", "test"} {
		want = append(want, strings.Fields(l.VirshOn(driver, "list", "--all", "--name"))...)
	}
	slices.Sort(want)
	c.Pane("VMs").WaitTitle(fmt.Sprintf(" %d ", len(want))).WaitFor(desk.Row("guest", "run")).WaitFor(desk.Row("spare", "off"))
	got := names(c.Pane("VMs").Lines())
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the screen lists %q, virsh %q", got, want)
	}
	c.Pane("Hosts").WaitTitle(" 2 ")
}

func TestWhatVirshDoesShowsByItself(t *testing.T) {
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Config: desk.Both(l)})
	vms := c.Pane("VMs").WaitFor(desk.Row("guest", "run"))
	vms.Select("spare")

	l.DefineGuest("newcomer", false)
	c.seen(t, "define", desk.Row("newcomer", "off"))
	l.Virsh("start", "newcomer")
	c.seen(t, "start", desk.Row("newcomer", "run"))
	l.Virsh("suspend", "newcomer")
	c.seen(t, "suspend", desk.Row("newcomer", "pau"))
	l.Virsh("resume", "newcomer")
	c.seen(t, "resume", desk.Row("newcomer", "run"))
	l.Virsh("destroy", "newcomer")
	c.seen(t, "destroy", desk.Row("newcomer", "off"))
	l.Virsh("domrename", "newcomer", "aaa-renamed")
	c.seen(t, "rename", desk.Row("aaa-renamed", "off"))
	vms.Reject("newcomer")
	l.Virsh("undefine", "aaa-renamed")
	c.within(t, "undefine", func() { c.WaitGone("aaa-renamed") })
	c.promised(t, time.Second)
	if at := vms.CursorLine(); !strings.Contains(at, "spare") {
		t.Errorf("the cursor left its VM for %q", at)
	}
}
