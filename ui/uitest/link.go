package uitest

import (
	"io"
	"os"
	"sync"
	"time"

	"hvdeck/ui/uitest/slowline"
)

// due are bytes and when they arrive.
type due struct {
	bytes []byte
	at    time.Time
}

// onTheWay counts what a program wrote and the terminal has not got yet.
type onTheWay struct {
	mu        sync.Mutex
	now, most int
}

func (w *onTheWay) add(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now += n
	w.most = max(w.most, w.now)
}

// MostOnTheWay is the most bytes of output that were under way at once since it was asked
// the last time; only a link with a Delay has any.
func (s *Screen) MostOnTheWay() int {
	s.way.mu.Lock()
	defer s.way.mu.Unlock()
	most := s.way.most
	s.way.most = s.way.now
	return most
}

// carryOutput takes what the program writes at once and shows it when a line of so many
// bytes a second has carried it.
func (s *Screen) carryOutput(from *os.File, rate int) {
	l := slowline.Line{Bits: 8 * rate, Delay: s.delay}
	l.Carry(&counted{from, &s.way}, func(p []byte, _ time.Time) {
		s.way.add(-len(p))
		if _, err := s.Write(p); err != nil {
			s.fail(err)
		}
	})
}

// counted notes what is read as under way.
type counted struct {
	io.Reader
	way *onTheWay
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.way.add(n)
	return n, err
}
