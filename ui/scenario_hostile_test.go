package ui_test

import (
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/ui/uitest"
)

// evil are names that a hypervisor or a guest may hand over.
func evil() []string {
	return []string{
		"\x1b]0;pwned\x07\x1b[2Jclear", "\x1b[999;999Hcorner", "bell\x07\x08\x08\x08back", "new\nline\r\ntab\tbed",
		"\u202eright to left\u2066isolate", "👩‍👩‍👧‍👦 family of ZWJ", "combining " + strings.Repeat("e\u0301\u0302\u0303", 40),
		strings.Repeat("x", 10_000), strings.Repeat("日本", 5_000), "\xff\xfe broken UTF-8", "c1 \u009b31m \u0090dcs\u009c", "", "   ",
	}
}

func hostileHost() mem.Config {
	cfg := mem.Config{ID: "kvm1", Seed: 1}
	for i, name := range evil() {
		spec := mem.VMSpec{Name: name, State: backend.PowerOn, Guest: name, Notes: name, Reason: name}
		spec.Snapshots = []mem.SnapshotSpec{
			{Name: name, Description: name, Age: time.Hour, State: backend.PowerOff},
			{Name: evil()[(i+1)%len(evil())], Parent: 1, Description: name, State: backend.PowerOff, Current: true},
		}
		cfg.Specs = append(cfg.Specs, spec)
	}
	cfg.Pools = []mem.PoolSpec{{Name: evil()[0], Type: evil()[1], Path: evil()[2], State: backend.PoolRunning, Capacity: 1 << 40, Files: evil()}}
	cfg.Networks = []mem.NetworkSpec{{Name: evil()[0], Bridge: evil()[3], Forward: evil()[4], Address: evil()[1]}}
	cfg.Version, cfg.Product = "\x1b[2J9", "\x1b]0;q\x07"
	return cfg
}

// Hostile names neither act on the terminal nor move a border, in any pane, dialog,
// screen, event or error.
func TestHostileNames(t *testing.T) {
	for _, size := range []uitest.Size{{W: 140, H: 45}, {W: 80, H: 24}} {
		w := begin(t, scene{hosts: []mem.Config{hostileHost()}, size: size})
		w.Pane("VMs").WaitTitle(" 13 ")
		for range evil() {
			w.framed()
			w.Press("p").WaitFor("power: ").Press("esc")
			w.Press("s").WaitFor("snapshot: ").Press("esc")
			w.Press("j")
		}
		for _, keys := range [][]string{
			{"1"}, {"3"}, {"3", "j"}, {"4"}, {"4", "enter"}, {"5"}, {"6"}, {"2", "0"}, {"0", "]"}, {"]"}, {"]"}, {"]"}, {"2", "+"}, {"+"}, {"w"}, {"_", "_", "w"},
			{"d"}, {"esc", "y"}, {"esc", "t"}, {"esc", "i"}, {"esc", "ctrl+e"}, {"esc", "?"}, {"esc", "2"},
		} {
			w.Press(keys...).Settle(30 * time.Millisecond)
			w.framed()
		}
		w.Press("*", "p").WaitFor("power: 13 VMs").Press("f").WaitFor("Power off, hard: 13 VMs?").Press("pgdown", "pgdown")
		w.bordered(false)
		w.Press("esc", ":").Type("e").Settle(50 * time.Millisecond)
		w.bordered(false)
		w.Press("esc").Close()
	}
}

// An error with hostile words is shown harmless, in the box, the task line and the log.
func TestHostileErrors(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	h := w.hosts[0]
	h.Fail(mem.CallDo, &backend.Error{Class: backend.ClassConflict, Doing: "power off", Object: "\x1b]0;o\x07", Message: strings.Join(evil(), "\n"), Remedy: "\x1b[2J"})
	w.menu("p", "power: web-1", "f")
	w.WaitFor("hard: web-1?").Press("y").WaitFor("on kvm1: error")
	w.bordered(false)
	w.Dismiss("on kvm1: error")
	w.Press("6", "enter").WaitFor("Object:")
	w.bordered(false)
	w.Press("esc")
	h.Event(h.VM("web-1"), time.Now(), strings.Join(evil(), " "))
	w.Press("ctrl+e").WaitFor("Events").Settle(30 * time.Millisecond)
	w.framed()
}
