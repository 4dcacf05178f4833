package ui_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/theme"
	"hvdeck/ui/uitest"
)

// treeLine waits for a row of the tree whose name and words come in this order.
func treeLine(w *world, words ...string) {
	w.t.Helper()
	quoted := make([]string, len(words))
	for i, x := range words {
		quoted[i] = regexp.QuoteMeta(x)
	}
	w.WaitFor(regexp.MustCompile(`(?m)` + strings.Join(quoted, `.*`)))
}

// The tree of folders has datacenters, folders in folders and what is in them, beside the
// hosts of libvirt; the other has clusters, hosts and pools.
func TestInventoryTrees(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "git-1", "-git-2")}})
	shop().join(t, w)
	w.Pane("VMs").WaitTitle(" 7 ")
	w.Press("b", "g").WaitFor("[VMs and folders] Hosts and clusters  7 VMs")
	w.WaitFor(regexp.MustCompile(`(?s)vc1.*ams2.*mail-1.*fra1.*Web Tier.*Old.*web-0.*web-1.*web-2.*db-1`))
	treeLine(w, "● vc1", "vCenter 8.0.3", "3/5")
	treeLine(w, "fra1", "datacenter", "2/4")
	treeLine(w, "Web Tier", "folder", "1/3")
	treeLine(w, "● kvm1", "1/2")
	treeLine(w, "○ git-2", "off")
	w.Reject("Wires").Reject("esx-1 ").Reject("production")
	w.Press("]").WaitFor("VMs and folders [Hosts and clusters]")
	w.WaitFor(regexp.MustCompile(`(?s)vc1.*ams2.*alone.*mail-1.*fra1.*C0.*esx-1.*production.*web .*web-1.*web-2.*web-0.*db-1`))
	treeLine(w, "esx-1.example.net", "connected", "▲ yellow", "2/4")
	treeLine(w, "production", "pool", "1/3")
	treeLine(w, "web", "pool", "1/2")
	w.Reject("Resources").Reject("Web Tier")
	w.framed()
}

// Branches close and open, the cursor stays on its object while others come and go, and
// enter on a VM goes to it.
func TestInventoryIsLive(t *testing.T) {
	c := shop()
	w := begin(t, scene{})
	c.join(t, w)
	w.Pane("VMs").WaitTitle(" 5 ")
	w.Press("b", "g").WaitFor("❯● vc1")
	w.Press("/").Type("web tier").Press("enter").WaitFor("/web tier").WaitGone("mail-1").WaitFor("Web Tier")
	w.Press("esc").WaitFor("mail-1")
	w.WaitFor(regexp.MustCompile(`❯.*Web Tier`)).Press("j", "j", "j").WaitFor(regexp.MustCompile(`❯.*web-1`))
	c.news <- backend.Upsert{Objects: []backend.Object{&backend.VM{Meta: c.meta(backend.KindVM, "aaa-new"), DomainID: -1,
		State: backend.PowerOn, Datacenter: "ams2", FolderRef: c.ref(backend.KindFolder, "ams2")}}}
	w.WaitFor("● aaa-new")
	if at := w.cursorRow(); !strings.Contains(at, "web-1") {
		t.Errorf("the cursor went to %q", at)
	}
	w.Press("h").WaitFor(regexp.MustCompile(`❯.*Web Tier`)).Press("h").WaitFor("▸ Web Tier").WaitGone("web-2")
	w.Press("enter").WaitFor("web-2").WaitGone("▸")
	w.Press("_").WaitFor("▸ ● vc1").WaitGone("fra1").Press("+").WaitFor("web-2")
	w.Press("/").Type("web-2").Press("enter").WaitFor(regexp.MustCompile(`❯.*web-2`)).Press("enter")
	w.Pane("VMs").WaitFor("❯○ web-2")
}

// cursorRow is the row of the screen under the cursor.
func (w *world) cursorRow() string {
	for _, l := range w.Lines() {
		if strings.Contains(l, "❯") {
			return l
		}
	}
	return ""
}

// o narrows the list of VMs to what is in the place under the cursor, and just that.
func TestInventoryNarrowsTheList(t *testing.T) {
	w := begin(t, scene{size: uitest.Size{W: 220, H: 45}, hosts: []mem.Config{vms("kvm1", "git-1")}})
	shop().join(t, w)
	w.Pane("VMs").WaitTitle(" 6 ")
	for _, c := range []struct {
		tab, place, filter string
		want               int
	}{
		{"", "Web Tier", `folder:="/Web Tier"`, 3},
		{"", "Old", "Old", 1},
		{"", "fra1", "dc:=fra1", 4},
		{"", "kvm1", "conn:=kvm1", 1},
		{"]", "production", "pool:=/production", 3},
		{"]", "C0", "cluster:=C0", 4},
		{"]", "alone", "host:=alone.example.net", 1},
	} {
		w.Press("2", "/", "ctrl+u", "enter", "b") // esc and a letter sent at once are another key
		w.WaitFor("[VMs and folders]")
		if c.tab != "" {
			w.Press(c.tab).WaitFor("[Hosts and clusters]")
		}
		w.Press("/", "ctrl+u").Type(c.place).Press("enter").WaitFor("/" + c.place)
		w.WaitFor(regexp.MustCompile(`❯.* ` + c.place)).Press("o")
		w.Pane("VMs").WaitTitle(fmt.Sprintf(" %d of 6 ", c.want))
		w.WaitFor(c.filter)
	}
}

