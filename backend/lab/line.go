package lab

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Way is a direction on a Line.
type Way int

// The ways.
const (
	ToServer Way = iota
	ToClient
)

// Fault is what a Line does to a piece of what passes. It gives the pieces that go on in
// its place (none: it is swallowed), and false when the connection breaks off after
// them. It may block, which delays what follows on that way of that connection only. It
// is called from one goroutine for each way of each connection.
type Fault func(w Way, piece []byte) (on [][]byte, alive bool)

// Line is a stretch of network between the program and a server that a test can make
// bad. Through it pass as many connections as are opened. It always ends with its test.
type Line struct {
	network, target string
	listener        net.Listener

	mu     sync.Mutex
	fault  Fault
	pairs  map[net.Conn]net.Conn // client to server
	opened int
	closed bool
}

// StartLine runs a line to a server: network is "tcp" or "unix". A line of unix sockets
// listens in a short folder of its own.
func StartLine(t testing.TB, network, target string) *Line {
	t.Helper()
	at := "127.0.0.1:0"
	if network == "unix" {
		dir, err := os.MkdirTemp("", "hvl")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		at = filepath.Join(dir, "s")
	}
	listener, err := net.Listen(network, at)
	if err != nil {
		t.Fatal(err)
	}
	l := &Line{network: network, target: target, listener: listener, pairs: map[net.Conn]net.Conn{}}
	go l.accept()
	t.Cleanup(l.close)
	return l
}

// Addr is where the program has to connect to: host:port, or the path of a socket.
func (l *Line) Addr() string { return l.listener.Addr().String() }

// Set makes the line bad from the next piece on; nil makes it good again.
func (l *Line) Set(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = f
}

// Opened is how many connections were made so far.
func (l *Line) Opened() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened
}

// Cut breaks every connection off, as a router that restarts does: both ends are told.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, s := range l.pairs {
		_, _ = c.Close(), s.Close()
	}
	l.pairs = map[net.Conn]net.Conn{}
}

// Silence is a fault: nothing passes and nobody is told, as when a cable is pulled. What
// was swallowed is lost for good, so connections opened before do not recover.
func Silence(Way, []byte) ([][]byte, bool) { return nil, true }

// Late is a fault: every piece takes this long, one after the other.
func Late(d time.Duration) Fault {
	return func(_ Way, p []byte) ([][]byte, bool) {
		time.Sleep(d)
		return [][]byte{p}, true
	}
}

func (l *Line) accept() {
	for {
		c, err := l.listener.Accept()
		if err != nil {
			return
		}
		go l.pass(c)
	}
}

func (l *Line) pass(c net.Conn) {
	s, err := net.Dial(l.network, l.target)
	if err != nil {
		_ = c.Close()
		return
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		_, _ = c.Close(), s.Close()
		return
	}
	l.pairs[c] = s
	l.opened++
	l.mu.Unlock()
	go l.copy(ToServer, s, c)
	l.copy(ToClient, c, s)
	l.mu.Lock()
	delete(l.pairs, c)
	l.mu.Unlock()
}

// copy moves pieces until either end is gone, and takes the other with it.
func (l *Line) copy(w Way, to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !l.forward(w, to, append([]byte(nil), buf[:n]...)) {
			return
		}
		if err != nil {
			return
		}
	}
}

func (l *Line) forward(w Way, to net.Conn, piece []byte) bool {
	l.mu.Lock()
	fault := l.fault
	l.mu.Unlock()
	on, alive := [][]byte{piece}, true
	if fault != nil {
		on, alive = fault(w, piece)
	}
	for _, p := range on {
		if _, err := to.Write(p); err != nil {
			return false
		}
	}
	return alive
}

func (l *Line) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	if err := l.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return
	}
	l.Cut()
}
