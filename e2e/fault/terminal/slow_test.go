package terminal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// A line of 64 kbit/s and 100 ms each way, and a key that is held: each scroll is more
// than the line carries at that rate. Every key counts, and what is on its way stays less
// than a second of the line.
func TestAHeldKeyOnASlowLine(t *testing.T) {
	const rate, presses, most = 8000, 80, 8000
	size := uitest.Size{W: 120, H: 40}
	c := demo(t, desk.Setup{Size: size, Rate: rate, Delay: 100 * time.Millisecond})
	near := desk.Start(t, desk.Setup{Args: []string{"--demo"}, Size: size})
	all := regexp.MustCompile(`2 VMs ─+ 85 ╮`)
	near.WaitFor(all).Pane("VMs").Focus()
	near.Press("g").Type(strings.Repeat("j", presses))
	c.WaitFor(all).Pane("VMs").Focus()
	c.Press("g").Settle(200 * time.Millisecond)
	c.MostOnTheWay()
	for range presses { // 20 a second
		c.Press("j")
		time.Sleep(50 * time.Millisecond)
	}
	way := c.MostOnTheWay()
	t.Logf("at most %d bytes were on their way", way)
	if way > most {
		t.Errorf("%d bytes were on their way, %d ms of the line", way, way*1000/rate)
	}
	want := underCursor(near.Lines())
	c.WaitUntil("the cursor on "+want+", where it is without a line", func(lines []string) bool { return underCursor(lines) == want })
	c.Press("ctrl+c")
	ends(t, c)
}

// underCursor is the name in the row of the cursor.
func underCursor(lines []string) string {
	found := regexp.MustCompile(`❯\S (\S+)`).FindStringSubmatch(strings.Join(lines, "\n"))
	if found == nil {
		return ""
	}
	return found[1]
}