// Actions work on the row under the cursor.
func TestInventoryActs(t *testing.T) {
	c := shop()
	w := begin(t, scene{})
	c.join(t, w)
	w.Pane("VMs").WaitTitle(" 5 ")
	w.Press("b", "/").Type("mail-1").Press("enter").WaitFor(regexp.MustCompile(`❯.*mail-1`))
	w.menu("p", "power: mail-1", "f")
	w.WaitFor("Power off").Press("y")
	treeLine(w, "○ mail-1", "off")
}

// Objects whose place is not known hang under their connection, and circles end.
func TestInventoryOfOddParents(t *testing.T) {
	c := newCenter("vc1")
	gone := c.ref(backend.KindFolder, "gone")
	c.objects = []backend.Object{
		&backend.Folder{Meta: c.meta(backend.KindFolder, "lost"), Up: gone, Holds: "VMs"},
		&backend.Folder{Meta: c.meta(backend.KindFolder, "round-a"), Up: c.ref(backend.KindFolder, "round-b"), Holds: "VMs"},
		&backend.Folder{Meta: c.meta(backend.KindFolder, "round-b"), Up: c.ref(backend.KindFolder, "round-a"), Holds: "VMs"},
		&backend.VM{Meta: c.meta(backend.KindVM, "vm-lost"), FolderRef: gone, DomainID: -1, State: backend.PowerOn},
		&backend.VM{Meta: c.meta(backend.KindVM, "vm-round"), FolderRef: c.ref(backend.KindFolder, "round-a"), DomainID: -1},
		&backend.VM{Meta: c.meta(backend.KindVM, "vm-bare"), DomainID: -1},
	}
	w := begin(t, scene{})
	c.join(t, w)
	w.Pane("VMs").WaitTitle(" 3 ")
	w.Press("b")
	for _, name := range []string{"lost", "round-a", "round-b", "vm-lost", "vm-round", "vm-bare"} {
		w.WaitFor(" " + name + " ")
	}
	w.Press("]").WaitFor("vm-bare").WaitFor("vm-lost")
}

// Every size shows the names, the tree draws only ASCII where that is wanted, and no
// size breaks the frame.
func TestInventorySizes(t *testing.T) {
	for _, size := range []uitest.Size{{W: 80, H: 24}, {W: 40, H: 12}, {W: 120, H: 40}, {W: 200, H: 60}} {
		w := begin(t, scene{size: size, plain: theme.Options{ASCII: size.W == 80}})
		shop().join(t, w)
		w.WaitFor("vc1").Press("2", "b").WaitFor("INVENTORY").WaitFor("db-1")
		if size.W == 80 {
			for _, l := range w.Lines() {
				if strings.ContainsFunc(l, func(r rune) bool { return r > '~' }) {
					t.Errorf("%q is not ASCII", l)
				}
			}
			w.boxed()
			continue
		}
		w.framed()
	}
}

// boxed is framed for a frame of ASCII.
func (w *world) boxed() {
	w.t.Helper()
	width, _ := w.Size()
	w.WaitUntil("a frame of ASCII", func(lines []string) bool {
		inside := 0
		for _, l := range lines[1:] {
			if !strings.HasPrefix(l, "|") {
				continue
			}
			if inside++; len(l) != width || !strings.HasSuffix(l, "|") {
				return false
			}
		}
		return inside > 10
	})
}

// Ten thousand VMs are built off the event loop, and begin folded away.
func TestInventoryOfTenThousand(t *testing.T) {
	c := newCenter("vc1")
	dc := &backend.Folder{Meta: c.meta(backend.KindFolder, "fra1"), Datacenter: true}
	c.objects = append(c.objects, dc)
	for f := range 50 {
		folder := &backend.Folder{Meta: c.meta(backend.KindFolder, fmt.Sprintf("team-%02d", f)), Up: dc.ID, Holds: "VMs"}
		c.objects = append(c.objects, folder)
		for i := range 200 {
			c.objects = append(c.objects, &backend.VM{Meta: c.meta(backend.KindVM, fmt.Sprintf("vm-%d-%d", f, i)), FolderRef: folder.ID, DomainID: -1})
		}
	}
	w := begin(t, scene{})
	c.join(t, w)
	w.Pane("VMs").WaitTitle(" 10000 ")
	w.Press("g", "b").WaitFor("10000 VMs").WaitFor("vm-0-9").Press("h", "h").WaitGone("vm-0-9").WaitFor(regexp.MustCompile(`team-07 +folder +0/200`))
	w.Press("g", "_").WaitFor("▸").Press("+").Settle(100 * time.Millisecond).Press("G").WaitFor("vm-49-199")
	w.Press("/").Type("vm-17-4").WaitFor("/vm-17-4").Press("enter").WaitFor("11 VMs").WaitFor("vm-17-49")
}
