package libvirt

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"

	"github.com/creack/pty"
)

// terminal gathers what a console prints.
type terminal struct {
	t   testing.TB
	con io.ReadWriteCloser

	mu   sync.Mutex
	text bytes.Buffer
	err  error
	over chan struct{}
}

func onConsole(t testing.TB, b backend.Backend, vm backend.Ref, force bool) *terminal {
	t.Helper()
	con, err := b.(backend.ConsoleOpener).OpenConsole(t.Context(), vm, "", force)
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, con: con, over: make(chan struct{})}
	t.Cleanup(func() { _ = con.Close(); <-x.over })
	go x.read()
	return x
}

func (x *terminal) read() {
	defer close(x.over)
	buf := make([]byte, 4096)
	for {
		n, err := x.con.Read(buf)
		x.mu.Lock()
		x.text.Write(buf[:n])
		if err != nil {
			x.err = err
			x.mu.Unlock()
			return
		}
		x.mu.Unlock()
	}
}

func (x *terminal) seen() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.text.String()
}

func (x *terminal) typed(s string) *terminal {
	x.t.Helper()
	if _, err := io.WriteString(x.con, s); err != nil {
		x.t.Fatal(err)
	}
	return x
}

func (x *terminal) waitFor(words string) *terminal {
	x.t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(x.seen(), words) {
			return x
		}
	}
	x.t.Fatalf("waited for %q; the console shows:\n%q", words, x.seen())
	return x
}

// shell waits until the guest's shell answers.
func (x *terminal) shell() *terminal {
	x.t.Helper()
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		x.typed("echo up-$((6*7))\n")
		if strings.Contains(x.seen(), "up-42") {
			return x
		}
	}
	x.t.Fatalf("no shell; the console shows:\n%q", x.seen())
	return x
}

