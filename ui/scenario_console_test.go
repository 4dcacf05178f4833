package ui_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/ui/uitest"
)

// onConsole opens the console of a VM and waits for its shell.
func (w *world) onConsole(name string) {
	w.t.Helper()
	w.row(name, "run")
	w.Press(":").Type(name).WaitFor("VM on").Press("enter", "c")
	w.WaitFor(regexp.MustCompile(name + " on kvm1 · serial0? · connected")).Press("enter").WaitFor("root@" + name + ":~#")
}

// A console types and shows, keeps every key for the guest, and stays open when left.
func TestConsole(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1", "db-1")}, size: uitest.Size{W: 80, H: 24}})
	w.onConsole("web-1")
	w.Type("echo q?:x-$HOME 漢字 grün").Press("enter").WaitFor(regexp.MustCompile(`(?m)^q\?:x-\$HOME 漢字 grün$`))
	w.Type("garbage").Press("ctrl+c").WaitFor("garbage^C").Press("esc", "tab", "f1", "q").WaitFor("~# q")
	w.Press("backspace").Type("colours").Press("enter").WaitFor("█ 1")
	if c := w.cellOf("█ 1"); c.FG == nil {
		t.Errorf("the guest's colours are lost: %+v", c)
	}
	w.Press("ctrl+]").WaitFor("leave").Press("l")
	w.Pane("VMs").WaitFor("web-1")
	w.onConsole("db-1")
	w.WaitFor("2/2").Press("ctrl+]").WaitFor("prev").Press("p").WaitFor("web-1 on kvm1").WaitFor("█ 1")
	w.Press("ctrl+]").WaitFor("leave").Press("2").WaitFor("db-1 on kvm1")
	w.Press("ctrl+]").WaitFor("leave").Press("o").WaitFor("Consoles").Press("1").WaitFor("web-1 on kvm1")
	w.Press("ctrl+]").WaitFor("leave").Press("c")
	w.Pane("VMs").WaitFor("web-1")
	w.Press(":").Type("consoles").WaitFor("consoles").Press("enter").WaitFor("db-1 on kvm1: connected").Press("1").WaitFor("root@db-1:~#")
}

// cellOf is the cell where words begin.
func (w *world) cellOf(words string) uitest.Cell {
	w.t.Helper()
	for y, l := range w.Lines() {
		before, _, ok := strings.Cut(l, words)
		if ok {
			return w.CellAt(len([]rune(before)), y)
		}
	}
	w.t.Fatalf("no %q on the screen", words)
	return uitest.Cell{}
}

// The scrollback moves by keys of its own, and typing returns to the end.
func TestConsoleScrollback(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, size: uitest.Size{W: 80, H: 24}})
	w.onConsole("web-1")
	w.Type("seq 300").Press("enter").WaitFor(regexp.MustCompile(`(?m)^300$`))
	w.Press("ctrl+]").WaitFor("scroll").Press("s", "g").WaitFor("answers to enter")
	w.Press("G", "pgup").WaitFor(regexp.MustCompile(`(?m)^270$`)).Press("esc").WaitFor(regexp.MustCompile(`(?m)^300$`))
	w.Press("ctrl+]").WaitFor("scroll").Press("s", "pgup").WaitGone("root@web-1").Press("q").WaitFor("root@web-1")
	w.Press("ctrl+]").WaitFor("clear").Press("x").WaitGone("300")
}

// A paste goes to the guest as one, and the size is typed on request.
func TestConsolePasteAndSize(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, size: uitest.Size{W: 100, H: 30}})
	w.onConsole("web-1")
	w.Paste("echo one\necho t" + "wo\n").WaitFor(regexp.MustCompile(`(?m)^one$`)).WaitFor(regexp.MustCompile(`(?m)^two$`))
	w.Press("ctrl+]").WaitFor("size").Press("r").WaitFor("stty rows 26 cols 100")
	w.Resize(60, 20)
	w.Press("ctrl+]").WaitFor("leave").Press("r").WaitFor("stty rows 16 cols 60")
}

// The guest reboots, is switched off and on, the connection drops: the console says so
// and comes back.
func TestConsoleComesBack(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, size: uitest.Size{W: 100, H: 30}})
	h := w.hosts[0]
	w.onConsole("web-1")
	w.Type("reboot").Press("enter").WaitFor("the guest hung up").WaitFor("connected again").Press("enter").WaitFor("root@web-1")
	h.SetPower(h.VM("web-1"), backend.PowerOff, "destroyed")
	w.WaitFor("waiting: the VM is off")
	h.SetPower(h.VM("web-1"), backend.PowerOn, "")
	w.WaitFor(" · connected").Press("ctrl+]").WaitFor("clear").Press("x").WaitGone("the guest hung up")
	w.Press("enter").WaitFor("root@web-1")
	h.Drop()
	w.WaitFor("the console broke off").WaitFor("connected again").Press("enter").WaitFor("root@web-1")
}

// A VM that is off is waited for; one whose console is taken can be taken over.
func TestConsoleRefused(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1", "-db-1")}, size: uitest.Size{W: 100, H: 30}})
	h := w.hosts[0]
	w.row("db-1", "off")
	w.Press(":").Type("db-1").WaitFor("VM on").Press("enter", "c").WaitFor("waiting: the VM is off").WaitFor("connects by itself")
	h.SetPower(h.VM("db-1"), backend.PowerOn, "")
	w.WaitFor(" · connected").Press("ctrl+]").WaitFor("close").Press("c").Pane("VMs").WaitFor("db-1")
	other, err := h.Dialer().Dial(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	con, err := other.(backend.ConsoleOpener).OpenConsole(context.Background(), h.VM("web-1"), "", false)
	if err != nil {
		t.Fatal(err)
	}
	w.row("web-1", "run")
	w.Press(":").Type("web-1").WaitFor("VM on").Press("enter", "c").WaitFor("another session has it")
	w.Press("ctrl+]").WaitFor("force").Press("f").WaitFor("Take over").Press("y").WaitFor(" · connected")
	if _, err := con.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the other session: %v", err)
	}
}

// On a read-only connection a console is refused with the reason.
func TestConsoleReadOnly(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, readOnly: true})
	w.row("web-1", "run")
	w.Press("c").WaitFor("console of web-1: read-only connection")
}

// A guest that floods the screen does not keep keys waiting.
func TestConsoleFlood(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, size: uitest.Size{W: 120, H: 40}})
	w.onConsole("web-1")
	for range 3 {
		w.Type("seq 20000").Press("enter")
	}
	d := uitest.Took(0, func() {
		w.Press("ctrl+]").WaitFor("leave").Press("l")
		w.Pane("VMs").WaitFor("web-1")
	})
	if d > 3*time.Second {
		t.Errorf("leaving a flood took %v", d)
	}
	// How fast the flood is drawn depends on the machine; that it ends does not.
	w.Press("c").WaitFor(regexp.MustCompile(fmt.Sprintf(`(?m)^%d$`, 20000)), time.Minute)
}

// The key of the menu reaches the guest when it is pressed twice.
func TestConsoleSendsItsMenuKey(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, size: uitest.Size{W: 80, H: 24}})
	w.onConsole("web-1")
	w.Press("ctrl+]").WaitFor("leave").Press("ctrl+]").WaitFor("^]")
	w.Press("ctrl+]").WaitFor("leave").Press("]").WaitFor("^]^]")
	w.Press("ctrl+]").WaitFor("leave").Press("esc").WaitGone("leave").Type("x").WaitFor("^]^]x")
}
