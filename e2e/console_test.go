package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

// console is the program on a terminal, with a home of its own.
type console struct {
	*desk.Console
	live []time.Duration // what changes by other clients took to the screen
}

// start runs the program; the test's end kills it.
func start(t *testing.T, s desk.Setup) *console {
	t.Helper()
	return &console{Console: desk.Start(t, s)}
}

// seen waits for a change by another client and records how long it took from the
// moment that the other client was told that it was done.
func (c *console) seen(t *testing.T, what string, want any) {
	t.Helper()
	c.within(t, what, func() { c.Pane("VMs").WaitFor(want) })
}

// within records how long a change by another client is waited for.
func (c *console) within(t *testing.T, what string, wait func()) {
	t.Helper()
	began := time.Now()
	wait()
	took := time.Since(began)
	c.live = append(c.live, took)
	t.Logf("%s was on the screen after %v", what, took.Round(time.Millisecond))
}

// promised fails when the usual change by another client took longer than is promised: a
// busy machine holds up one, a program that asks now and then all.
func (c *console) promised(t *testing.T, promise time.Duration) {
	t.Helper()
	slices.Sort(c.live)
	if usual := c.live[len(c.live)/2]; usual > desk.LiveWithin(promise) {
		t.Errorf("changes by others were on the screen after %v", c.live)
	}
}

// names are the first words of the rows of a pane that has a glyph before them.
func names(lines []string) []string {
	var out []string
	for _, l := range lines {
		f := strings.Fields(strings.TrimLeft(l, "❯›◈●○◐ ▶✗⚠?◌"))
		if len(f) > 0 && f[0] != "NAME▴" {
			out = append(out, f[0])
		}
	}
	return out
}

// framed checks that the borders stand where they should: at both edges of the screen,
// and where the stack meets the details. A box that lies over them is not looked at.
func (c *console) framed(t *testing.T) {
	t.Helper()
	w, h := c.Size()
	lines := c.Lines()
	seam := 0
	for x := range w {
		if c.CellAt(x, 1).Text == "╮" {
			seam = x
			break
		}
	}
	for y := 1; y < h; y++ {
		if !strings.Contains("╭│╰", c.CellAt(0, y).Text) {
			break
		}
		for _, x := range []int{seam, w - 1} {
			if !strings.Contains("╮│╯", c.CellAt(x, y).Text) {
				t.Fatalf("no border in row %d, column %d:\n%s", y, x, strings.Join(lines, "\n"))
			}
		}
	}
}
