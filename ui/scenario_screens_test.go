package ui_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/theme"
)

// The palette finds a VM by a piece of its UUID, an action by its words, a kind by its name.
func TestPalette(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1", "db-1", "mail-1")}})
	w.Pane("VMs").WaitTitle(" 3 ")
	vm := w.store.Object(w.hosts[0].VM("mail-1")).(*backend.VM)
	w.Press(":").Type(vm.UUID).WaitFor("VM on kvm1").Press("enter")
	w.Pane("VMs").WaitFor("❯● mail-1")
	w.Press(":").Type("networks").WaitFor("go to Networks").Press("enter")
	w.Pane("Networks").WaitFor("❯")
	w.Press("2", ":").Type("node monitor").Press("enter").WaitFor("busy   user").Press("q")
	w.Press(":").Type("xyzzy-nothing").Settle(50*time.Millisecond).Press("enter", "esc")
	w.Pane("VMs").WaitFor("mail-1")
}

// Help names every key that works here, and what the signs mean.
func TestHelp(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	w.Press("?").WaitFor("Help").WaitFor("j, down").Press("/").Type("filter").Press("enter")
	w.Press("G").WaitFor("waits for an answer").Press("q").Pane("VMs").WaitFor("web-1")
}

// The node monitor shows every CPU and every NUMA cell, and the figures move.
func TestNodeMonitor(t *testing.T) {
	cfg := vms("kvm1", "web-1")
	cfg.CPUs, cfg.Cells = 8, 2
	w := begin(t, scene{hosts: []mem.Config{cfg}})
	w.Pane("Hosts").WaitFor("%").Focus()
	figures := regexp.MustCompile(`\d+% busy .*`)
	w.Press("enter").WaitFor(figures).WaitFor("NUMA").WaitFor(regexp.MustCompile(`(?m) 7 .*%`))
	first := figures.FindString(w.Text())
	w.WaitUntil("the figures to move", func(l []string) bool {
		now := figures.FindString(strings.Join(l, "\n"))
		return now != "" && now != first
	})
	w.Press("q").Pane("Hosts").WaitFor("kvm1")
}

// Top sorts the VMs by load, the busiest first.
func TestTop(t *testing.T) {
	cfg := vms("kvm1", "lazy", "busy", "-dead")
	cfg.Specs[0].Load, cfg.Specs[1].Load = 0.05, 0.9
	w := begin(t, scene{hosts: []mem.Config{cfg}})
	w.row("busy", "run")
	w.Press("t").WaitFor(regexp.MustCompile(`(?s)Top.*busy.*lazy.*dead`)).Press("q")
}

// Storage drills from the pool into its volumes and back.
func TestVolumes(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.Pane("Storage").WaitFor("default").Focus()
	w.Press("enter")
	w.Pane("Storage").WaitTitle("default").WaitFor("web-1")
	w.Press("esc")
	w.Pane("Storage").WaitFor(regexp.MustCompile(`default .*dir`))
}

// Events tell what happened, the newest first, and can be filtered.
func TestEvents(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1", "db-1")}})
	w.row("web-1", "run")
	h := w.hosts[0]
	h.Event(h.VM("web-1"), time.Now(), "first thing")
	h.Event(h.VM("db-1"), time.Now(), "second thing")
	w.Press("ctrl+e").WaitFor("Events").WaitFor(regexp.MustCompile(`(?s)second thing.*first thing`))
	w.Press("/").Type("web-1").WaitGone("second thing").Press("enter").Expect("first thing").Press("q")
}

// The raw object and the description take the whole screen and give it back.
func TestRawAndDescribe(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	w.Press("y").WaitFor("web-1 as kvm1 gives it").WaitFor("<domain").Press("q").WaitGone("gives it")
	w.Press("d").WaitFor("web-1 on kvm1").WaitFor("UUID").Press("q").Pane("VMs").WaitFor("web-1")
}

// Every theme draws the same letters; ASCII draws nothing else; NO_COLOR no colour.
func TestThemes(t *testing.T) {
	for _, name := range []string{"dark", "light", "high-contrast", "colour-blind", "mono"} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1", "-web-2")}, theme: name})
			w.row("web-1", "run")
			w.Press("p").WaitFor("power: web-1").Press("esc")
			w.framed()
		})
	}
	t.Run("ascii", func(t *testing.T) {
		w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, plain: theme.Options{ASCII: true}})
		w.WaitFor("web-1")
		for _, key := range []string{"p", "esc", "m", "q", "?", "q", "t", "q", "i", "q", "s", "esc"} {
			w.Press(key).Settle(30 * time.Millisecond)
			for _, l := range w.Lines() {
				if i := strings.IndexFunc(l, func(r rune) bool { return r > '~' }); i >= 0 {
					t.Fatalf("after %s: %q is not ASCII", key, l)
				}
			}
		}
	})
	t.Run("no colour", func(t *testing.T) {
		w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, plain: theme.Options{NoColor: true}})
		w.WaitFor("web-1")
		for y := range 45 {
			for x := range 140 {
				if c := w.CellAt(x, y); c.FG != nil || c.BG != nil {
					t.Fatalf("cell %d,%d %q has a colour", x, y, c.Text)
				}
			}
		}
	})
}

// The mouse focuses, moves the cursor and scrolls.
func TestMouse(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{many(60)}})
	pane := w.Pane("VMs").WaitTitle(" 60 ")
	y, _ := w.Row("vm-4 ")
	w.Click(5, y)
	pane.WaitFor("❯● vm-4 ")
	w.Click(5, y)
	w.Pane("Overview").WaitTitle("vm-4")
	w.Wheel(5, y, 5)
	pane.WaitFor("vm-25 ")
	w.Wheel(5, y, -9)
	pane.WaitFor("vm-1 ")
	hy, _ := w.Row("1 [Hosts]")
	w.Click(3, hy+1)
	w.Pane("Hosts").WaitFor("❯")
}

// A fault in the program: the terminal is put back, and the fault is told.
func TestCrashPutsTheTerminalBack(t *testing.T) {
	bad := make(chan struct{})
	now := func() time.Time {
		select {
		case <-bad:
			panic("asked for by a test")
		default:
			return time.Now()
		}
	}
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, now: now})
	w.row("web-1", "run")
	close(bad)
	w.Press("j")
	if w.WaitExit() == 0 {
		t.Error("a crash ended with 0")
	}
	if left := w.LeftBehind(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
