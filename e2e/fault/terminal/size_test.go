package terminal

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// demo is the console with nothing but itself.
func demo(t *testing.T, s desk.Setup) *desk.Console {
	t.Helper()
	t.Parallel()
	s.Args = append(s.Args, "--demo")
	return desk.Start(t, s)
}

// finds filters for a VM of a long list; the cursor is on it then.
func finds(c *desk.Console, name string) {
	c.Pane("VMs").WaitFor("ad-1").Focus()
	c.Press("/").Type(name).Pane("VMs").WaitFor(regexp.MustCompile(`❯\S ` + name))
	c.Press("enter").Settle(100 * time.Millisecond)
}

// 60 sizes in three seconds, with the keyboard measured, then 200 in a second, and then the right picture: that of a console that was never
// another size.
func TestAStormOfSizes(t *testing.T) {
	c, v := center(t, desk.Setup{Size: uitest.Size{W: 120, H: 40}})
	vms := c.Pane("VMs")
	vms.Select("VM0")
	before := underWay(c, v)
	calm := c.CalmKeys()
	keys := c.MeasureEnds(desk.KeyGap)
	for range 60 { // with room for the rows, so that keys can be seen to do something
		c.Resize(100+rand.IntN(60), 30+rand.IntN(20))
		time.Sleep(50 * time.Millisecond)
	}
	c.Prompt("the terminal changes its size", calm, keys.Stop())
	for range 200 {
		c.Resize(20+rand.IntN(231), 5+rand.IntN(66))
		time.Sleep(5 * time.Millisecond)
	}
	c.Resize(120, 40)
	c.WaitUntil("borders at the edges of the terminal", func(lines []string) bool {
		return len(lines) == 40 && strings.HasPrefix(lines[0], " hvdeck") && strings.HasSuffix(lines[1], "╮") && strings.HasPrefix(lines[1], "╭")
	})
	c.Prompt("its picture comes after a storm", calm, c.CalmKeys())
	c.NothingLeaked(before, soon)
	c.Press("ctrl+c")
	ends(t, c)
	loggedOut(t, v)
}

// Terminals in which there is no room for anything: a plain line says so, keys do nothing
// that nobody sees, and with room again all is as it was.
func TestNoRoomForAnything(t *testing.T) {
	c := demo(t, desk.Setup{Size: uitest.Size{W: 120, H: 40}})
	vms := c.Pane("VMs").WaitFor("NAME")
	vms.Select("ad-1")
	for _, size := range []uitest.Size{{W: 20, H: 5}, {W: 1, H: 1}, {W: 3, H: 200}, {W: 200, H: 3}, {W: 2, H: 2}, {W: 39, H: 10}, {W: 40, H: 9}} {
		c.Resize(size.W, size.H)
		want := "hvdeck needs 40x10"
		c.WaitUntil("the line that says so", func(lines []string) bool {
			return len(lines) > 0 && lines[0] != "" && strings.HasPrefix(want, lines[0])
		})
		c.Press("p", "f", "y", "enter", "q", "y", ":").Type("quit").Press("enter")
		c.Click(0, 0).Paste("q\ny\n")
		c.Settle(100 * time.Millisecond)
		if !c.Running() {
			t.Fatalf("%v: it has ended", size)
		}
	}
	c.Resize(120, 40)
	vms.WaitFor("ad-1")
	c.Reject("power:").Reject("Power off")
	if !strings.Contains(vms.CursorLine(), "ad-1") {
		t.Errorf("the cursor is on %q", vms.CursorLine())
	}
	c.Resize(20, 5).WaitFor("hvdeck needs").WaitFor("no key but ctrl")
	c.Press("ctrl+c")
	ends(t, c)
}

// A terminal that says it has no cells, as a serial line does: the usual ones are taken.
func TestASizeThatIsNotKnown(t *testing.T) {
	c := demo(t, desk.Setup{Size: uitest.Size{W: 80, H: 24}})
	c.WaitFor("hvdeck")
	c.Unsized()
	c.Press("?").WaitFor("Help")
	c.Settle(200 * time.Millisecond)
	if lines := c.Lines(); len(lines) != 24 || !strings.HasPrefix(lines[0], " hvdeck") {
		t.Errorf("%q", lines)
	}
	c.Press("q").WaitGone("Help").Press("ctrl+c")
	ends(t, c)
}
