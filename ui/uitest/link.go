package uitest

import (
	"os"
	"sync"
	"time"

	"hvdeck/backend/guard"
)

// due are bytes and when they arrive.
type due struct {
	bytes []byte
	at    time.Time
}

// packet is how many bytes arrive together at most.
const packet = 1400

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

// carryOutput takes what the program writes at once and shows it when a link of so many
// bytes a second has carried it.
func (s *Screen) carryOutput(from *os.File, rate int) {
	arriving := make(chan due, 1<<16)
	arrived := make(chan struct{})
	guard.Go("distant terminal", s.fail, func() {
		defer close(arrived)
		for p := range arriving {
			time.Sleep(time.Until(p.at))
			s.way.add(-len(p.bytes))
			if _, err := s.Write(p.bytes); err != nil {
				s.fail(err)
			}
		}
	})
	free := time.Now()
	for buf := make([]byte, packet); ; {
		n, err := from.Read(buf)
		if now := time.Now(); free.Before(now) {
			free = now
		}
		if n > 0 {
			if rate > 0 {
				free = free.Add(time.Duration(n) * time.Second / time.Duration(rate))
			}
			s.way.add(n)
			arriving <- due{append([]byte(nil), buf[:n]...), free.Add(s.delay)}
		}
		if err != nil {
			close(arriving)
			<-arrived
			return
		}
	}
}
