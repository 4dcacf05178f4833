package console

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

func looksOf(t testing.TB) *theme.Theme {
	t.Helper()
	th, err := theme.Load("", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func newTerminal(t testing.TB, w, h int) *Terminal {
	t.Helper()
	term := NewTerminal(w, h, func(err error) { t.Errorf("fault: %v", err) })
	t.Cleanup(term.Close)
	return term
}

// draw checks that the drawing has exactly its size, and gives it.
func draw(t testing.TB, term *Terminal, w, h int) []string {
	t.Helper()
	out := term.Draw(w, h, true, looksOf(t))
	if len(out) != h {
		t.Fatalf("%d lines in place of %d", len(out), h)
	}
	for y, l := range out {
		if got := ansi.StringWidth(l); got != w {
			t.Fatalf("line %d has %d cells in place of %d: %q", y, got, w, l)
		}
	}
	return out
}

// words is the drawing without looks and without blanks at the ends.
func words(t testing.TB, term *Terminal, w, h int) string {
	t.Helper()
	lines := draw(t, term, w, h)
	for i, l := range lines {
		lines[i] = strings.TrimRight(ansi.Strip(l), " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func TestScreen(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"plain":             {"one\r\ntwo", "one\ntwo"},
		"wraps":             {strings.Repeat("x", 12), "xxxxxxxxxx\nxx"},
		"moves":             {"\x1b[3;3Hhere\x1b[Hx", "x\n\n  here"},
		"erases":            {"abcdef\x1b[3D\x1b[K", "abc"},
		"wide":              {"漢字ab", "漢字ab"},
		"umlauts":           {"grün", "grün"},
		"line drawing":      {"\x1b(0lqk\x1b(B", "┌─┐"},
		"alternate screen":  {"main\x1b[?1049h\x1b[Halt", "alt"},
		"and back":          {"main\x1b[?1049h\x1b[Halt\x1b[?1049l", "main"},
		"scroll region":     {"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nx\x1b[r", "a\nc\nx\nd"},
		"title":             {"\x1b]0;owned\x07ok", "ok"},
		"clipboard":         {"\x1b]52;c;aGk=\x07ok", "ok"},
		"link":              {"\x1b]8;;http://x\x07ok\x1b]8;;\x07", "ok"},
		"unknown":           {"\x1bPjunk\x1b\\\x1b_G\x1b\\\x1b^x\x1b\\ok", "ok"},
		"repeats too often": {"a\x1b[100000b\x1b[100000I\x1b[100000Zb", "ab"},
		"right to left":     {"a\u202eb", "ab"},
		"concealed":         {"a\x1b[8mhid\x1b[mb", "ahidb"},
	} {
		t.Run(name, func(t *testing.T) {
			term := newTerminal(t, 10, 4)
			term.Feed([]byte(tt.in))
			if got := words(t, term, 10, 4); got != tt.want {
				t.Errorf("shows\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestLooks(t *testing.T) {
	term := newTerminal(t, 20, 2)
	term.Feed([]byte("\x1b[31mred\x1b[1;44mbold\x1b[0mplain\x1b[38;2;1;2;3mtrue\x1b[m"))
	l := draw(t, term, 20, 2)[0]
	for _, want := range []string{"\x1b[31mred", "bold", "44", "38;2;1;2;3", reset + "plain"} {
		if !strings.Contains(l, want) {
			t.Errorf("%q has no %q", l, want)
		}
	}
	if strings.Contains(l, "\x1b[5") {
		t.Errorf("%q blinks", l)
	}
}

// Only looks may leave: no sequence of a guest but SGR, and no control character.
func onlyLooks(t testing.TB, lines []string) {
	t.Helper()
	for _, l := range lines {
		for i := range len(l) {
			if l[i] != 0x1b {
				if l[i] < ' ' || l[i] == 0x7f {
					t.Fatalf("control character %#x in %q", l[i], l)
				}
				continue
			}
			end := strings.IndexByte(l[i:], 'm')
			if end < 0 || strings.Trim(l[i+1:i+end], "[0123456789;:") != "" {
				t.Fatalf("a sequence that is no looks in %q", l)
			}
		}
	}
}

// A guest that takes its screen for larger sets margins beyond it: they end at the edge, as
// on any terminal.
func TestMarginsBeyondTheScreen(t *testing.T) {
	term := newTerminal(t, 20, 4)
	term.Feed([]byte("one\r\ntwo\r\nthree\r\nfour\x1b[2;50r\x1b[2;1H\x1b[L\x1b[?69h\x1b[1;200s\x1b[@"))
	if got := words(t, term, 20, 4); got != "one\n\ntwo\nthree" {
		t.Errorf("%q", got)
	}
}

func FuzzTerminal(f *testing.F) {
	for _, s := range []string{
		"\x1b[999999999999b", "\x1b[?2048h\x1b[?1049h\x1b[2J", "\x1b[5;2r\x1b[100L\x1b[100M", "\x1b]52;c;?\x07", "e\u0301\u200d👨‍👩‍👧\x1b[6n",
		"\x1b[?69h\x1b[3;2s\x1b[@", "\x9b31m\x84\x8d\x90", "漢\x1b[2D字\x1b[P", "\x1bc\x1b#8\x1b[!p", "\x1b[0;0H\x1b[-1A", "\xff\xfe\xc0\xaf\x1b[38;5m",
	} {
		f.Add([]byte(s), uint8(5), uint8(3))
	}
	th := looksOf(f)
	f.Fuzz(func(t *testing.T, in []byte, w, h uint8) {
		term := NewTerminal(10, 4, func(err error) { t.Error(err) })
		defer term.Close()
		began := time.Now()
		term.Feed(in)
		term.Feed([]byte("\r\nmore\x1b[3Jx"))
		ww, hh := int(w%90)+1, int(h%40)+1
		out := term.Draw(ww, hh, true, th)
		onlyLooks(t, out)
		for _, l := range out {
			if line.Width(ansi.Strip(l)) != ww {
				t.Fatalf("%d cells in place of %d: %q", line.Width(ansi.Strip(l)), ww, l)
			}
		}
		term.Say("closed")
		term.Scroll(5)
		onlyLooks(t, term.Draw(ww, hh, false, th))
		if d := time.Since(began); d > 5*time.Second {
			t.Fatalf("took %v", d)
		}
	})
}

func TestScrollback(t *testing.T) {
	term := newTerminal(t, 20, 4)
	for i := range 12_000 {
		term.Feed(fmt.Appendf(nil, "line %d\r\n", i))
	}
	if _, most := term.Scrolled(); most != pastLines {
		t.Errorf("%d lines kept", most)
	}
	term.Scroll(3)
	if got := words(t, term, 20, 4); got != "line 11994\nline 11995\nline 11996\nline 11997" {
		t.Errorf("three back:\n%s", got)
	}
	term.Feed([]byte("more\r\n"))
	if got := words(t, term, 20, 4); !strings.HasPrefix(got, "line 11994\n") {
		t.Errorf("what is looked at has moved:\n%s", got)
	}
	term.Scroll(-99)
	if got := words(t, term, 20, 4); got != "line 11998\nline 11999\nmore" {
		t.Errorf("the end:\n%s", got)
	}
	term.Clear()
	if _, most := term.Scrolled(); most != 0 || words(t, term, 20, 4) != "" {
		t.Error("not cleared")
	}
}

// A flood of looks costs no more than is allowed.
func TestMemoryIsBounded(t *testing.T) {
	term := newTerminal(t, 200, 4)
	var b bytes.Buffer
	for i := range 200 {
		fmt.Fprintf(&b, "\x1b[38;2;%d;0;0m\x1b[48;2;0;%d;0mx", i, i)
	}
	for range 2000 {
		term.Feed(b.Bytes())
	}
	term.mu.Lock()
	defer term.mu.Unlock()
	if term.past.bytes > pastBytes || term.past.len() == 0 {
		t.Errorf("%d bytes in %d lines", term.past.bytes, term.past.len())
	}
}

func TestResizeKeepsTheCursorLine(t *testing.T) {
	term := newTerminal(t, 20, 6)
	term.Feed([]byte("a\r\nb\r\nc\r\nd\r\ne\r\n$ "))
	if got := words(t, term, 20, 3); got != "d\ne\n$" {
		t.Errorf("smaller:\n%s", got)
	}
	term.Feed([]byte("ls"))
	if got := words(t, term, 30, 5); got != "d\ne\n$ ls" {
		t.Errorf("larger:\n%s", got)
	}
	if w, h := term.Size(); w != 30 || h != 5 {
		t.Errorf("size %dx%d", w, h)
	}
}

// A notice ends what the guest left half done.
func TestSay(t *testing.T) {
	term := newTerminal(t, 40, 4)
	term.Feed([]byte("main\x1b[?1049h\x1b[2;3r\x1b[?25l\x1b[Hfull\x1b]0;half"))
	term.Say("the guest ended")
	term.Feed([]byte("next"))
	if got := words(t, term, 40, 4); got != "main\n hvdeck: the guest ended\nnext" {
		t.Errorf("shows\n%s", got)
	}
}

func TestKeys(t *testing.T) {
	for _, tt := range []struct {
		key  tea.Key
		app  bool
		want string
	}{
		{tea.Key{Code: 'a', Text: "a"}, false, "a"},
		{tea.Key{Code: 'ü', Text: "ü"}, false, "ü"},
		{tea.Key{Code: 'c', Mod: tea.ModCtrl}, false, "\x03"},
		{tea.Key{Code: '\\', Mod: tea.ModCtrl}, false, "\x1c"},
		{tea.Key{Code: ' ', Mod: tea.ModCtrl}, false, "\x00"},
		{tea.Key{Code: 'x', Mod: tea.ModAlt}, false, "\x1bx"},
		{tea.Key{Code: 'x', Mod: tea.ModAlt | tea.ModCtrl}, false, "\x1b\x18"},
		{tea.Key{Code: tea.KeyEnter}, false, "\r"},
		{tea.Key{Code: tea.KeyTab}, false, "\t"},
		{tea.Key{Code: tea.KeyTab, Mod: tea.ModShift}, false, "\x1b[Z"},
		{tea.Key{Code: tea.KeyBackspace}, false, "\x7f"},
		{tea.Key{Code: tea.KeyEscape}, false, "\x1b"},
		{tea.Key{Code: tea.KeySpace, Text: " "}, false, " "},
		{tea.Key{Code: tea.KeyUp}, false, "\x1b[A"},
		{tea.Key{Code: tea.KeyUp}, true, "\x1bOA"},
		{tea.Key{Code: tea.KeyLeft, Mod: tea.ModCtrl}, true, "\x1b[1;5D"},
		{tea.Key{Code: tea.KeyF1}, false, "\x1bOP"},
		{tea.Key{Code: tea.KeyF5}, false, "\x1b[15~"},
		{tea.Key{Code: tea.KeyF12}, false, "\x1b[24~"},
		{tea.Key{Code: tea.KeyF12, Mod: tea.ModShift}, false, "\x1b[24;2~"},
		{tea.Key{Code: tea.KeyPgUp}, false, "\x1b[5~"},
		{tea.Key{Code: tea.KeyDelete}, false, "\x1b[3~"},
		{tea.Key{Code: tea.KeyLeftShift}, false, ""},
	} {
		if got := string(keyBytes(tt.key, tt.app)); got != tt.want {
			t.Errorf("%v gives %q, want %q", tt.key, got, tt.want)
		}
	}
}

func TestPaste(t *testing.T) {
	term := newTerminal(t, 10, 2)
	if got := string(term.Paste("a\r\nb\nc")); got != "a\rb\rc" {
		t.Errorf("plain: %q", got)
	}
	term.Feed([]byte("\x1b[?2004h"))
	if got := string(term.Paste("a\x1b[201~b")); got != "\x1b[200~a[201~b\x1b[201~" {
		t.Errorf("bracketed: %q", got)
	}
}

// pipes is a guest made of two pipes.
type pipes struct {
	io.Reader
	io.Writer
	close func()
}

func (p pipes) Close() error { p.close(); return nil }

func plugged(t *testing.T, term *Terminal) (s *Session, out *io.PipeWriter, in *io.PipeReader) {
	t.Helper()
	fromGuest, out := io.Pipe()
	in, toGuest := io.Pipe()
	s = Start(pipes{fromGuest, toGuest, func() { _ = fromGuest.Close(); _ = toGuest.Close() }}, term, func(err error) { t.Errorf("fault: %v", err) })
	t.Cleanup(s.Close)
	return s, out, in
}

func TestSession(t *testing.T) {
	term := newTerminal(t, 20, 3)
	s, out, in := plugged(t, term)
	_, _ = io.WriteString(out, "hello\x1b[6n\x1b[c")
	s.AwaitChange(time.Time{})
	if got := words(t, term, 20, 3); got != "hello" {
		t.Errorf("shows %q", got)
	}
	buf := make([]byte, 64)
	n, _ := io.ReadAtLeast(in, buf, 6)
	if got := string(buf[:n]); !strings.HasPrefix(got, "\x1b[1;6R") {
		t.Errorf("the guest asked where the cursor is and got %q", got)
	}
	_ = out.Close()
	if err := s.Err(); !errors.Is(err, io.EOF) {
		t.Errorf("ended by %v", err)
	}
}

// A guest that takes nothing costs a bounded amount, and is told of.
func TestUnsentIsBounded(t *testing.T) {
	s, _, _ := plugged(t, newTerminal(t, 20, 3))
	var err error
	for range 10 {
		if err = s.Type(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrFull) || s.Unsent() > mostUnsent {
		t.Errorf("%d unsent: %v", s.Unsent(), err)
	}
}

// A paste arrives whole and in order, in pieces that a slow guest takes.
func TestPasteArrivesWhole(t *testing.T) {
	s, _, in := plugged(t, newTerminal(t, 20, 3))
	want := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	if err := s.Type(want); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(in, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("not the same: %v", err)
	}
}

// A flood changes the screen 30 times a second at most, and drawing does not wait.
func TestFlood(t *testing.T) {
	term := newTerminal(t, 120, 40)
	s, out, _ := plugged(t, term)
	stop := make(chan struct{})
	go func() {
		chunk := bytes.Repeat([]byte("\x1b[32mflood \x1b[1mof\x1b[m words\r\n"), 512)
		for {
			select {
			case <-stop:
				_ = out.Close()
				return
			default:
				_, _ = out.Write(chunk)
			}
		}
	}()
	th := looksOf(t)
	notices, worst := 0, time.Duration(0)
	last := time.Time{}
	for end := time.Now().Add(time.Second); time.Now().Before(end); notices++ {
		s.AwaitChange(last)
		last = time.Now()
		term.Draw(120, 40, true, th)
		worst = max(worst, time.Since(last))
	}
	close(stop)
	if notices > 35 {
		t.Errorf("%d notices in a second", notices)
	}
	if worst > 200*time.Millisecond {
		t.Errorf("drawing waited %v", worst)
	}
}

func BenchmarkFeed(b *testing.B) {
	term := newTerminal(b, 120, 40)
	in := bytes.Repeat([]byte("\x1b[32mflood \x1b[1mof\x1b[m words that go on and on\r\n"), 512)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		term.Feed(in)
	}
}

func BenchmarkDraw(b *testing.B) {
	term := newTerminal(b, 200, 60)
	term.Feed(bytes.Repeat([]byte("\x1b[32mflood \x1b[1mof\x1b[m words that go on and on "), 512))
	th := looksOf(b)
	for b.Loop() {
		term.Draw(200, 60, true, th)
	}
}
