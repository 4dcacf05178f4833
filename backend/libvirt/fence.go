package libvirt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"hvdeck/backend/guard"
	"hvdeck/backend/libvirt/transport"
)

// fence stands between the client library and the network. It lets through only
// well-formed replies that were asked for, keeps events for the watcher (the
// library drops or blocks on them), answers and sends keepalive messages, and
// knows why the connection ended.
type fence struct {
	net.Conn
	in *bufio.Reader
	// pong is what the peer answers to a ping.
	pong []byte
	// rest is how long nothing of a message that has begun may come.
	rest time.Duration
	// readOnly asks the server for a read-only connection when it is opened.
	readOnly bool

	// Of the library's reading goroutine.
	head   []byte // what is left of the current frame
	frames int    // seen so far

	wmu      sync.Mutex // also held while a frame is half written
	out      outgoing
	pending  sync.Map // procedure by serial, of calls without an answer
	silence  atomic.Int32
	answered atomic.Bool   // the peer has answered a ping
	calls    atomic.Uint64 // made so far

	onEvent atomic.Pointer[func(procedure uint32, payload []byte)]

	// Of a connection that carries one stream: onStream takes its frames, and patient
	// says that silence means nothing. See streamConn.
	onStream atomic.Pointer[func(kind, status uint32, payload []byte)]
	// streamRoom, when set, gives the room for a payload of the stream.
	streamRoom atomic.Pointer[func(size int) []byte]
	patient    atomic.Bool

	once  sync.Once
	done  chan struct{}
	cause error // set before done is closed
}

func newFence(c net.Conn, readOnly bool) *fence {
	return &fence{Conn: c, in: bufio.NewReaderSize(c, 64<<10), pong: keepaliveFrame(keepalivePong), rest: restPatience, readOnly: readOnly, done: make(chan struct{})}
}

// fail ends the connection; the first cause stays.
func (f *fence) fail(cause error) {
	f.once.Do(func() {
		f.cause = cause
		close(f.done)
		_ = f.Conn.Close()
	})
}

// Close implements net.Conn. Only the library calls it, when logging in failed: what
// the peer sent last is read before, as it may say why.
func (f *fence) Close() error {
	select {
	case <-f.done:
	case <-time.After(lastWords):
		f.fail(errClosed)
	}
	return nil
}

// errClosed is the cause when we ended the connection ourselves.
var errClosed = transport.ErrClosed

// Read gives the library the next bytes of a reply. Its errors are plain ones: the
// library would go on reading after some net errors.
func (f *fence) Read(p []byte) (int, error) {
	for {
		if len(f.head) > 0 {
			n := copy(p, f.head)
			f.head = f.head[n:]
			return n, nil
		}
		if err := f.nextFrame(); err != nil {
			return 0, f.readFailed(err)
		}
	}
}

func (f *fence) readFailed(err error) error {
	var broken *net.OpError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		err = &lostLink{"the server closed the connection", err}
	case errors.As(err, &broken):
		err = &lostLink{"the connection broke: " + transport.Plain(err), err}
	}
	f.fail(err)
	return io.EOF
}

// lostLink words the end of a connection; the transport can tell more of its cause.
type lostLink struct {
	words string
	cause error
}

// Error implements error.
func (l *lostLink) Error() string { return l.words }

// Unwrap gives what the transport said.
func (l *lostLink) Unwrap() error { return l.cause }

// nextFrame reads a header and either prepares its frame for the library or deals
// with it here.
func (f *fence) nextFrame() error {
	head := make([]byte, frameHeadLen)
	n, err := io.ReadFull(f.in, head)
	if err != nil {
		if n > 0 && f.frames == 0 {
			return notLibvirt(head[:n], "")
		}
		return err
	}
	h := parseHead(head)
	if err := h.check(); err != nil {
		return notLibvirt(head, err.Error())
	}
	f.frames++
	f.silence.Store(0)
	size := int(h.length) - frameHeadLen
	switch {
	case h.program == programKeepalive:
		return f.keepalive(h.procedure, size)
	case h.kind == frameMessage:
		return f.event(h.procedure, size)
	case h.serial == streamSerial:
		if take := f.onStream.Load(); take != nil {
			return f.streamFrame(*take, head, size)
		}
		return strayStream(h)
	case h.kind == frameReply:
		if err := f.due(h); err != nil {
			return err
		}
		return f.wholeAnswer(head, h, size)
	default:
		return strayStream(h)
	}
}

