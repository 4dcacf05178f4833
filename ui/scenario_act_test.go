package ui_test

import (
	"regexp"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
)

// Power off asks; Cancel has the focus, so that enter does nothing, and y does it.
func TestPowerOffAsks(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	w.menu("p", "power: web-1", "f")
	w.WaitFor("Power off, hard: web-1?").WaitFor("kvm1/web-1").WaitFor("What the guest has not written to disk is lost")
	w.Press("enter").WaitGone("hard: web-1?")
	w.menu("p", "power: web-1", "f")
	w.WaitFor("Power off, hard: web-1?").Press("y")
	w.row("web-1", "off")
	if n := w.hosts[0].Calls(mem.CallDo); n != 1 {
		t.Errorf("%d operations reached the host", n)
	}
	w.menu("p", "power: web-1", "o")
	w.row("web-1", "run")
}

// Marked VMs are counted, those that do not fit are named with the reason.
func TestBulkPowerOff(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "a", "b", "-c", "d", "e")}})
	pane := w.Pane("VMs").WaitTitle(" 5 ")
	w.Press("g", "space", "j", "j", "ctrl+space")
	pane.WaitTitle("4 marked")
	w.Press("p").WaitFor("power: 4 VMs").Press("f")
	w.WaitFor("Power off, hard: 3 VMs?").WaitFor("skipped: it is off").WaitFor("kvm1/a").WaitFor("kvm1/d").Reject("kvm1/e").Press("y")
	w.WaitFor("power off, hard: 3 done")
	for _, n := range []string{"a", "b", "d"} {
		w.state(w.hosts[0], n, backend.PowerOff)
	}
	w.state(w.hosts[0], "e", backend.PowerOn)
	pane.WaitTitle(regexp.MustCompile(`─ 5 $`)) // the marks are gone
	w.Press("*")
	pane.WaitTitle("5 marked")
	w.Press("ctrl+\\")
	pane.WaitTitle(regexp.MustCompile(`─ 5 $`))
}

func snap(name string, parent int, current bool) mem.SnapshotSpec {
	return mem.SnapshotSpec{Name: name, Parent: parent, Current: current, Age: time.Hour, State: backend.PowerOff}
}

// Snapshots: taken, reverted to, deleted with all below after the name was typed.
func TestSnapshotTree(t *testing.T) {
	cfg := vms("kvm1", "web-1")
	cfg.Specs[0].Snapshots = []mem.SnapshotSpec{snap("base", 0, false), snap("updated", 1, true), snap("zig", 1, false)}
	w := begin(t, scene{hosts: []mem.Config{cfg}})
	pane := w.Pane("Snapshots").WaitFor("base").WaitFor(regexp.MustCompile(`├─ ● updated +now`)).WaitFor("└─ zig")
	w.menu("s", "snapshot: web-1", "c")
	w.WaitFor("Create snapshot: web-1").Press("ctrl+u").Type("fresh").Press("tab").Type("as of today").Press("enter")
	pane.WaitFor(regexp.MustCompile(`└─ ● fresh +now`))

	pane.Select("zig")
	w.menu("s", "snapshot: web-1 /base/zig", "r")
	w.WaitFor("Revert to this snapshot: web-1 /base/zig").WaitFor("Safety snapshot first").Press("enter")
	w.WaitFor(regexp.MustCompile(`What changed since "fresh", .* ago is lost`)).Press("y")
	pane.WaitFor(regexp.MustCompile(`● zig +now`))

	pane.Select("updated")
	w.menu("s", "/base/updated", "t")
	w.WaitFor("With /base/updated goes what is below it, 1 snapshot").WaitFor("/base/updated/fresh").Press("y").Type("pdate").Press("enter").WaitFor("not the same; nothing was done")
	w.Press("ctrl+u").Type("updated").Press("enter").WaitGone("what is below it")
	pane.WaitFor("zig").WaitFor("base")
	w.WaitGone("fresh")
}

// A safety snapshot is taken first, and the revert follows.
func TestSafetySnapshot(t *testing.T) {
	cfg := vms("kvm1", "web-1")
	cfg.Specs[0].Snapshots = []mem.SnapshotSpec{snap("base", 0, true)}
	w := begin(t, scene{hosts: []mem.Config{cfg}})
	pane := w.Pane("Snapshots").WaitFor("base")
	pane.Select("base")
	w.menu("s", "snapshot: web-1 /base", "r")
	w.WaitFor("Safety snapshot first").Press("shift+tab", "space").WaitFor(regexp.MustCompile(`Safety snapshot first .*yes`)).Press("enter")
	w.WaitFor("The present state is kept in a safety snapshot").Press("y")
	pane.WaitFor("before-revert-")
	pane.WaitFor(regexp.MustCompile(`● base +now`))
}

// A VM without snapshots can have its first from the empty pane.
func TestFirstSnapshotFromTheEmptyPane(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	pane := w.Pane("Snapshots").WaitFor("no snapshots; s c takes one")
	w.Press("3")
	w.menu("s", "snapshot: web-1", "c")
	w.WaitFor("Create snapshot: web-1").Press("enter")
	pane.WaitFor("snap-")
}

