package libvirt

import (
	"context"
	"encoding/binary"
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
	"hvdeck/backend/lab"
)

// serveBytes answers the first connection with these bytes, and nothing else.
func serveBytes(t *testing.T, reply []byte, hangUp bool) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hvd")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(); _ = os.RemoveAll(dir) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write(reply)
			if hangUp {
				_ = c.Close()
				continue
			}
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	return "qemu+unix:///system?socket=" + filepath.Join(dir, "s")
}

// words are big-endian, as frames are.
func frameOf(words ...uint32) []byte {
	b := make([]byte, 4*len(words))
	for i, w := range words {
		binary.BigEndian.PutUint32(b[4*i:], w)
	}
	return b
}

func TestGarbageServers(t *testing.T) {
	cases := []struct {
		name   string
		reply  []byte
		hangUp bool
		words  string
	}{
		{"http", []byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), false, "not libvirt RPC"},
		{"short and gone", []byte("SSH-2.0-x\r\n"), true, "not libvirt RPC"},
		{"nothing", nil, true, "closed the connection"},
		{"short frame", frameOf(4, programRemote, 1, 66, 1, 1, 0), false, "a frame of 4 bytes"},
		{"huge frame", frameOf(1<<31, programRemote, 1, 66, 1, 1, 0), false, "a frame of 2147483648 bytes"},
		{"other program", frameOf(28, 0x20001234, 1, 66, 1, 1, 0), false, "program 0x20001234"},
		{"unasked reply", frameOf(28, programRemote, 1, 66, 1, 77, 0), false, "was not made"},
		{"empty auth list", frameOf(28, programRemote, 1, 66, 1, 1, 0), true, ""},
		{"huge array", frameOf(32, programRemote, 1, 66, 1, 1, 0, 1<<31-1), true, ""},
		{"malformed error", frameOf(32, programRemote, 1, 66, 1, 1, 1, 5), true, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b, err := tryDial(t, serveBytes(t, c.reply, c.hangUp), false)
			if err == nil {
				_ = b.Close()
				t.Fatal("connected")
			}
			if !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v, want %q", err, c.words)
			}
			if backend.ClassOf(err) != backend.ClassUnreachable {
				t.Errorf("class %v: %v", backend.ClassOf(err), err)
			}
		})
	}
}

func TestSilentServerHonoursContext(t *testing.T) {
	d, err := New(Options{ID: "c", URI: serveBytes(t, nil, false)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if b, err := d.Dial(ctx, nil); err == nil {
		_ = b.Close()
		t.Fatal("connected")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestFrozenDaemonIsNoticed(t *testing.T) {
	l := lab.StartLibvirtd(t)
	b := dial(t, l.URI("qemu"), false)
	w := watch(t, b)
	// A first pong has to have come, else nothing is known of the peer.
	eventually(t, 10*time.Second, "a pong", func() bool { return b.(*client).poll.fence.answered.Load() })
	l.Freeze()
	defer l.Thaw()
	start := time.Now()
	failed := make(chan error, 1)
	go func() {
		failed <- b.List(context.Background(), backend.Query{Kind: backend.KindVM}, func([]backend.Object) {})
	}()
	for _, ch := range []chan error{failed, w.done} {
		select {
		case err := <-ch:
			if backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "no sign of life") {
				t.Errorf("%v", err)
			}
		case <-time.After(11 * time.Second):
			t.Fatalf("nothing noticed after %v", time.Since(start))
		}
	}
	w.done <- nil
	start = time.Now()
	_ = b.Close()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("Close took %v", took)
	}
}

func TestCloseOfFrozenDaemonFreesCalls(t *testing.T) {
	l := lab.StartLibvirtd(t)
	b := dial(t, l.URI("qemu"), false)
	l.Freeze()
	defer l.Thaw()
	failed := make(chan error, 1)
	go func() {
		_, err := b.Do(context.Background(), backend.PowerOnOp{VM: backend.Ref{Conn: "c", Kind: backend.KindVM, ID: "00000000-0000-0000-0000-000000000001"}}, backend.Progress{})
		failed <- err
	}()
	eventually(t, 10*time.Second, "the call is out", func() bool { return len(b.(*client).poll.slots) > 0 })
	start := time.Now()
	_ = b.Close()
	_ = b.Close()
	if err := <-failed; err == nil {
		t.Error("the call did not fail")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestKilledDaemon(t *testing.T) {
	l := lab.StartLibvirtd(t)
	b := dial(t, l.URI("test"), false)
	w := watch(t, b)
	l.Kill()
	select {
	case err := <-w.done:
		if backend.ClassOf(err) != backend.ClassUnreachable {
			t.Errorf("%v", err)
		}
	case <-time.After(2 * time.Second):
		t.Fatal("the watch goes on")
	}
	w.done <- nil
	err := b.List(t.Context(), backend.Query{Kind: backend.KindVM}, func([]backend.Object) {})
	if backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("%v", err)
	}
	if _, err := tryDial(t, l.URI("test"), false); backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("dial: %v", err)
	}
	l.Restart()
	dial(t, l.URI("test"), false)
}

func TestReadOnly(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineMany(1)
	for _, socket := range []string{l.Socket(), l.SocketRO()} {
		b := dial(t, "qemu+unix:///system?socket="+socket, true)
		vms := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM})
		if len(vms) != 1 {
			t.Fatalf("VMs %q", names(vms))
		}
		_, err := do(t, b, backend.PowerOnOp{VM: vms[0].ID})
		if backend.ClassOf(err) != backend.ClassDenied {
			t.Errorf("ours: %v", err)
		}
		// And by the server itself, even on the read-write socket.
		ch, err := preparePower(change{domain: mustDomain(t, vms[0].ID), deed: deed{limit: time.Minute}}, backend.PowerOnOp{VM: vms[0].ID})
		if err != nil {
			t.Fatal(err)
		}
		_, err = call(t.Context(), b.(*client).act, ch.deed, ch.run)
		var refusal *backend.Error
		if !errors.As(err, &refusal) || refusal.Class != backend.ClassDenied || refusal.Code != "29" || !strings.Contains(err.Error(), "read only access") {
			t.Errorf("the server's, on %s: %v", socket, err)
		}
		watch(t, b)
	}
}

// dialOnce dials. libvirtd 9.0 has a race in its event loop when clients leave
// (virEventGLibHandleRemoveIdle reads what was freed) and dies of it once in
// thousands of times: it is then started again, as systemd would.
func dialOnce(t *testing.T, l *lab.Libvirtd) backend.Backend {
	t.Helper()
	b, err := tryDial(t, l.URI("test"), false)
	for end := time.Now().Add(time.Second); err != nil && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if fate := l.Fate(); strings.Contains(fate, "segmentation fault") {
			t.Logf("%v: %s", err, fate)
			l.Restart()
			b, err = tryDial(t, l.URI("test"), false)
			break
		}
	}
	if err != nil {
		t.Fatalf("%v; %s; its log ends:\n%s", err, l.Fate(), l.Log())
	}
	return b
}

func TestNoGoroutineIsLeft(t *testing.T) {
	l := lab.StartLibvirtd(t)
	before := runtime.NumGoroutine()
	for range 5 {
		b := dialOnce(t, l)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = b.Watch(ctx, func(backend.Delta) {}) }()
		list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM})
		if _, err := b.Stats(t.Context(), nil); err != nil {
			t.Error(err)
		}
		cancel()
		<-done
		_ = b.Close()
	}
	eventually(t, 10*time.Second, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}
