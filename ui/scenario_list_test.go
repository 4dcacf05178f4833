package ui_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/backend/store"
	"hvdeck/ui/uitest"
)

// The operator starts the console: the frame is there with the states of the
// connections, then the rows.
func TestFirstPaint(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1", "-web-2"), vms("kvm2", "db-1")}})
	w.WaitFor("● kvm1 QEMU 9.2.0").WaitFor("● kvm2 QEMU 9.2.0")
	w.Pane("VMs").WaitTitle(" 3 ")
	w.row("web-1", "run")
	w.row("web-2", "off")
	w.Pane("Hosts").WaitFor("kvm1").WaitFor("kvm2")
	w.Pane("Overview").WaitTitle("db-1") // under the cursor
	w.framed()
	w.Press("q")
	if w.WaitExit() != 0 {
		t.Error("the end was not good")
	}
	if left := w.LeftBehind(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func many(n int) mem.Config {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("vm-%d", i+1)
	}
	return vms("kvm1", names...)
}

// The operator moves: by one, by half a page, to the ends. Names order as people count.
func TestMoving(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{many(100)}})
	pane := w.Pane("VMs").WaitTitle(" 100 ")
	at := func(key, name string) {
		t.Helper()
		w.Press(key)
		pane.WaitFor(regexp.MustCompile(`❯[●○] ` + name + ` `))
	}
	at("g", "vm-1")
	at("j", "vm-2")
	at("j", "vm-3")
	at("k", "vm-2")
	at("G", "vm-100")
	at("k", "vm-99")
	at("g", "vm-1")
	at("k", "vm-1")
	at("down", "vm-2")
	w.Press("ctrl+d").Press("ctrl+u")
	pane.WaitFor(regexp.MustCompile(`❯[●○] vm-2 `))
	w.Press("pgdown", "pgup")
	at("home", "vm-1")
	at("end", "vm-100")
}

// The operator filters as he types; "!" inverts, a field narrows; esc clears it.
func TestFiltering(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1", "-web-2", "db-1"), vms("kvm2", "web-9")}})
	pane := w.Pane("VMs").WaitTitle(" 4 ")
	for _, tt := range []struct {
		filter, count string
		shown, hidden []string
	}{
		{"web", "3 of 4", []string{"web-1", "web-2", "web-9"}, []string{"db-1"}},
		{"!web", "1 of 4", []string{"db-1"}, []string{"web-1"}},
		{"state:off", "1 of 4", []string{"web-2"}, []string{"web-1"}},
		{"!state:off web", "2 of 4", []string{"web-1", "web-9"}, []string{"web-2", "db-1"}},
		{"host:kvm2", "1 of 4", []string{"web-9"}, []string{"web-1"}},
		{"name:WEB conn:kvm1", "2 of 4", []string{"web-1", "web-2"}, []string{"web-9"}},
	} {
		w.Press("/").Type(tt.filter).Press("enter")
		pane.WaitTitle("/" + tt.filter + " ").WaitTitle(tt.count)
		for _, s := range tt.shown {
			pane.WaitFor(s)
		}
		for _, s := range tt.hidden {
			pane.Reject(s)
		}
		w.Press("esc").WaitGone("/" + tt.filter)
	}
	w.Press("/").Type("nothing-like-it")
	pane.WaitFor("nothing matches; esc clears the filter")
	w.Press("esc")
	pane.WaitTitle(" 4 ")
}

// Shift and a letter sort by the column; again, the other way round.
func TestSorting(t *testing.T) {
	cfg := vms("kvm1", "a-small", "b-big", "c-middle")
	for i, gib := range []uint64{1, 9, 4} {
		cfg.Specs[i].Memory = gib << 30
	}
	w := begin(t, scene{hosts: []mem.Config{cfg}})
	pane := w.Pane("VMs").WaitTitle(" 3 ")
	order := func(names ...string) {
		t.Helper()
		pane.WaitFor(regexp.MustCompile(`(?s)` + strings.Join(names, `.*`)))
	}
	order("a-small", "b-big", "c-middle")
	w.Press("N")
	order("c-middle", "b-big", "a-small")
	w.Press("N")
	order("a-small", "b-big", "c-middle")
	w.Press("S")
	w.hosts[0].SetPower(w.hosts[0].VM("a-small"), backend.PowerOff, "")
	pane.WaitFor(regexp.MustCompile(`a-small +off`))
}

