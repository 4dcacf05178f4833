package tty

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
)

func pair(t *testing.T) (master *os.File, term *Terminal) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close(); _ = tty.Close() })
	term = &Terminal{keys: newKeys(), in: tty, out: tty, gone: make(chan struct{})}
	to, err := os.OpenFile(tty.Name(), os.O_WRONLY|openFlags, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !same(to, tty) {
		t.Fatal("a terminal opened anew is said to be another")
	}
	term.to = to
	t.Cleanup(term.Close)
	return master, term
}

// A write that nobody reads ends when the terminal is let go, and what follows is there.
func TestLetGo(t *testing.T) {
	master, term := pair(t)
	out := term.Out()
	stuck := make(chan error, 1)
	go func() {
		frame := []byte(strings.Repeat("x", 1<<20))
		_, err := out.Write(frame)
		stuck <- err
	}()
	select {
	case err := <-stuck:
		t.Fatalf("a megabyte found room: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	term.LetGo()
	select {
	case err := <-stuck:
		if err == nil {
			t.Error("a frame that was cut off is said to be written")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the write still waits")
	}
	for range 5 { // frames that are still under way
		_, _ = out.Write([]byte(strings.Repeat("y", 12<<10)))
	}
	if _, err := out.WriteString("in order"); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for buf := make([]byte, 4096); len(got) < 1<<19 && !strings.HasSuffix(string(got), "in order"); {
		n, err := master.Read(buf)
		if err != nil {
			t.Fatalf("%.100q: %v", got, err)
		}
		got = append(got, buf[:n]...)
	}
	if len(got) > 64<<10 {
		t.Errorf("%d bytes of what nobody read were kept", len(got))
	}
}

func TestTheEndIsNoticed(t *testing.T) {
	master, term := pair(t)
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = term.In().Read(make([]byte, 10))
	select {
	case <-term.Gone():
	default:
		t.Error("nothing was noticed")
	}
}

func TestTheWayOutOfAPaste(t *testing.T) {
	const out = pasteEnd
	for _, c := range []struct{ before, read, want string }{
		{"\x1b[200~", "\x1b", out + "\x1b"}, {"\x1b[200~", "j\x03", "j" + out + "\x03"}, {"", "\x1b[200~j\x1b[27u", "\x1b[200~j" + out + "\x1b[27u"},
		{"\x1b[200~", "j\x1b", "j\x1b"}, {"", "\x03", "\x03"}, {"\x1b[200~", "", ""}, {"\x1b[200~", "x\x1b[201~\x03", "x\x1b[201~\x03"},
	} {
		var p paste
		p.see([]byte(c.before))
		buf := make([]byte, 100)
		n := p.ended(buf, copy(buf, c.read))
		if got := string(buf[:n]); got != c.want {
			t.Errorf("after %q: %q became %q, want %q", c.before, c.read, got, c.want)
		}
	}
}

func TestPaste(t *testing.T) {
	var p paste
	for _, step := range []struct {
		read string
		open bool
	}{
		{"j", false}, {"\x1b[200~a", true}, {"b\x1b[20", true}, {"1~", false}, {"\x1b[2", false}, {"00~", true}, {"x\x1b[201~y\x1b[200~", true}, {"\x1b[201~", false},
	} {
		if p.see([]byte(step.read)); p.open != step.open {
			t.Errorf("after %q: %v", step.read, p.open)
		}
	}
}

// Too many parameters made the decoder of sequences panic: what it is given is bounded,
// however it is cut into reads, and characters stay as they are.
func TestSequencesAreBounded(t *testing.T) {
	many := strings.Repeat("9;", 500)
	for _, text := range []string{"\x1b[?" + many + "c", "\x1b[" + many + "R", "\x1bP" + many + "|x\x1b\\", "\x9b" + many + "c", "\x1b[1" + strings.Repeat(":2", 500) + "u"} {
		for cut := 1; cut < 40; cut += 13 {
			var s sequences
			var got []byte
			for part := range slices.Chunk([]byte(text), cut) {
				got = append(got, s.bound(part)...)
			}
			parser := ansi.NewParser()
			_, _, n, _ := ansi.DecodeSequence(got, 0, parser)
			if n != len(got) || len(got) > 40 || got[len(got)-1] != text[len(text)-1] {
				t.Errorf("%.20q became %q, of which %d bytes were decoded", text, got, n)
			}
		}
	}
	plain := "ě;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;日本\x1b[1;2A" + many + "\x1b[<0;1;1M"
	var s sequences
	if got := string(s.bound([]byte(plain))); got != plain {
		t.Errorf("%q became %q", plain, got)
	}
}
