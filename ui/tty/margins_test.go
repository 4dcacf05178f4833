package tty

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
)

// A terminal that grows while a scroll is under way: what the scroll leaves behind must
// not be in the way of the frame of the new size.
func TestGrowingWhileScrolling(t *testing.T) {
	emu := vt.NewEmulator(20, 10)
	emu.Resize(20, 16)
	_, _ = emu.WriteString("\x1b[2;10r\x1b[10;1H\n\x1b[1;10r") // for ten rows
	var rows []string
	for i := range 16 {
		rows = append(rows, fmt.Sprintf("row %d", i))
	}
	frame := "\x1b[m" + erase + strings.Join(rows, "\r\n")
	if _, err := emu.Write(settled([]byte(frame))); err != nil {
		t.Fatal(err)
	}
	for y, want := range rows {
		var got strings.Builder
		for x := range 8 {
			if c := emu.CellAt(x, y); c != nil {
				got.WriteString(c.Content)
			}
		}
		if strings.TrimRight(got.String(), " ") != want {
			t.Errorf("row %d shows %q", y, got.String())
		}
	}
}

func TestOnlyWholeFramesAreTouched(t *testing.T) {
	for _, p := range []string{"", "x", "\x1b[2J", "\x1b[H\x1b[K"} {
		if got := settled([]byte(p)); string(got) != p {
			t.Errorf("%q became %q", p, got)
		}
	}
	master, term := pair(t)
	p := []byte("a" + erase + "b")
	if n, err := term.Out().Write(p); n != len(p) || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	got := make([]byte, 64)
	n, err := master.Read(got)
	if want := "a\x1b[r" + erase + "b"; err != nil || string(got[:n]) != want {
		t.Errorf("written %q, %v; want %q", got[:n], err, want)
	}
}