// The cursor stays on its object while others come, go and are renamed around it.
func TestCursorStaysOnItsObject(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "b", "d", "f")}})
	h := w.hosts[0]
	pane := w.Pane("VMs").WaitTitle(" 3 ")
	pane.Select(" d ")
	on := func(name string) {
		t.Helper()
		pane.WaitFor(regexp.MustCompile(`❯[●○] ` + name + ` `))
	}
	h.AddVM(mem.VMSpec{Name: "a", State: backend.PowerOn})
	h.AddVM(mem.VMSpec{Name: "e", State: backend.PowerOn})
	pane.WaitTitle(" 5 ")
	on("d")
	h.RemoveVM(h.VM("b"))
	pane.WaitTitle(" 4 ")
	on("d")
	h.Rename(h.VM("d"), "z")
	on("z")
	w.Press("k")
	on("f")
	h.RemoveVM(h.VM("f")) // the object itself goes: a neighbour takes the cursor
	pane.WaitTitle(" 3 ")
	if at := pane.CursorLine(); at == "" {
		t.Errorf("no cursor is left: %s", w.Text())
	}
}

// At 80 columns the stack folds to the focused pane, and enter opens the details.
func TestFolding(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1", "-web-2")}, size: uitest.Size{W: 80, H: 24}})
	w.Pane("VMs").WaitTitle(" 2 ").WaitFor("web-1")
	w.Reject("╭ 1 [Hosts]")
	w.framed()
	w.Press("enter").Pane("Overview").WaitFor("State").WaitFor("running")
	w.Press("esc").Pane("VMs").WaitFor("web-2")
	w.Press("1").Pane("Hosts").WaitFor("kvm1")
	w.Press("2").Resize(40, 12).Pane("VMs").WaitFor("web-1")
	w.framed()
	w.Press("p").WaitFor("power: web-1").Press("esc").WaitGone("power: web-1")
	w.Resize(20, 5).WaitFor("hvdeck needs")
	w.Press("j", "p", "esc", "?", "q", "s", "esc", ":", "esc")
	w.Resize(1, 1).Settle(50 * time.Millisecond)
	w.Resize(120, 40).Pane("VMs").WaitFor("web-1")
	w.framed()
}

// Resizing like mad, as a tiling window manager does, with everything open.
func TestResizeStorm(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{many(30)}})
	w.Pane("VMs").WaitTitle(" 30 ")
	for i, open := range []string{"", "p", ":", "?", "m", "t", "i", "d"} {
		if open != "" {
			w.Press(open)
		}
		for n := range 20 {
			w.Resize(10+(n*37+i*11)%190, 2+(n*13+i*5)%60)
		}
		w.Press("esc", "esc")
	}
	w.Resize(120, 40)
	w.Press("2").Pane("VMs").WaitFor("vm-1")
	w.framed()
}

// + grows the pane to half and to all of the screen, _ shrinks it, w shows all columns.
func TestZoom(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	pane := w.Pane("VMs").WaitFor("web-1")
	w.Press("+").WaitGone("╭ 1 [Hosts]")
	pane.WaitFor("web-1")
	w.Press("+").WaitGone("[Overview]")
	pane.WaitFor("kvm1") // the connection has its column now
	w.framed()
	w.Press("_").WaitFor("[Overview]")
	w.Press("_").WaitFor("╭ 1 [Hosts]")
}

func TestAListThatIsStillComingSaysSo(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm", "here")}})
	w.WaitFor(regexp.MustCompile(`VMs ─+ 1 `))
	w.store.SetConn(store.ConnStatus{ID: "vc", Phase: store.Ready, Caps: backend.Caps{Kinds: []backend.Kind{backend.KindVM}}})
	w.WaitFor(regexp.MustCompile(`VMs ─+ 1\+ `))
	w.store.Apply("vc", backend.Upsert{Objects: []backend.Object{
		&backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "vc", Kind: backend.KindVM, ID: "vm-1"}, Name: "early"}},
	}})
	w.WaitFor(regexp.MustCompile(`VMs ─+ 2\+ `))
	w.store.Apply("vc", backend.Synced{Kinds: []backend.Kind{backend.KindVM}})
	w.WaitFor(regexp.MustCompile(`VMs ─+ 2 `))
}
