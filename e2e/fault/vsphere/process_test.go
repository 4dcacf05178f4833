package vsphere

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

func vmName(i int) string { return fmt.Sprintf("DC0_C0_RP0_VM%d", i) }

// TestFrozenVCenter: the process hangs with a task under way, and goes on.
func TestFrozenVCenter(t *testing.T) {
	v := desk.Vcenter(t, "-host", "1", "-standalone", "-1", "-vm", "3", "-task-time", "3s")
	t.Parallel()
	b := open(t, v, "http://user@"+v.Addr()+"/sdk", vmName(0)).ready()
	b.powerOff()
	b.Pane("Tasks").WaitFor(regexp.MustCompile(`power off .*running`))
	v.Freeze()
	b.names("vc reconnecting")
	b.prompt()
	v.Thaw()
	b.back()
	b.doneOnce()
	b.nothingLeft()
}

// TestAnotherInventory: the process dies and another comes up in its place, that knows
// nothing of before. What was under way is not called done.
func TestAnotherInventory(t *testing.T) {
	v := desk.Vcenter(t, "-host", "1", "-standalone", "-1", "-vm", "8", "-task-time", "20s")
	t.Parallel()
	b := open(t, v, "http://user@"+v.Addr()+"/sdk", vmName(6)).ready()
	b.powerOff()
	b.Pane("Tasks").WaitFor(regexp.MustCompile(`power off .*running`))
	v.Kill()
	b.names("vc reconnecting")
	b.prompt()
	v.RestartAs("-dc", "1", "-cluster", "1", "-host", "2", "-standalone", "-1", "-vm", "4")
	b.back()
	b.Pane("VMs").WaitTitle(" 4 ")
	b.Pane("Hosts").WaitTitle(" 2 ")
	if rows := strings.Join(b.Pane("VMs").Lines(), "\n"); strings.Contains(rows, b.vm) {
		t.Errorf("%s is still in the list:\n%s", b.vm, rows)
	}
	b.WaitFor(regexp.MustCompile(`power off ` + b.vm + ` unknown: checking`))
	b.Reject(regexp.MustCompile(`power off .*success`))
	if n := b.audited(); n != 1 {
		t.Errorf("%d operations in the audit log", n)
	}
	if events := v.Govc("events", "-n", "200"); strings.Contains(events, "powered off") {
		t.Errorf("something was powered off at the new server:\n%s", events)
	}
	b.judge()
	for _, looks := range []string{ // it still looks for what became of the operation, and shows for how long
		"hvdeck/backend/task.(*Runner).launch.func1", "hvdeck/backend/task.(*Runner).watches.func2", "charm.land/bubbletea/v2.(*Program).handleCommands.func1.1",
	} {
		b.before.Standing[looks]++
	}
	b.NothingLeaked(b.before, 20*time.Second)
	b.Signal("TERM") // which does not ask about that
	b.WaitExit()
	if n := b.sessions(); n != 0 {
		t.Errorf("%d sessions left at the server", n)
	}
}

// TestSessionEndedDuringATask: the operator notices nothing.
func TestSessionEndedDuringATask(t *testing.T) {
	v := desk.Vcenter(t, "-host", "1", "-standalone", "-1", "-vm", "3", "-task-time", "4s")
	t.Parallel()
	b := open(t, v, "http://user@"+v.Addr()+"/sdk", vmName(0)).ready()
	b.powerOff()
	b.Pane("Tasks").WaitFor(regexp.MustCompile(`power off .*running`))
	for line := range strings.Lines(v.Govc("session.ls")) {
		if fields := strings.Fields(line); strings.Contains(line, "hvdeck/") {
			v.Govc("session.rm", fields[0])
		}
	}
	v.Govc("vm.power", "-suspend", vmName(1))
	b.Pane("VMs").WaitFor(desk.Row(vmName(1), "sus"), 15*time.Second).WaitFor(desk.Row(b.vm, "off"), 15*time.Second)
	b.prompt()
	b.Reject("reconnecting")
	b.doneOnce()
	b.nothingLeft()
}