func (x *terminal) ended() error {
	x.t.Helper()
	select {
	case <-x.over:
	case <-time.After(20 * time.Second):
		x.t.Fatal("the console did not end")
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.err
}

// TestConsole works a real guest's serial console.
func TestConsole(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineGuest("g1", true)
	b := dial(t, l.URI("qemu"), false)
	vm := vmNamed(t, b, "g1").ID
	t.Run("shell", func(t *testing.T) {
		onConsole(t, b, vm, false).shell().typed("echo $((1000-1))-\"grün\"\n").waitFor("999-grün")
	})
	t.Run("opens again", func(t *testing.T) {
		for range 5 {
			x := onConsole(t, b, vm, false)
			if err := x.con.Close(); err != nil {
				t.Fatal(err)
			}
			if err := x.ended(); !errors.Is(err, io.ErrClosedPipe) {
				t.Fatalf("read after close: %v", err)
			}
		}
	})
	t.Run("devices", func(t *testing.T) {
		d, err := b.Get(t.Context(), vm)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(d.VM.Consoles); got != "[serial0]" {
			t.Errorf("consoles %s", got)
		}
		con, err := b.(backend.ConsoleOpener).OpenConsole(t.Context(), vm, "serial0", false)
		if err != nil {
			t.Fatal(err)
		}
		_ = con.Close()
		if _, err := b.(backend.ConsoleOpener).OpenConsole(t.Context(), vm, "serial7", false); backend.ClassOf(err) != backend.ClassConflict {
			t.Errorf("a device that is not there: %v", err)
		}
	})
	t.Run("paste", func(t *testing.T) { pasteWhole(t, onConsole(t, b, vm, false).shell()) })
	t.Run("slow", func(t *testing.T) { slowReader(t, b, vm) })
	t.Run("busy", func(t *testing.T) { busyConsole(t, l, b, vm) })
	t.Run("guest that takes nothing", func(t *testing.T) { stuckGuest(t, l, b, vm) })
	t.Run("reset", func(t *testing.T) {
		// The daemon may still be getting rid of the console that was cut off before.
		x := onConsole(t, b, vm, true).shell()
		l.Virsh("reset", "g1")
		x.waitFor("LAB-GUEST-READY")
		x.typed("").shell()
	})
	t.Run("guest ends", func(t *testing.T) {
		x := onConsole(t, b, vm, false)
		l.Virsh("destroy", "g1")
		if err := x.ended(); !errors.Is(err, io.EOF) {
			t.Errorf("end of the guest reads as %v", err)
		}
		_, err := b.(backend.ConsoleOpener).OpenConsole(t.Context(), vm, "", false)
		var e *backend.Error
		if !errors.As(err, &e) || e.Class != backend.ClassConflict || e.Object != "g1" || e.Remedy == "" {
			t.Errorf("console of a VM that is off: %#v", err)
		}
		_ = x.con.Close()
		l.Virsh("start", "g1")
		eventually(t, 10*time.Second, "the console to be free", func() bool {
			con, err := b.(backend.ConsoleOpener).OpenConsole(t.Context(), vm, "", false)
			if err == nil {
				_ = con.Close()
			}
			return err == nil
		})
	})
}

const pasteSize = 64 << 10

// pasteWhole types 64 KiB into a program of the guest, which gives back its checksum.
func pasteWhole(t testing.TB, x *terminal) {
	t.Helper()
	raw := make([]byte, pasteSize*3/4)
	_, _ = rand.Read(raw)
	paste := base64.StdEncoding.EncodeToString(raw)
	ready := fmt.Sprintf("ready-%x", raw[:4])
	x.typed(fmt.Sprintf("stty raw -echo; echo %s''%s; head -c %d | sha256sum; stty sane\n", ready[:3], ready[3:], pasteSize)).waitFor(ready)
	x.typed(paste).waitFor(fmt.Sprintf("%x", sha256.Sum256([]byte(paste))))
}

// slowReader leaves a flood unread for longer than a silence is let pass, and finds
// all of it in order later; the rest of the backend does not notice.
func slowReader(t *testing.T, b backend.Backend, vm backend.Ref) {
	t.Helper()
	x := onConsole(t, b, vm, false).shell()
	_ = x.con.Close()
	<-x.over
	con, err := b.(backend.ConsoleOpener).OpenConsole(t.Context(), vm, "", false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = con.Close() }()
	_, _ = io.WriteString(con, "seq 1 60000; echo e''nd\n")
	for end := time.Now().Add(9 * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		vmNamed(t, b, "g1")
	}
	var all bytes.Buffer
	buf := make([]byte, 32<<10)
	for !strings.Contains(all.String(), "\nend") {
		n, err := con.Read(buf)
		all.Write(buf[:n])
		if err != nil {
			t.Fatalf("after %d bytes: %v", all.Len(), err)
		}
	}
	want := 1
	for _, line := range strings.Split(strings.ReplaceAll(all.String(), "\r", ""), "\n") {
		if line == fmt.Sprint(want) {
			want++
		}
	}
	if want != 60001 {
		t.Errorf("the numbers break off at %d", want)
	}
}

// busyConsole meets virsh on the console, and takes it over.
func busyConsole(t *testing.T, l *lab.Libvirtd, b backend.Backend, vm backend.Ref) {
	t.Helper()
	// The daemon may still be getting rid of the console that was open before.
	eventually(t, 20*time.Second, "virsh on the console", func() bool { return virshOnConsole(t, l) })
	con, err := b.(backend.ConsoleOpener).OpenConsole(t.Context(), vm, "", false)
	var busy *backend.Error
	if !errors.As(err, &busy) {
		t.Fatalf("%v, %v", con, err)
	}
	if busy.Class != backend.ClassBusy || !strings.Contains(busy.Remedy, "force") {
		t.Fatalf("busy console: %+v", busy)
	}
	onConsole(t, b, vm, true).shell()
}

// virshOnConsole has virsh open the guest's console until the test has ended; false when the
// daemon did not let it.
func virshOnConsole(t *testing.T, l *lab.Libvirtd) bool {
	t.Helper()
	cmd := exec.Command("virsh", "-c", l.URI("qemu"), "console", "g1")
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	// It says that it is connected before it is, and forgets what was typed until then; the
	// guest answers when it is.
	answered, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		said := bufio.NewScanner(tty)
		for said.Scan() && !strings.Contains(said.Text(), "on-42") {
		}
		if said.Err() == nil && strings.Contains(said.Text(), "on-42") {
			close(answered)
		}
		_, _ = io.Copy(io.Discard, tty)
	}()
	for range 50 {
		_, _ = io.WriteString(tty, "echo on-$((6*7))\n")
		select {
		case <-answered:
			return true
		case <-ended:
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
	return false
}

// BenchmarkConsolePaste types 64 KiB into a program of a real guest and waits for its
// checksum.
func BenchmarkConsolePaste(b *testing.B) {
	l := lab.StartLibvirtd(b)
	l.DefineGuest("g1", true)
	be := dial(b, l.URI("qemu"), false)
	x := onConsole(b, be, vmNamed(b, be, "g1").ID, false).shell()
	b.SetBytes(pasteSize)
	for b.Loop() {
		pasteWhole(b, x)
	}
}

// stuckGuest types more than a stopped guest takes. Nothing else is held up, the
// connection lives, and closing ends the typing.
func stuckGuest(t *testing.T, l *lab.Libvirtd, b backend.Backend, vm backend.Ref) {
	t.Helper()
	con, err := b.(backend.ConsoleOpener).OpenConsole(t.Context(), vm, "", false)
	if err != nil {
		t.Fatal(err)
	}
	l.Virsh("suspend", "g1")
	defer l.Virsh("resume", "g1")
	wrote := make(chan error, 1)
	go func() { _, err := con.Write(bytes.Repeat([]byte("# nothing\n"), 1<<20)); wrote <- err }()
	for end := time.Now().Add(9 * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		vmNamed(t, b, "g1")
		select {
		case err := <-wrote:
			t.Fatalf("10 MiB went into a stopped guest: %v", err)
		default:
		}
	}
	began := time.Now()
	_ = con.Close()
	select {
	case err := <-wrote:
		if err == nil {
			t.Error("the write ended well")
		}
	case <-time.After(5 * time.Second):
		t.Error("closing did not end the write")
	}
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("closing took %v", d)
	}
}

// TestConsoleEndsWithTheBackend: what was opened is not left behind.
func TestConsoleEndsWithTheBackend(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineGuest("g1", true)
	b := dial(t, l.URI("qemu"), false)
	vm := vmNamed(t, b, "g1").ID
	x := onConsole(t, b, vm, false)
	_ = b.Close()
	if err := x.ended(); backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("after the end of the backend: %v", err)
	}
	b = dial(t, l.URI("qemu"), false)
	x = onConsole(t, b, vm, true)
	l.Kill()
	if err := x.ended(); backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("after the end of the daemon: %v", err)
	}
}

// TestConsoleRefused: read-only connections and drivers without consoles say so.
func TestConsoleRefused(t *testing.T) {
	l := lab.StartLibvirtd(t)
	for _, tt := range []struct {
		uri      string
		readOnly bool
		class    backend.Class
	}{{l.URI("qemu"), true, backend.ClassDenied}, {l.URI("test"), false, backend.ClassUnsupported}} {
		b := dial(t, tt.uri, tt.readOnly)
		_, err := b.(backend.ConsoleOpener).OpenConsole(t.Context(), backend.Ref{Conn: "c", Kind: backend.KindVM, ID: "x"}, "", false)
		if backend.ClassOf(err) != tt.class {
			t.Errorf("%s: %v", tt.uri, err)
		}
	}
}
