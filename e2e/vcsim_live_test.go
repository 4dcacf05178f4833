package e2e

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

func govcVMs(v *lab.Vcsim) []string {
	var out []string
	for _, p := range strings.Fields(v.Govc("find", "/", "-type", "m")) {
		out = append(out, path.Base(p))
	}
	slices.Sort(out)
	return out
}

func TestVSphereInventoryIsGovcs(t *testing.T) {
	v := desk.Vcenter(t)
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
	want := govcVMs(v)
	c.Pane("VMs").WaitTitle(fmt.Sprintf(" %d ", len(want))).WaitFor(want[0])
	got := names(c.Pane("VMs").Lines())
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the screen lists %q, govc %q", got, want)
	}
	hosts := len(strings.Fields(v.Govc("find", "/", "-type", "h")))
	c.Pane("Hosts").WaitTitle(fmt.Sprintf(" %d ", hosts))
	c.Pane("Hosts").Focus()
	c.Press("]").Pane("Hosts").WaitTitle("[Clusters]").WaitFor("DC0_C0")
	c.Press("]").Pane("Hosts").WaitTitle("[Resource pools]").WaitFor("Resources")
}

func TestWhatGovcDoesShowsByItself(t *testing.T) {
	v := desk.Vcenter(t)
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
	vms := c.Pane("VMs").WaitFor(desk.Row("DC0_C0_RP0_VM0", "run"))
	vms.Select("DC0_C0_RP0_VM1")
	v.Govc("vm.power", "-off", "DC0_C0_RP0_VM0")
	c.seen(t, "power off", desk.Row("DC0_C0_RP0_VM0", "off"))
	v.Govc("object.rename", "/DC0/vm/DC0_C0_RP0_VM0", "aa-renamed")
	c.seen(t, "rename", desk.Row("aa-renamed", "off"))
	v.Govc("snapshot.create", "-vm", "DC0_C0_RP0_VM1", "by-govc")
	c.within(t, "snapshot", func() { c.Pane("Snapshots").WaitFor("by-govc") })
	v.Govc("vm.destroy", "aa-renamed")
	c.within(t, "destroy", func() { c.WaitGone("aa-renamed") })
	c.promised(t, 2*time.Second)
	if at := vms.CursorLine(); !strings.Contains(at, "DC0_C0_RP0_VM1") {
		t.Errorf("the cursor left its VM for %q", at)
	}
}

// govcState waits until govc gives this power state.
func govcState(t *testing.T, v *lab.Vcsim, vm, want string) {
	t.Helper()
	desk.Eventually(t, 10*time.Second, vm+" to be "+want, func() bool {
		out, err := v.TryGovc("vm.info", vm)
		return err == nil && strings.Contains(out, "Power state:  "+want)
	})
}

func TestVSpherePowerAndSnapshotsFromTheKeyboard(t *testing.T) {
	v := desk.Vcenter(t)
	const vm = "DC0_C0_RP0_VM0"
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
	vms := c.Pane("VMs")
	vms.Select(vm)
	c.Menu("p", "power: "+vm, "f")
	c.Yes("Power off, hard: " + vm + "?")
	govcState(t, v, vm, "poweredOff")
	vms.WaitFor(desk.Row(vm, "off"))
	c.Menu("p", "power: "+vm, "o")
	govcState(t, v, vm, "poweredOn")
	vms.WaitFor(desk.Row(vm, "run"))
	c.Menu("p", "power: "+vm, "s")
	c.Yes("Suspend: " + vm + "?")
	govcState(t, v, vm, "suspended")
	c.WaitFor("✓ suspend " + vm) // until then the row says what the task does
	vms.WaitFor(desk.Row(vm, "sus"))
	c.Menu("p", "power: "+vm, "u")
	govcState(t, v, vm, "poweredOn")

	c.takeSnapshot(vm, "base", "first")
	pane := c.Pane("Snapshots").WaitFor("base")
	c.takeSnapshot(vm, "base", "the same name is allowed here")
	pane.WaitFor(regexp.MustCompile(`─ ?● base`))
	if out := v.Govc("snapshot.tree", "-vm", vm); strings.Count(out, "base") != 2 {
		t.Errorf("govc shows %s", out)
	}
	pane.Select("base")
	c.Press("g")
	c.Menu("s", "snapshot: "+vm+" /base", "e")
	c.WaitFor("Rename, redescribe").Press("ctrl+u").Type("root").Press("enter").WaitGone("Rename, redescribe")
	pane.WaitFor("root")
	c.Menu("s", "snapshot: "+vm+" /root", "r")
	c.WaitFor("Revert to this snapshot: " + vm + " /root").Press("enter")
	c.Yes("Revert to this snapshot: " + vm + " /root?")
	pane.WaitFor(regexp.MustCompile(`root +now`))
	c.Menu("s", "snapshot: "+vm+" /root", "t")
	c.WaitFor("goes what is below it, 1 snapshot").Type("root").Press("enter")
	pane.WaitFor("no snapshots")
	if out, _ := v.TryGovc("snapshot.tree", "-vm", vm); strings.Contains(out, "base") || strings.Contains(out, "root") {
		t.Errorf("govc still shows %s", out)
	}
}
