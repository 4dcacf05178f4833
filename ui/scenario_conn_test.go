package ui_test

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/ui/uitest"
)

// A connection is lost: what is shown is grey and says that it is old; it comes back
// by itself.
func TestConnectionLostAndBack(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1"), vms("kvm2", "web-2")}})
	w.row("web-1", "run")
	w.row("web-2", "run")
	h := w.hosts[0]
	w.Pane("VMs").Select("web-1")
	live := w.CellOf("web-1 ").FG
	w.Press("j")
	h.Refuse(errors.New("connection refused"))
	h.Drop()
	w.WaitFor("◌ kvm1 reconnecting").WaitFor("● kvm2 QEMU")
	w.row("web-1", "run") // still there, but
	w.WaitUntil("the row to be grey", func([]string) bool { return true })
	w.eventually("the row to be grey", func() bool { return w.CellOf("web-1 ").FG != live })
	w.Press("k").WaitFor("STALE").WaitFor("kvm1 is reconnecting").WaitFor(regexp.MustCompile(`Data from +\d+s ago`))

	h.SetPower(h.VM("web-1"), backend.PowerOff, "behind our back")
	w.hosts[1].SetPower(w.hosts[1].VM("web-2"), backend.PowerOff, "")
	w.row("web-2", "off") // the other is not held up
	h.Refuse(nil)
	w.Press("ctrl+r").WaitFor("● kvm1 QEMU").WaitGone("STALE")
	w.row("web-1", "off")
}

// A host hangs: keys are answered all the same, and the other host is live.
func TestAHangingHostHoldsUpNothing(t *testing.T) {
	slow := vms("kvm1", "a", "b", "c")
	slow.CallTime = time.Second
	w := begin(t, scene{hosts: []mem.Config{slow, vms("kvm2", "d")}})
	w.row("a", "run")
	w.row("d", "run")
	w.hosts[0].Freeze()
	pane := w.Pane("VMs")
	for _, step := range []struct{ key, name string }{{"g", "a"}, {"j", "b"}, {"j", "c"}, {"j", "d"}, {"k", "c"}} {
		took := uitest.Took(0, func() {
			w.Press(step.key)
			pane.WaitFor(regexp.MustCompile(`❯[●○] ` + step.name + ` `))
		})
		if took > 500*time.Millisecond {
			t.Errorf("%s took %v", step.key, took)
		}
	}
	w.hosts[1].SetPower(w.hosts[1].VM("d"), backend.PowerOff, "")
	w.row("d", "off")
	w.WaitFor("kvm1 reconnecting")
	w.hosts[0].Thaw()
	w.Press("ctrl+r").WaitFor("● kvm1 QEMU", 20*time.Second)
}

// The connections have a screen of their own, with the reason and what to do.
func TestConnectionsScreen(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	denied := &backend.Error{Class: backend.ClassDenied, Doing: "connect to", Object: "kvm1", Message: "the server refused the key", Remedy: "give it another key"}
	w.hosts[0].Refuse(denied)
	w.hosts[0].Drop()
	w.WaitFor("✗ kvm1 refused")
	w.Press("i").WaitFor("Connections").WaitFor(regexp.MustCompile(`kvm1 +refused .*ctrl-r`))
	w.Press("enter").WaitFor("the server refused the key").WaitFor("What to do: give it another key").Press("esc")
	w.Press("q").Pane("VMs").WaitFor("web-1")
	w.hosts[0].Refuse(nil)
	w.Press("ctrl+r").WaitFor("● kvm1 QEMU")
}

// Nothing to connect to: the screen says what to do.
func TestNoConnection(t *testing.T) {
	w := begin(t, scene{help: "Give me something to connect to."})
	w.WaitFor("Give me something to connect to.").Press("q")
	w.WaitExit()
}

// An operation whose answer is lost is not called a success or a failure before the
// host was asked again.
func TestLostAnswerIsFoundOut(t *testing.T) {
	cfg := vms("kvm1", "web-1")
	cfg.OpTime = 2 * time.Second
	w := begin(t, scene{hosts: []mem.Config{cfg}})
	w.row("web-1", "run")
	w.menu("p", "power: web-1", "f")
	w.WaitFor("hard: web-1?").Press("y").WaitFor("▶ power off web-1")
	w.eventually("the host to be at it", func() bool {
		vm, ok := w.store.Object(w.hosts[0].VM("web-1")).(*backend.VM)
		return ok && vm.Activity == backend.ActivityPoweringOff
	})
	w.hosts[0].Drop()
	w.WaitFor("● kvm1 QEMU", 20*time.Second)
	w.row("web-1", "off")
	w.Press("6").Pane("Tasks").WaitFor(regexp.MustCompile(`power off web-1 +success`))
}