func strayStream(h frameHead) error {
	return fmt.Errorf("the server sent a stream that was not opened (serial %d)", h.serial)
}

// due takes the call of an answer from those that wait. An answer to another procedure
// is none: the library reads each as what the call gives.
func (f *fence) due(h frameHead) error {
	asked, ok := f.pending.LoadAndDelete(h.serial)
	if !ok {
		return fmt.Errorf("the server answered a call that was not made (serial %d)", h.serial)
	}
	if call := asked.(procedure); call != h.called() {
		return fmt.Errorf("the server answered the call %s as %s", procedureName(call.program, call.number), procedureName(h.program, h.procedure))
	}
	return nil
}

// notLibvirt is the error for a peer that speaks another protocol.
func notLibvirt(got []byte, why string) error {
	msg := fmt.Sprintf("answered something that is not libvirt RPC: %q", got)
	if why != "" {
		msg += " (" + why + ")"
	}
	return errors.New(msg)
}

func (f *fence) event(procedure uint32, size int) error {
	payload, err := f.payload(size)
	if err != nil {
		return err
	}
	if fn := f.onEvent.Load(); fn != nil {
		(*fn)(procedure, payload)
	}
	return nil
}

func (f *fence) keepalive(procedure uint32, size int) error {
	if size > 0 {
		return fmt.Errorf("a sign of life of %d bytes", size+frameHeadLen)
	}
	if procedure != keepalivePing {
		f.answered.Store(true)
		return nil
	}
	// Not from this goroutine: a write may block on a peer that does not read.
	guard.Go("libvirt pong", f.fail, func() { f.sendKeepalive(keepalivePong) })
	return nil
}

// Write passes on the library's frames, noting which calls wait for an answer. The
// library serialises its writes.
func (f *fence) Write(p []byte) (int, error) {
	f.wmu.Lock()
	defer f.wmu.Unlock()
	p = f.out.note(p, f.readOnly, func(h frameHead) {
		f.calls.Add(1)
		f.pending.Store(h.serial, h.called())
	})
	n, err := f.Conn.Write(p)
	if err != nil {
		f.writeFailed(err)
		return n, io.ErrClosedPipe
	}
	if f.out.midFrame() {
		f.silence.Store(0) // a long request on a slow link gets on
	}
	return n, nil
}

// sendKeepalive writes a keepalive message unless a frame is half written.
func (f *fence) sendKeepalive(procedure uint32) {
	if !f.wmu.TryLock() {
		return
	}
	defer f.wmu.Unlock()
	if f.out.midFrame() {
		return
	}
	if _, err := f.Conn.Write(keepaliveFrame(procedure)); err != nil {
		f.writeFailed(err)
	}
}

// lastWords is how long a peer that takes no more may still be read: what it sent
// before tells more than the broken pipe.
const lastWords = 500 * time.Millisecond

func (f *fence) writeFailed(err error) {
	guard.Go("libvirt last words", f.fail, func() {
		select {
		case <-f.done:
		case <-time.After(lastWords):
			f.fail(&lostLink{"the connection broke: " + transport.Plain(err), err})
		}
	})
}

// keepaliveTick times the pings. Three in a row without any sign of life end the
// connection, so that a frozen daemon costs 6 to 8 s. Ticks are counted, not time:
// when this program itself was suspended, the daemon is not to blame.
const (
	keepaliveTick = 2 * time.Second
	keepaliveLost = 3
)

// beat pings until the connection ends.
func (f *fence) beat() {
	tick := time.NewTicker(keepaliveTick)
	defer tick.Stop()
	f.sendKeepalive(keepalivePing)
	for {
		select {
		case <-f.done:
			return
		case <-tick.C:
		}
		if f.silence.Add(1) > keepaliveLost && f.answered.Load() && !f.patient.Load() {
			f.fail(fmt.Errorf("no sign of life for %d s", int(keepaliveLost*keepaliveTick/time.Second)))
			return
		}
		guard.Go("libvirt ping", f.fail, func() { f.sendKeepalive(keepalivePing) })
	}
}
