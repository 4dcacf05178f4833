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
	each   func(w Way, send func([]byte) error) Fault
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

// SetEach gives each way of each connection that is opened from now on a fault of its
// own, which comes before that of Set. By send it can give something on at any time, also
// when nothing passes; send is safe for concurrent use and fails when the connection is gone.
func (l *Line) SetEach(f func(w Way, send func([]byte) error) Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.each = f
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
	go l.lane(ToServer, s).copy(c)
	l.lane(ToClient, c).copy(s)
	l.mu.Lock()
	delete(l.pairs, c)
	l.mu.Unlock()
}

// lane is one way of one connection.
type lane struct {
	line *Line
	way  Way
	own  Fault // nil for none

	mu sync.Mutex // held to write
	to net.Conn
}

func (l *Line) lane(w Way, to net.Conn) *lane {
	a := &lane{line: l, way: w, to: to}
	l.mu.Lock()
	each := l.each
	l.mu.Unlock()
	if each != nil {
		a.own = each(w, func(p []byte) error {
			if !a.pass(p) {
				return net.ErrClosed
			}
			return nil
		})
	}
	return a
}

func (a *lane) send(p []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := a.to.Write(p)
	return err
}

// copy moves pieces until either end is gone, and takes the other with it.
func (a *lane) copy(from net.Conn) {
	defer func() { _, _ = a.to.Close(), from.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !a.forward(append([]byte(nil), buf[:n]...)) {
			return
		}
		if err != nil {
			return
		}
	}
}

func (a *lane) forward(piece []byte) bool {
	on, alive := [][]byte{piece}, true
	if a.own != nil {
		on, alive = a.own(a.way, piece)
	}
	for _, p := range on {
		if !a.pass(p) {
			return false
		}
	}
	return alive
}

// pass does to a piece what is done to all, and sends what is left.
func (a *lane) pass(piece []byte) bool {
	a.line.mu.Lock()
	fault := a.line.fault
	a.line.mu.Unlock()
	on, alive := [][]byte{piece}, true
	if fault != nil {
		on, alive = fault(a.way, piece)
	}
	for _, p := range on {
		if a.send(p) != nil {
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
