package uitest

import "sync"

// gate holds up the reader of a terminal; the zero value is open.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // nil: open; closed when it opens again
}

// pass waits until the gate is open, or the screen is given up.
func (g *gate) pass(over <-chan struct{}) {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut == nil {
		return
	}
	select {
	case <-shut:
	case <-over:
	}
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

// StopReading makes the terminal take nothing more of what a spawned program writes, as
// one does whose line is dead or that was stopped with ctrl-s: soon the program's writes
// have nowhere to go. Keys go on to be sent.
func (s *Screen) StopReading() *Screen {
	s.reading.close()
	return s
}

// GoOn makes the terminal read again.
func (s *Screen) GoOn() *Screen {
	s.reading.open()
	return s
}

// HangUp takes the terminal of a spawned program away, as closing the window does: who
// reads meets the end, who writes an error, and who leads the session gets SIGHUP.
func (s *Screen) HangUp() *Screen {
	s.t.Helper()
	d, ok := s.drv.(*ptyDriver)
	if !ok {
		s.fatal("in process there is no terminal to hang up")
		return s
	}
	if err := d.master.Close(); err != nil {
		s.fatal("hang up: %v", err)
	}
	return s
}

// Unsized makes the terminal of a spawned program say that it has no columns and rows, as
// a serial line does; what it shows keeps its size.
func (s *Screen) Unsized() *Screen {
	s.t.Helper()
	if err := s.drv.resize(0, 0); err != nil {
		s.fatal("resize to nothing: %v", err)
	}
	return s
}
