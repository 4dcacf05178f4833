package libvirt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
)

// The calls that open a stream of bytes with an end, of remote_procedure
// (remote_protocol.x).
const (
	procVolumeUpload     = 208
	procVolumeDownload   = 209
	procDomainScreenshot = 211
)

// transferPacket is what goes out in one packet: what every daemon since libvirt 0.8
// takes. Source: VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX.
const transferPacket = 262120

// transfer is a volume or a picture on its way, on a connection of its own that is cut to stop it.
type transfer struct {
	s    *streamConn
	deed deed
	wait func()
}

// openTransfer opens the stream of a volume; sink gets what comes down, in the goroutine
// that reads the connection.
func (c *client) openTransfer(ctx context.Context, op backend.Op, v libvirt.StorageVol, procedure uint32, sink *fileSink) (*transfer, error) {
	var args xdrWriter
	args.string(v.Pool)
	args.string(v.Name)
	args.string(v.Key)
	args.words64(0, 0) // from the beginning to the end
	args.uint(0)       // flags: no holes, which old daemons do not know
	return c.startTransfer(ctx, deed{doing: op.Title(), object: v.Name, limit: readLimit}, procedure, args.buf, sink)
}

// startTransfer makes the call that opens a stream, on a connection aside. When ctx
// ends, the connection is cut, and so the daemon stops.
func (c *client) startTransfer(ctx context.Context, d deed, procedure uint32, args []byte, sink *fileSink) (*transfer, error) {
	r, err := c.aside(ctx)
	if err != nil {
		return nil, err
	}
	t := &transfer{deed: d}
	t.s = newTransferStream(r, d, procedure, sink)
	guard.Go("libvirt transfer", r.fence.fail, func() { t.s.follow(c.poll.fence.done) })
	if err := t.s.open(ctx, args); err != nil {
		r.close()
		return nil, err
	}
	t.wait = c.beside(func() {
		select {
		case <-ctx.Done():
			r.close()
		case <-r.fence.done:
		}
	})
	return t, nil
}

// endOfStream reports whether the daemon ended a stream because all is there. A
// connection that broke may have io.EOF as its cause, inside an error of ours.
func endOfStream(err error) bool {
	_, broke := backendError(err)
	return !broke && errors.Is(err, io.EOF)
}

// close ends the connection, and waits until nothing of the transfer runs any more.
func (t *transfer) close() {
	t.s.rpc.close()
	t.wait()
}

// words64 are unsigned hypers.
func (w *xdrWriter) words64(values ...uint64) {
	for _, v := range values {
		w.uint(uint32(v >> 32))
		w.uint(uint32(v)) //nolint:gosec // the lower half
	}
}

// newTransferStream is a stream of which every failure counts: what ends early is not
// whole.
func newTransferStream(r *rpcConn, d deed, procedure uint32, sink *fileSink) *streamConn {
	s := &streamConn{
		rpc: r, deed: d, procedure: procedure, reply: make(chan error, 1),
		arrived: make(chan []byte, streamAhead), ended: make(chan struct{}), closed: make(chan struct{}),
	}
	take := func(kind, status uint32, payload []byte) {
		if kind == frameStream {
			s.opened(nil)
		}
		switch {
		case kind == frameStream && status == statusError:
			s.end(d.failed(replyError(status, payload)))
		case kind == frameStream && status == statusContinue && len(payload) > 0 && sink != nil:
			if err := sink.put(payload); err != nil {
				s.end(err)
				r.close()
			}
		default:
			s.take(kind, status, payload)
		}
	}
	if sink != nil {
		room := sink.room
		r.fence.streamRoom.Store(&room)
	}
	r.fence.onStream.Store(&take)
	// A slow disk keeps the daemon from reading our pings. The other connections of
	// the backend notice a dead daemon.
	r.fence.patient.Store(true)
	return s
}

// tally tells how far a transfer is, ten times a second at most. Safe for concurrent
// use.
type tally struct {
	progress backend.Progress
	total    int64

	mu     sync.Mutex
	done   int64
	told   time.Time
	silent bool
}

// tallyEvery bounds how often progress is told.
const tallyEvery = 100 * time.Millisecond

func (t *tally) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += int64(n)
	if t.progress.Bytes == nil || t.silent || time.Since(t.told) < tallyEvery {
		return
	}
	t.told = time.Now()
	t.progress.Bytes(t.done, max(t.total, t.done))
}

// finish tells the end.
func (t *tally) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.progress.Bytes != nil {
		t.progress.Bytes(t.done, t.done)
	}
}

// hush tells nothing any more.
func (t *tally) hush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.silent = true
}

// moved is how many bytes were moved.
func (t *tally) moved() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done
}

func (t *tally) words() string {
	done := t.moved()
	if t.total > 0 {
		return fmt.Sprintf("%d of %d bytes", done, max(t.total, done))
	}
	return fmt.Sprintf("%d bytes", done)
}
