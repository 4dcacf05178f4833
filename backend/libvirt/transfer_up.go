package libvirt

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// uploadVolume overwrites a volume with a file of this machine. Source:
// virStorageVolUpload.
func (c *client) uploadVolume(ctx context.Context, o backend.VolumeUploadOp, progress backend.Progress) (backend.Result, error) {
	file, size, err := openUpload(o, o.File)
	if err != nil {
		return backend.Result{}, err
	}
	defer func() { _ = file.Close() }()
	v, pool, now, err := c.volumeNow(ctx, o.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	if now.Format == "raw" && size > now.Capacity {
		e := backend.Refuse(backend.ClassInvalid, o.Title(), v.Name, "the file has %s and the volume only %s", binarySize(size), binarySize(now.Capacity))
		e.Remedy = "resize the volume first"
		return backend.Result{}, e
	}
	if err := c.notNeeded(ctx, o.Title(), pool, now); err != nil {
		return backend.Result{}, err
	}
	sum, err := c.send(ctx, o, v, file, size, progress)
	c.volumesChanged(pool.UUID)
	if err != nil {
		return backend.Result{}, err
	}
	return backend.Result{Text: sumWords(sum)}, nil
}

// openUpload opens a file that is to be sent; only plain files and block devices have
// an end that can be known.
func openUpload(op backend.Op, path string) (*os.File, uint64, error) {
	refuse := func(format string, args ...any) (*os.File, uint64, error) {
		return nil, 0, backend.Refuse(backend.ClassInvalid, op.Title(), clip(path), format, args...)
	}
	if path == "" {
		return refuse("say which file to send")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, fileError(op, "", err)
	}
	block := info.Mode()&os.ModeDevice != 0 && info.Mode()&os.ModeCharDevice == 0
	if info.IsDir() || !info.Mode().IsRegular() && !block {
		return refuse("it is no file that can be sent")
	}
	file, err := os.Open(path) //nolint:gosec // the operator's choice
	if err != nil {
		return nil, 0, fileError(op, "", err)
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, fileError(op, "", err)
	}
	return file, uint64(size), nil //nolint:gosec // not negative
}

// send writes a file into a volume and gives the checksum of what was sent. It returns
// when the daemon has confirmed that all of it is written.
func (c *client) send(ctx context.Context, op backend.Op, v libvirt.StorageVol, file io.Reader, size uint64, progress backend.Progress) (string, error) {
	if size == 0 {
		// A stream of no bytes would leave what the volume has, and look like success.
		return "", backend.Refuse(backend.ClassInvalid, op.Title(), v.Name, "the file is empty")
	}
	t, err := c.openTransfer(ctx, op, v, procVolumeUpload, nil)
	if err != nil {
		return "", volumeRemedy(err)
	}
	defer t.close()
	told := &tally{progress: progress, total: int64(size)} //nolint:gosec // a file's size
	source, end := c.newSource(op, file)
	defer end()
	for {
		frame, err := source.next()
		if err != nil {
			return "", t.uploadBroke(ctx, told, fileError(op, v.Name, err))
		}
		if frame == nil {
			break
		}
		if err := t.s.sendFrame(frame); err != nil {
			return "", t.uploadBroke(ctx, told, err)
		}
		told.add(len(frame) - frameHeadLen)
	}
	if err := t.confirm(); err != nil {
		return "", t.uploadBroke(ctx, told, err)
	}
	told.finish()
	return source.checksum(), nil
}

// fileSource reads a file packet by packet, and sums up beside that what is on its way.
type fileSource struct {
	file   io.Reader
	ended  bool
	sum    hash.Hash
	queue  chan streamFrame // read, to be summed up
	free   chan streamFrame // summed up
	summed func()           // waits for the end of the sum
}

// framesAhead is how many packets may wait to be summed up.
const framesAhead = 4

// newSource starts the summing; end stops it and waits.
func (c *client) newSource(op backend.Op, file io.Reader) (source *fileSource, end func()) {
	s := &fileSource{file: file, sum: digest(op), queue: make(chan streamFrame, framesAhead), free: make(chan streamFrame, framesAhead)}
	for range framesAhead {
		s.free <- newStreamFrame(procVolumeUpload)
	}
	queue := s.queue // endQueue forgets it
	s.summed = c.beside(func() {
		for frame := range queue {
			_, _ = s.sum.Write(frame[frameHeadLen:]) // never fails
			s.free <- frame[:cap(frame)]             // there is room for all frames
		}
	})
	return s, func() {
		s.endQueue()
		s.summed()
	}
}

// next is the next packet, good until the one after it is asked for; nil at the end.
// The sum only reads it, so that it can be sent meanwhile.
func (s *fileSource) next() (streamFrame, error) {
	if s.ended {
		return nil, nil
	}
	frame := <-s.free
	n, err := io.ReadFull(s.file, frame.room())
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.ended, err = true, nil
	}
	if err != nil || n == 0 {
		return nil, err
	}
	s.queue <- frame.of(n)
	return frame.of(n), nil
}

