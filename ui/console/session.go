package console

import (
	"errors"
	"io"
	"sync"
	"time"

	"hvdeck/backend/guard"
)

const (
	// pace is the least time between two notices of change: 30 a second.
	pace = 33 * time.Millisecond
	// mostUnsent is how much may wait for a guest that takes nothing.
	mostUnsent = 4 << 20
	// piecemeal is how much is written at once.
	piecemeal = 16 << 10
)

// ErrFull is returned when too much waits for a guest that takes nothing.
var ErrFull = errors.New("the guest takes no input; 4 MiB are waiting")

// Session is a connected console: it carries what the guest prints to its terminal,
// and what is typed to the guest. It ends when the guest or the connection does, or by
// Close.
type Session struct {
	con  io.ReadWriteCloser
	term *Terminal

	mu     sync.Mutex
	unsent []byte
	wake   chan struct{} // something is unsent

	changed chan struct{} // the terminal shows something new
	over    chan struct{}
	err     error // set before over is closed
	once    sync.Once
}

// Start runs a session over con, which it owns from then on. fault takes recovered
// panics and may be nil.
func Start(con io.ReadWriteCloser, term *Terminal, fault func(error)) *Session {
	s := &Session{
		con: con, term: term, wake: make(chan struct{}, 1),
		changed: make(chan struct{}, 1), over: make(chan struct{}),
	}
	term.Answer(func(p []byte) { _ = s.Type(p) })
	failed := func(err error) {
		s.end(err)
		if fault != nil {
			fault(err)
		}
	}
	guard.Go("console reader", failed, s.read)
	guard.Go("console writer", failed, s.write)
	return s
}

func (s *Session) read() {
	buf := make([]byte, 32<<10)
	for {
		n, err := s.con.Read(buf)
		if n > 0 {
			s.term.Feed(buf[:n])
			signal(s.changed)
		}
		if err != nil {
			s.end(err)
			_ = s.con.Close() // also ends a write that the guest does not take
			return
		}
	}
}

func (s *Session) write() {
	for {
		select {
		case <-s.over:
			return
		case <-s.wake:
		}
		for {
			p := s.nextPiece()
			if len(p) == 0 {
				break
			}
			if _, err := s.con.Write(p); err != nil {
				// Why it ended is for the reader to say, once it has read the rest.
				return
			}
		}
	}
}

func (s *Session) nextPiece() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.unsent), piecemeal)
	p := s.unsent[:n:n]
	s.unsent = s.unsent[n:]
	if len(s.unsent) == 0 {
		s.unsent = nil
	}
	return p
}

// Type sends bytes to the guest, in order with what was typed before. It never waits;
// ErrFull says that nothing of p was taken.
func (s *Session) Type(p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unsent)+len(p) > mostUnsent {
		return ErrFull
	}
	s.unsent = append(s.unsent, p...)
	signal(s.wake)
	return nil
}

// Unsent is how many bytes the guest has not taken yet.
func (s *Session) Unsent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.unsent)
}

func (s *Session) end(err error) {
	s.once.Do(func() {
		s.term.Answer(nil)
		s.err = err
		close(s.over)
	})
}

// Over is closed when the session has ended.
func (s *Session) Over() <-chan struct{} { return s.over }

// Err says why it ended, once Over is closed: io.EOF when the guest did.
func (s *Session) Err() error {
	<-s.over
	return s.err
}

// AwaitChange returns when the terminal shows something new, at once where that is
// rare and 30 times a second at most, or when the session is over. last is when it
// returned before.
func (s *Session) AwaitChange(last time.Time) {
	select {
	case <-s.changed:
	case <-s.over:
		return
	}
	timer := time.NewTimer(pace - time.Since(last))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.over:
	}
}

// Close ends the session and its connection. It may take a second, while the server
// frees the device.
func (s *Session) Close() {
	_ = s.con.Close()
	s.end(io.ErrClosedPipe)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
