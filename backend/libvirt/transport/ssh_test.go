package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
)

// standIn is a program in ssh's place: it is connected at once, and ends with the line
// that it is sent as its last words. It takes no notice of SIGTERM.
const standIn = `#!/bin/sh
[ "$1" = -G ] && exit 0
trap '' TERM
echo ` + "'" + sshReady + "'" + `
IFS= read -r why || { exec sleep 600; }
echo "$why" >&2
exit 1
`

func standInTransport(t *testing.T) *sshTransport {
	t.Helper()
	program := filepath.Join(t.TempDir(), "ssh")
	if err := os.WriteFile(program, []byte(standIn), 0o700); err != nil {
		t.Fatal(err)
	}
	target, err := Parse("qemu+ssh://root@kvm1/system?command=" + program)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := New(target, Options{ID: "c"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr.(*sshTransport)
}

func connect(t *testing.T, s *sshTransport) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := s.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// breaks makes ssh end with these words and gives the error that the reader sees.
func breaks(t *testing.T, c net.Conn, words string) error {
	t.Helper()
	if _, err := c.Write([]byte(words + "\n")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Read(make([]byte, 1))
	if err == nil {
		t.Fatal("it went on")
	}
	_ = c.Close()
	return &backend.Error{Class: backend.ClassUnreachable, Message: "closed", Err: err}
}

func (s *sshTransport) running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.procs)
}

func TestAnErrorNamesTheProcessThatFailed(t *testing.T) {
	s := standInTransport(t)
	first, second := connect(t, s), connect(t, s)
	old := breaks(t, first, "Connection refused, long ago")
	now := breaks(t, second, "Permission denied, just now")
	if got := s.Explain(now); backend.ClassOf(got) != backend.ClassDenied || !strings.Contains(got.Error(), "just now") || strings.Contains(got.Error(), "ago") {
		t.Errorf("%v", got)
	}
	if got := s.Explain(old); !strings.Contains(got.Error(), "long ago") || strings.Contains(got.Error(), "now") {
		t.Errorf("%v", got)
	}
	silent := &backend.Error{Class: backend.ClassUnreachable, Message: "no sign of life for 6 s"}
	live := connect(t, s)
	began := time.Now()
	if got := s.Explain(silent); !errors.Is(got, silent) || got.Error() != silent.Error() || time.Since(began) > 100*time.Millisecond {
		t.Errorf("%v after %v", got, time.Since(began))
	}
	_ = live.Close()
}

func TestClosedConnectionsLeaveNothing(t *testing.T) {
	s := standInTransport(t)
	for range 5 {
		c := connect(t, s)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("read of a closed connection: %v", err)
		}
	}
	limit := time.Now().Add(10 * time.Second)
	for s.running() > 0 || strings.Contains(stacks(), "transport.(*sshProcess)") {
		if time.Now().After(limit) {
			t.Fatalf("%d processes left, and goroutines:\n%s", s.running(), stacks())
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Close()
	if c, err := s.Open(t.Context()); err == nil {
		_ = c.Close()
		t.Error("a closed transport opens connections")
	}
}

func stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// asking is a program in ssh's place: it asks by the askpass program and ends by itself
// when the file named in its environment is there.
const asking = `#!/bin/sh
[ "$1" = -G ] && exit 0
"$SSH_ASKPASS" "user@host's password: " &
while [ ! -e "$HVDECK_ASKPASS/die" ]; do sleep 0.05; done
exit 255
`

// patient never answers; it says what it was asked and that nobody waits any more.
type patient struct{ asked, dropped chan struct{} }

func (a patient) Ask(ctx context.Context, _ backend.Prompt) (string, error) {
	close(a.asked)
	<-ctx.Done()
	close(a.dropped)
	return "", ctx.Err()
}

// A question of an ssh that has died is taken back, and the one who asked goes, too.
func TestAQuestionEndsWithItsSSH(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ssh")
	if err := os.WriteFile(program, []byte(asking), 0o700); err != nil {
		t.Fatal(err)
	}
	target, err := Parse("qemu+ssh://root@kvm1/system?command=" + program)
	if err != nil {
		t.Fatal(err)
	}
	ask := patient{make(chan struct{}), make(chan struct{})}
	tr, err := New(target, Options{ID: "c", Ask: ask})
	if err != nil {
		t.Fatal(err)
	}
	s := tr.(*sshTransport)
	t.Cleanup(tr.Close)
	failed := make(chan error, 1)
	go func() {
		_, err := s.Open(t.Context())
		failed <- err
	}()
	<-ask.asked
	if err := os.WriteFile(filepath.Join(s.dir, "die"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case err = <-failed:
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits for an answer")
	}
	<-ask.dropped
	if backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "ssh ended: while it asked user@host's password:") {
		t.Errorf("%v", err)
	}
	for limit := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left := runningWith(s.dir)
		if left == "" {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("left running: %s", left)
		}
	}
}

// runningWith gives the command line of a process that has text in it, "" without one.
func runningWith(text string) string {
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range found {
		if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), text) {
			return strings.ReplaceAll(string(line), "\x00", " ")
		}
	}
	return ""
}
