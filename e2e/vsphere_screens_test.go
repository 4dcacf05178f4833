package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// demoCenter is the simulator with the inventory of the demo: folders, pools, alarms and
// past loads.
func demoCenter(t *testing.T) (*lab.Vcsim, *console) {
	t.Helper()
	v := lab.StartVcsim(t, "-demo")
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
	c.Pane("VMs").WaitTitle(" 61 ")
	return v, c
}

// The trees are those of govc, also after govc has changed them.
func TestVSphereInventoryTrees(t *testing.T) {
	v, c := demoCenter(t)
	c.Press("b", "/").Type("db-02").Press("enter").WaitFor(regexp.MustCompile(`(?s)fra1.*datacenter.*Production.*folder.*db-02`))
	c.WaitFor("VMs /db-02").Press("esc").WaitGone("/db-02")
	c.Press("]").WaitFor("[Hosts and clusters]")
	for _, p := range strings.Fields(v.Govc("find", "/", "-type", "c")) {
		name := p[strings.LastIndexByte(p, '/')+1:]
		c.Press("/", "ctrl+u").Type(name).Press("enter").WaitFor(regexp.MustCompile(name + ` +cluster`)).WaitFor("VMs /" + name).Press("esc").WaitGone("/" + name)
	}
	c.Press("[").WaitFor("[VMs and folders]").Press("/", "ctrl+u").Type("by-govc").Press("enter").WaitFor("nothing matches")
	v.Govc("folder.create", "/fra1/vm/by-govc")
	c.WaitFor(regexp.MustCompile(`by-govc +folder +0/0`))
	v.Govc("object.mv", "/fra1/vm/Production/db-02", "/fra1/vm/by-govc")
	c.WaitFor(regexp.MustCompile(`by-govc +folder +1/1`))
	c.Press("o").Pane("VMs").WaitTitle(" 1 of 61 ").WaitFor("db-02")
}

// What the list does not know the server finds.
func TestVSphereFindAtTheServer(t *testing.T) {
	v, c := demoCenter(t)
	out := strings.Fields(v.Govc("ls", "-i", "/fra1/vm/Production/db-02"))
	if len(out) == 0 {
		t.Fatal("govc does not list db-02")
	}
	c.Press("f").WaitFor("Find VM").Type("/fra1/vm/Production/db-02").Press("enter")
	c.Pane("VMs").WaitFor(regexp.MustCompile(`❯. db-02 `))
	c.Press("f").WaitFor("Find VM").Type("no-such.example.net@fra1").Press("enter").WaitFor("No VM in fra1").WaitFor("vc: the server finds none").Press("esc")
}

// Past loads are plots, one span after the other.
func TestVSphereHistory(t *testing.T) {
	_, c := demoCenter(t)
	c.Press("2", "/").Type("db-02").Press("enter").Pane("VMs").WaitFor(regexp.MustCompile(`❯. db-02 `))
	c.Press("u").WaitFor("[last hour]").WaitFor(regexp.MustCompile(`CPU  min \d`)).WaitFor("Memory")
	c.Press("]").WaitFor("[last day]").WaitFor("means of 5 min").WaitFor(regexp.MustCompile(`CPU  min \d`))
	c.Press("h").WaitFor(regexp.MustCompile(`CPU at \d\d-\d\d \d\d:\d\d`)).Press("q")
}

// What govc does is in the events of the VM, each thing once: those told live, and those
// from before the console was there.
func TestVSphereEventsOfAVM(t *testing.T) {
	v := lab.StartVcsim(t, "-dc", "1", "-cluster", "1", "-host", "2", "-vm", "3")
	const vm = "DC0_C0_RP0_VM0"
	v.Govc("vm.power", "-off", vm)
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
	c.Pane("VMs").WaitFor(desk.Row(vm, "off")).Select(vm)
	v.Govc("vm.power", "-on", vm)
	c.Pane("VMs").WaitFor(desk.Row(vm, "run"))
	c.Press(":").Type("events of this").Press("enter").WaitFor("[Events of " + vm + "]").WaitFor("with the server's as of")
	c.WaitFor(regexp.MustCompile(`(?s)powered on.*powered off`), 10*time.Second)
	c.Press("/").Type("powered off").Press("enter").WaitFor(regexp.MustCompile(`/powered off  1 of \d+`))
	c.Press("enter").WaitFor("User: ").Press("esc")
}

// An alarm that is acknowledged here is acknowledged at the server.
func TestVSphereAlarms(t *testing.T) {
	v, c := demoCenter(t)
	c.WaitFor("2 alarms").Press("!", "/").Type("db-02").Press("enter").WaitFor(regexp.MustCompile(`❯.*db-02`))
	c.Menu("v", "manage: ", "a")
	c.WaitFor("1 alarm").WaitFor(regexp.MustCompile(`yellow, acked.*db-02`))
	if out := v.Govc("alarms", "-ack", "/fra1/vm/Production/db-02"); !strings.Contains(out, "db-02") {
		t.Logf("govc: %s", out)
	}
	c.Press("enter").Pane("VMs").WaitFor(regexp.MustCompile(`❯. db-02 `))
	c.Pane("Overview").WaitFor("Alarms").WaitFor("acknowledged")
}
