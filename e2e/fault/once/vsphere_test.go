package once

import (
	"strings"
	"testing"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

func TestVCenterAnswersThatAreLost(t *testing.T) {
	v := desk.Vcenter(t)
	t.Parallel()
	const vm = "DC0_C0_RP0_VM0"
	line := lab.StartSOAPLine(t, v)
	bad := losingSOAP(line)
	c := desk.Start(t, desk.Setup{Config: desk.Connection("vc", "http://user@"+line.Addr()+"/sdk"), Env: desk.Password()})
	vms := c.Pane("VMs")
	vms.Select(vm)
	lost(t, c, bad, "PowerOffVM_Task", func() {
		c.Menu("p", "power: "+vm, "f")
		c.Yes("Power off, hard: " + vm + "?")
	}, "power off "+vm)
	told(t, c, "power off", "started", "unknown", "success")
	vms.WaitFor(desk.Row(vm, "off"), recovers)

	lost(t, c, bad, "CreateSnapshot_Task", func() {
		c.Menu("s", "snapshot: "+vm, "c")
		c.WaitFor("Create snapshot: " + vm).Press("ctrl+u").Type("base").Press("enter")
	}, "create snapshot "+vm)
	told(t, c, "create snapshot", "started", "unknown", "success")
	if out := v.Govc("snapshot.tree", "-vm", vm); strings.Count(out, "base") != 1 {
		t.Errorf("govc shows %s", out)
	}

	lost(t, c, bad, "CloneVM_Task", func() {
		c.Menu("v", "manage: "+vm, "c")
		c.Calm("Clone: " + vm).Press("ctrl+u").Type("copy").Press("enter")
	}, "clone VM "+vm)
	told(t, c, "clone VM", "started", "unknown", "success")
	if out := v.Govc("find", "/", "-type", "m", "-name", "copy"); strings.Count(out, "copy") != 1 {
		t.Errorf("govc finds %s", out)
	}
	for _, method := range []string{"PowerOffVM_Task", "CreateSnapshot_Task", "CloneVM_Task"} {
		if n := line.Requests(method); n != 1 {
			t.Errorf("%s was sent %d times", method, n)
		}
	}
}