func (s *fileSource) endQueue() {
	if s.queue != nil {
		close(s.queue)
		s.queue = nil
	}
}

// checksum is that of all that was read.
func (s *fileSource) checksum() string {
	s.endQueue()
	s.summed()
	return hex.EncodeToString(s.sum.Sum(nil))
}

// confirm tells the daemon that all is sent, and waits until it has written it.
func (t *transfer) confirm() error {
	if err := t.s.send(frameStream, statusOK, nil); err != nil {
		return err
	}
	switch _, err := t.s.next(); {
	case err == nil:
		return t.deed.unreachable(errors.New("the daemon sent data instead of the end of the stream"))
	case endOfStream(err):
		return nil
	default:
		return err
	}
}

// uploadBroke words the end of an upload before its time.
func (t *transfer) uploadBroke(ctx context.Context, told *tally, err error) error {
	e := backend.Error{Class: backend.ClassCancelled, Doing: t.deed.doing, Object: t.deed.object, Message: "cancelled", Err: ctx.Err()}
	if ctx.Err() == nil {
		e = *t.whyBroke(err)
	}
	if e.Class == backend.ClassUnreachable {
		e.Class = backend.ClassLost
	}
	if told.moved() > 0 {
		e.Message += ": the volume holds part of the file, up to " + told.words()
	}
	return volumeRemedy(&e)
}

// whyBroke prefers what the daemon said in the stream to what became of the
// connection.
func (t *transfer) whyBroke(err error) *backend.Error {
	own, ok := backendError(err)
	if !ok {
		select {
		case <-t.s.ended: // with the connection, if not before
			own, ok = backendError(t.s.why)
		case <-time.After(farewell): // what was not sent need not end it
		}
	}
	if !ok {
		own, _ = backendError(t.deed.unreachable(err))
	}
	out := *own
	if out.Message == "" && out.Err != nil {
		out.Message = out.Err.Error()
	}
	return &out
}

// streamFrame is the room for one packet of data with its head before it, used again
// for each.
type streamFrame []byte

func newStreamFrame(procedure uint32) streamFrame {
	f := make(streamFrame, frameHeadLen+transferPacket)
	for i, word := range []uint32{0, programRemote, 1, procedure, frameStream, streamSerial, statusContinue} {
		binary.BigEndian.PutUint32(f[4*i:], word)
	}
	return f
}

// room is where the data goes.
func (f streamFrame) room() []byte { return f[frameHeadLen:] }

// of is the frame with n bytes of data.
func (f streamFrame) of(n int) streamFrame {
	binary.BigEndian.PutUint32(f, uint32(frameHeadLen+n)) //nolint:gosec // bounded by its room
	return f[:frameHeadLen+n]
}

// sendFrame writes a frame unless the daemon has ended the stream.
func (s *streamConn) sendFrame(frame streamFrame) error {
	select {
	case <-s.ended:
		return io.ErrClosedPipe
	default:
		return s.rpc.fence.writeFrame(frame)
	}
}