// What does not fit stays on the menu, greyed, with the reason.
func TestGreyedEntriesSayWhy(t *testing.T) {
	cfg := vms("kvm1", "-web-1")
	w := begin(t, scene{hosts: []mem.Config{cfg}})
	w.row("web-1", "off")
	w.Press("p").WaitFor("Power off, hard · it is off").WaitFor("Answer its question… · it asks nothing").WaitFor("Resume · it is off")
	w.Press("f").Expect("power: web-1").Press("esc").WaitGone("power: web-1")
	w.Press("s").WaitFor("Revert to the current one… · it has no snapshots").Press("esc").WaitGone("snapshot: web-1")
	w.Press("x").WaitFor("Every action: web-1").WaitFor("Create snapshot…").Press("esc")
	if n := w.hosts[0].Calls(mem.CallDo); n != 0 {
		t.Errorf("%d operations reached the host", n)
	}
}

// Read-only: nothing can be changed, and the reason is in sight.
func TestReadOnly(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, readOnly: true})
	w.WaitFor(regexp.MustCompile(`kvm1 QEMU \S+ ro`))
	w.row("web-1", "run")
	w.Press("p").WaitFor("Power off, hard · read-only connection").Press("f", "esc").WaitGone("power: web-1")
	w.Press("s").WaitFor("Create snapshot… · read-only connection").Press("c", "esc").WaitGone("snapshot: web-1")
	w.Press(":").Type("power off").WaitFor("read-only connection").Press("enter", "esc", "esc")
	if n := w.hosts[0].Calls(mem.CallDo); n != 0 {
		t.Errorf("%d operations reached the host", n)
	}
}

// The server refuses: its words are shown in full, until they are closed.
func TestRefusalIsShown(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	w.hosts[0].Fail(mem.CallDo, &backend.Error{Class: backend.ClassConflict, Code: "55", Doing: "power off", Object: "web-1", Message: "Requested operation is not valid: the moon is wrong"})
	w.menu("p", "power: web-1", "f")
	w.WaitFor("hard: web-1?").Press("y").WaitFor("power off web-1 on kvm1: error").WaitFor("the moon is wrong")
	w.row("web-1", "run")
}

// The pending question of a VM is in sight and can be answered.
func TestPendingQuestion(t *testing.T) {
	cfg := vms("kvm1", "web-1")
	q := &backend.Question{ID: "7", Text: "Was it moved or copied?", Default: 1, Choices: []backend.Choice{{Key: "m", Label: "I moved it"}, {Key: "c", Label: "I copied it"}}}
	w := begin(t, scene{hosts: []mem.Config{cfg}})
	h := w.hosts[0]
	w.row("web-1", "run")
	h.Ask(h.VM("web-1"), q)
	w.Pane("Overview").WaitFor("Question").WaitFor("Was it moved or copied?").WaitFor("I copied it (default)")
	w.menu("p", "power: web-1", "?")
	w.WaitFor("Answer its question: web-1").WaitFor("I copied it").Press("enter")
	w.state(h, "web-1", backend.PowerOn)
	w.WaitGone("Was it moved or copied?")
}

// Tasks: one that runs is seen with its progress, cancelled, waited for.
func TestTasks(t *testing.T) {
	cfg := vms("kvm1", "web-1", "web-2")
	cfg.OpTime = 20 * time.Second
	w := begin(t, scene{hosts: []mem.Config{cfg}})
	w.row("web-1", "run")
	w.Pane("VMs").Select("web-1")
	w.menu("s", "snapshot: web-1", "c")
	w.WaitFor("Create snapshot: web-1").Press("enter").WaitFor(regexp.MustCompile(`▶ create snapshot web-1`))
	w.Press("6").Pane("Tasks").WaitFor(regexp.MustCompile(`create snapshot web-1 +running`))
	w.Press("W").WaitFor("Wait for: create snapshot web-1").Press("enter").WaitGone("Wait for: create")
	w.Press("q").WaitFor("Quit hvdeck?").WaitFor("1 running here").Press("esc").WaitGone("Quit hvdeck?")
	w.Press("C").WaitFor("Stop the task: create snapshot web-1?").Press("y")
	w.Pane("Tasks").WaitFor("cancelled")
	w.Dismiss("Waited for")
	w.Press("enter").WaitFor("Object:   web-1 on kvm1").Press("esc")
}

// While it is looked for what became of an operation, nothing else is offered on its object,
// with the reason.
func TestAnObjectInDoubt(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1", "-web-2")}})
	w.Pane("VMs").Select("web-1")
	w.hosts[0].Fail(mem.CallDo, &backend.Error{Class: backend.ClassLost, Doing: "power on", Object: "web-1", Message: "the answer was lost"})
	w.menu("p", "power: web-1", "o")
	w.WaitFor("unknown: checking")
	w.Press("p").WaitFor("power: web-1").WaitFor(`the outcome of "power on" is still looked for`).Press("esc").WaitGone("power: web-1")
	w.Pane("VMs").Select("web-2")
	w.menu("p", "power: web-2", "o")
	w.row("web-2", "run")
}
