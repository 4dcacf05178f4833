package tty

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// asked is a terminal that may be asked, in the mode in which it sends what it has at once.
func asked(t *testing.T) (master *os.File, tm *Terminal) {
	t.Helper()
	master, tm = pair(t)
	if _, err := term.MakeRaw(tm.in.Fd()); err != nil {
		t.Fatal(err)
	}
	tm.lag = lag{asks: true, caught: make(chan struct{}, 1)}
	return master, tm
}

// wrote gives what a write puts on the terminal.
func wrote(t *testing.T, master *os.File, tm *Terminal, p string) string {
	t.Helper()
	if n, err := tm.Out().WriteString(p); n != len(p) || err != nil {
		t.Fatalf("write %q: %d, %v", p, n, err)
	}
	buf := make([]byte, 64<<10)
	n, err := master.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func send(t *testing.T, master io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(master, text); err != nil {
		t.Fatal(err)
	}
}

func TestAnswersReachNobody(t *testing.T) {
	for _, c := range []struct {
		reads []string
		kept  string
		n     int
	}{
		{[]string{"\x1b[0n"}, "", 1}, {[]string{"j\x1b[0nk\x1b[3n\x1b[?0n"}, "jk", 3}, {[]string{"\x1b[5n\x1b[0R"}, "\x1b[5n\x1b[0R", 0},
		{[]string{"j", "\x1b[0n\x1b[A"}, "j\x1b[A", 1}, {[]string{"\x1b", "[0nj"}, "\x1bj", 1}, {[]string{"\x1b[?", "0n"}, "\x1b[?", 1},
		{[]string{"\x1b", "[A"}, "\x1b[A", 0}, {[]string{"\x1b[200~a\x1b[0nb\x1b[201~"}, "\x1b[200~ab\x1b[201~", 1},
	} {
		var a answers
		var kept []byte
		n := 0
		for _, read := range c.reads {
			part, found := a.take([]byte(read))
			kept, n = append(kept, part...), n+found
			a.begun = begins(part)
		}
		if string(kept) != c.kept || n != c.n {
			t.Errorf("%q became %q with %d answers, want %q with %d", c.reads, kept, n, c.kept, c.n)
		}
	}
}

// Frames are held back until the terminal has come to them, keys meanwhile are read, and
// answers, whole or in pieces, are taken out.
func TestATerminalThatIsBehind(t *testing.T) {
	master, tm := asked(t)
	if tm.Behind() {
		t.Fatal("a terminal to which nothing was written is behind")
	}
	if got := wrote(t, master, tm, "first"); got != "first"+ask {
		t.Fatalf("written %q", got)
	}
	wrote(t, master, tm, strings.Repeat("x", 2*firstWindow))
	if tm.Behind() {
		t.Error("a terminal is waited for that has answered nothing yet")
	}
	in, buf := tm.In(), make([]byte, 100)
	read := func(send func(), want string) {
		t.Helper()
		send()
		if n, err := in.Read(buf); err != nil || string(buf[:n]) != want {
			t.Errorf("read %q, %v; want %q", buf[:max(n, 0)], err, want)
		}
	}
	read(func() { send(t, master, "j\x1b[0nk") }, "jk")
	if !tm.Behind() {
		t.Error("frames are written on top of what has not arrived")
	}
	read(func() { send(t, master, "j") }, "j")
	select {
	case <-tm.Caught():
		t.Error("said to have caught up by a key")
	default:
	}
	read(func() {
		send(t, master, "k\x1b[")
		go func() { send(t, master, "0n") }()
	}, "k")
	select {
	case <-tm.Caught():
	case <-time.After(5 * time.Second):
		t.Fatal("nobody is told that it has caught up")
	}
	if tm.Behind() {
		t.Error("it is still behind")
	}
	read(func() { send(t, master, "\x1b") }, "\x1b") // with nothing asked a key waits for nothing
}

// A terminal that stops to answer is waited for no longer after a while.
func TestATerminalThatStopsToAnswer(t *testing.T) {
	master, tm := asked(t)
	wrote(t, master, tm, "first")
	send(t, master, "\x1b[0n")
	_, _ = tm.In().Read(make([]byte, 10))
	tm.lag.pace.slow = true
	wrote(t, master, tm, "second")
	tm.lag.pace.window = 1
	tm.lag.pace.open[0].at = time.Now().Add(lostAfter/10 - lostAfter)
	if !tm.Behind() {
		t.Fatal("it is not behind")
	}
	select {
	case <-tm.Caught():
	case <-time.After(2 * lostAfter):
		t.Fatal("it is waited for without end")
	}
	if tm.Behind() {
		t.Error("it is still waited for")
	}
}

// What the program asked for is not left for the shell, but what is typed behind it is, and
// the screen is given back without a question.
func TestNoAnswerIsLeftForTheShell(t *testing.T) {
	master, tm := asked(t)
	wrote(t, master, tm, taken+"first")
	send(t, master, "\x1b[0n")
	_, _ = tm.In().Read(make([]byte, 10))
	tm.lag.pace.slow = true
	wrote(t, master, tm, "second")
	written := make(chan string, 1)
	go func() {
		buf := make([]byte, 100)
		n, _ := master.Read(buf)
		send(t, master, "typed\x1b[?2026;2$y\x1b[0")
		time.Sleep(restOfAnswer * 2)
		send(t, master, "nls\r")
		written <- string(buf[:n])
	}()
	if _, err := tm.Out().WriteString(givenBack); err != nil {
		t.Fatal(err)
	}
	if got := <-written; got != givenBack {
		t.Errorf("written %q", got)
	}
	left, err := unix.IoctlGetInt(int(tm.in.Fd()), unix.TIOCINQ)
	if err != nil || left != len("ls\r") {
		t.Errorf("%d bytes are left for the shell, %v, want those typed behind the answer", left, err)
	}
	if got := wrote(t, master, tm, "editor"); got != "editor" {
		t.Errorf("written %q while the terminal is somebody else's", got)
	}
	if got := wrote(t, master, tm, taken); !bytes.HasSuffix([]byte(got), []byte(ask)) {
		t.Errorf("written %q: not asked after it came back", got)
	}
}

// A terminal that answers nothing keeps nobody from leaving, but for the first second.
func TestLeavingAMuteTerminal(t *testing.T) {
	master, tm := asked(t)
	wrote(t, master, tm, taken)
	tm.lag.pace.open[0].at = time.Now().Add(-leaving)
	began := time.Now()
	wrote(t, master, tm, givenBack)
	if took := time.Since(began); took > leaving/2 {
		t.Errorf("it took %v", took)
	}
}
