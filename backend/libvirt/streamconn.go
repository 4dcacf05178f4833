package libvirt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
)

const (
	// streamSerial numbers the one call that we make by hand on a connection; the
	// client library counts up from 1.
	streamSerial = 1 << 30
	// streamPacket is the most that goes out in one packet: a daemon without the large
	// messages of libvirt 1.x takes 256 KiB. Small ones let a guest that reads slowly
	// hold up less.
	streamPacket = 16 << 10
	// streamAhead is how many packets wait for the reader before the daemon has to.
	streamAhead = 64
	// farewell is how long the daemon may take to confirm the end of a stream. It
	// frees the device by then, so that it can be opened again at once.
	farewell = time.Second
)

// The status word of a frame. Source: virNetMessageStatus.
const (
	statusOK       = 0
	statusError    = 1
	statusContinue = 2
)

// streamConn is one two-way stream (virStream) with a connection to itself. The client
// library can only read streams, and can lock up when one is ended early, so the
// frames are made and read here. Read, Write and Close may be called at once.
type streamConn struct {
	rpc       *rpcConn
	deed      deed
	procedure uint32

	// reply says whether the stream is open: the answer to the call, or data that
	// came before it.
	reply   chan error
	arrived chan []byte
	rmu     sync.Mutex
	rest    []byte // arrived and not read yet; guarded by rmu

	wmu sync.Mutex

	ended chan struct{} // nothing arrives any more
	why   error         // of the end, for Read; set before ended is closed
	once  sync.Once

	closed  chan struct{} // by our side
	closing sync.Once
}

// openStream makes the call that opens a stream on r and waits for its answer. It owns
// r from then on: r ends with the stream, also when opening fails, and with the life
// of the backend.
func openStream(ctx context.Context, r *rpcConn, life <-chan struct{}, d deed, procedure uint32, args []byte) (*streamConn, error) {
	s := &streamConn{
		rpc: r, deed: d, procedure: procedure, reply: make(chan error, 1),
		arrived: make(chan []byte, streamAhead), ended: make(chan struct{}), closed: make(chan struct{}),
	}
	take := s.take
	r.fence.onStream.Store(&take)
	// A guest that reads nothing keeps the daemon from reading our pings. The other
	// connections of the backend notice a dead daemon.
	r.fence.patient.Store(true)
	guard.Go("libvirt stream", r.fence.fail, func() { s.follow(life) })
	if err := s.open(ctx, args); err != nil {
		r.close()
		return nil, err
	}
	return s, nil
}

func (s *streamConn) open(ctx context.Context, args []byte) error {
	timer := time.NewTimer(s.deed.limit)
	defer timer.Stop()
	if err := s.send(frameCall, statusOK, args); err != nil {
		return s.deed.unreachable(err)
	}
	select {
	case err := <-s.reply:
		if err != nil {
			return s.deed.failed(err)
		}
		return nil
	case <-s.rpc.fence.done:
		return s.answered()
	case <-ctx.Done():
		return s.deed.failed(ctx.Err())
	case <-timer.C:
		return s.deed.unreachable(fmt.Errorf("no answer within %v", s.deed.limit))
	}
}

// answered is what came of the call on a connection that has ended since.
func (s *streamConn) answered() error {
	select {
	case err := <-s.reply:
		if err != nil {
			return s.deed.failed(err)
		}
		return nil
	default:
		return s.deed.unreachable(s.rpc.fence.cause)
	}
}

// follow ends the connection with the backend's, and the stream with the connection.
func (s *streamConn) follow(life <-chan struct{}) {
	select {
	case <-life:
		s.rpc.close()
	case <-s.rpc.fence.done:
	}
	<-s.rpc.fence.done
	s.end(s.deed.unreachable(s.rpc.fence.cause))
}

// end says why nothing arrives any more; after Close, that is why.
func (s *streamConn) end(why error) {
	s.once.Do(func() {
		select {
		case <-s.closed:
			why = io.ErrClosedPipe
		default:
		}
		s.why = why
		close(s.ended)
	})
}

// take gets each frame of the stream, in the goroutine that reads the connection. It
// waits for the reader when that is slow; so does the daemon then.
func (s *streamConn) take(kind, status uint32, payload []byte) {
	if kind == frameReply {
		s.opened(replyError(status, payload))
		return
	}
	s.opened(nil)
	switch {
	case status == statusError:
		s.end(s.failed(replyError(status, payload)))
	case status == statusOK, len(payload) == 0:
		s.end(io.EOF)
	default:
		select {
		case s.arrived <- payload:
		case <-s.closed:
		case <-s.rpc.fence.done:
		}
	}
}

// opened takes the first word on whether the stream is open. The daemon sends data and
// the answer from two threads, so data may come first: it is kept, and proves that the
// call went well. Waiting for the answer then would hold up the goroutine that is to
// read it, once there is more data than room.
func (s *streamConn) opened(err error) {
	select {
	case s.reply <- err:
	default:
		if err != nil { // after data
			s.end(s.deed.failed(err))
		}
	}
}

// failed makes the daemon's end of a stream the reader's. A guest that ends hangs up,
// which is no failure. Source: daemonStreamEvent (remote_daemon_stream.c).
func (s *streamConn) failed(err error) error {
	if hasCode(err, libvirt.ErrRPC) {
		return io.EOF
	}
	return s.deed.failed(err)
}

