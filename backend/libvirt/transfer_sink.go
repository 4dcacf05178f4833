package libvirt

import (
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"hvdeck/backend"
)

// fileSink writes what comes down into a file, in the goroutine that reads the
// connection, so that no other has to be woken for each packet; it is summed up beside
// that. The room for packets is used again.
type fileSink struct {
	op     backend.Op
	volume string
	file   io.Writer
	told   *tally

	sum    hash.Hash
	queue  chan []byte   // written, to be summed up
	free   chan []byte   // summed up
	ended  chan struct{} // all has come
	stop   chan struct{}
	summed func() // waits for the end of the sum
}

// fileFailure is what went wrong with the file of this machine.
type fileFailure struct{ error }

// newSink starts the summing; end stops it and waits.
func (c *client) newSink(op backend.Op, volume string, file io.Writer, told *tally) (s *fileSink, end func()) {
	s = &fileSink{
		op: op, volume: volume, file: file, told: told, sum: digest(op),
		ended: make(chan struct{}), stop: make(chan struct{}),
		queue: make(chan []byte, framesAhead), free: make(chan []byte, 2*framesAhead),
	}
	s.summed = c.beside(s.sumUp)
	return s, func() {
		s.told.hush()
		close(s.stop)
		s.summed()
	}
}

func (s *fileSink) sumUp() {
	for {
		select {
		case b := <-s.queue:
			s.add(b)
		case <-s.ended:
			for len(s.queue) > 0 {
				s.add(<-s.queue)
			}
			return
		case <-s.stop:
			return
		}
	}
}

func (s *fileSink) add(b []byte) {
	_, _ = s.sum.Write(b) // never fails
	select {
	case s.free <- b:
	default:
	}
}

// room is where the next packet goes.
func (s *fileSink) room(size int) []byte {
	select {
	case b := <-s.free:
		if cap(b) >= size {
			return b[:size]
		}
	default:
	}
	return make([]byte, size)
}

// put takes one packet; none may come after the end.
func (s *fileSink) put(b []byte) error {
	select {
	case <-s.ended:
		return errors.New("the daemon sent data after the end of the stream")
	default:
	}
	if _, err := s.file.Write(b); err != nil {
		return fileFailure{fileError(s.op, s.volume, err)}
	}
	select {
	case s.queue <- b:
	case <-s.stop:
	}
	s.told.add(len(b))
	return nil
}

// finish is the checksum, when all has come.
func (s *fileSink) finish() string {
	close(s.ended)
	s.summed()
	s.told.finish()
	return hex.EncodeToString(s.sum.Sum(nil))
}