// replyError is the error that a frame carries; nil for none.
func replyError(status uint32, payload []byte) error {
	if status != statusError {
		return nil
	}
	x := xdrReader{buf: payload}
	code := x.int()
	_ = x.int() // the part of libvirt that failed
	message := "the daemon gave no reason"
	if x.int() != 0 {
		message = x.string()
	}
	if x.err != nil {
		return fmt.Errorf("the daemon's error is not readable: %w", x.err)
	}
	return libvirt.Error{Code: uint32(code), Message: message} //nolint:gosec // an error number
}

// Read gives what the other side sends, as it comes. At the end it gives what is left
// and then io.EOF, or the reason of a failure.
func (s *streamConn) Read(p []byte) (int, error) {
	s.rmu.Lock()
	defer s.rmu.Unlock()
	if len(s.rest) == 0 {
		b, err := s.next()
		if err != nil {
			return 0, err
		}
		s.rest = b
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *streamConn) next() ([]byte, error) {
	select {
	case b := <-s.arrived:
		return b, nil
	case <-s.ended:
	}
	select {
	case b := <-s.arrived: // what came before the end
		return b, nil
	default:
		return nil, s.why
	}
}

// Write sends all of p. It waits while the other side takes nothing; Close ends that.
func (s *streamConn) Write(p []byte) (int, error) {
	s.wmu.Lock()
	defer s.wmu.Unlock()
	sent := 0
	for sent < len(p) {
		select {
		case <-s.ended:
			return sent, io.ErrClosedPipe
		case <-s.closed:
			return sent, io.ErrClosedPipe
		default:
		}
		n := min(len(p)-sent, streamPacket)
		if err := s.send(frameStream, statusContinue, p[sent:sent+n]); err != nil {
			return sent, s.deed.unreachable(err)
		}
		sent += n
	}
	return sent, nil
}

// Close tells the daemon that the stream is over, waits a moment for it to free the
// device, and ends the connection.
func (s *streamConn) Close() error {
	s.closing.Do(func() {
		close(s.closed)
		defer s.rpc.close()
		if !s.wmu.TryLock() {
			return // a write is stuck: the daemon would not read a farewell either
		}
		defer s.wmu.Unlock()
		select {
		case <-s.ended:
			if errors.Is(s.why, io.EOF) { // the daemon keeps its half until ours is ended too
				_ = s.send(frameStream, statusOK, nil)
			}
			return
		default:
		}
		if s.send(frameStream, statusOK, nil) != nil {
			return
		}
		select {
		case <-s.ended:
		case <-time.After(farewell):
		}
	})
	return nil
}

// send writes one frame.
func (s *streamConn) send(kind, status uint32, payload []byte) error {
	frame := make([]byte, frameHeadLen, frameHeadLen+len(payload))
	length := uint32(frameHeadLen + len(payload)) //nolint:gosec // bounded by streamPacket
	for i, word := range []uint32{length, programRemote, 1, s.procedure, kind, streamSerial, status} {
		binary.BigEndian.PutUint32(frame[4*i:], word)
	}
	return s.rpc.fence.writeFrame(append(frame, payload...))
}

var errMidFrame = errors.New("another request is half sent")

// writeFrame writes a whole frame that the client library knows nothing of.
func (f *fence) writeFrame(frame []byte) error {
	f.wmu.Lock()
	defer f.wmu.Unlock()
	if f.out.midFrame() {
		return errMidFrame
	}
	f.calls.Add(1)
	if _, err := f.Conn.Write(frame); err != nil {
		f.writeFailed(err)
		return err
	}
	return nil
}

// streamFrame hands the rest of a frame of the stream to whoever opened it.
func (f *fence) streamFrame(take func(kind, status uint32, payload []byte), head []byte, size int) error {
	var payload []byte
	if room := f.streamRoom.Load(); room != nil {
		payload = (*room)(size)
	} else {
		payload = make([]byte, size)
	}
	if _, err := io.ReadFull(f.in, payload); err != nil {
		return err
	}
	take(parseHead(head).kind, binary.BigEndian.Uint32(head[24:]), payload)
	return nil
}

// xdrWriter makes the few XDR types that calls of our own are made of.
type xdrWriter struct{ buf []byte }

func (w *xdrWriter) uint(v uint32) { w.buf = binary.BigEndian.AppendUint32(w.buf, v) }

func (w *xdrWriter) string(s string) {
	w.uint(uint32(len(s))) //nolint:gosec // a name
	w.buf = append(w.buf, s...)
	w.buf = append(w.buf, make([]byte, (4-len(s)%4)%4)...)
}

// optional is a string that may be left out; "" is none.
func (w *xdrWriter) optional(s string) {
	if s == "" {
		w.uint(0)
		return
	}
	w.uint(1)
	w.string(s)
}

// domain is a remote_nonnull_domain.
func (w *xdrWriter) domain(d libvirt.Domain) {
	w.string(d.Name)
	w.buf = append(w.buf, d.UUID[:]...)
	w.uint(uint32(d.ID)) //nolint:gosec // XDR int is two's complement
}

var _ io.ReadWriteCloser = (*streamConn)(nil)
var _ backend.ConsoleOpener = (*client)(nil)
