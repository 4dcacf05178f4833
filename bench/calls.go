package main

import (
	"time"

	"hvdeck/ui/uitest/slowline"
)

// few is the inventory that the calls of a large one are compared with.
const few = 100

// calls counts what is asked of a server to show everything and to refresh it, for this
// inventory beside a small one.
func (s *session) calls() error {
	small, err := s.serve(s.at.server, few)
	if err != nil {
		return err
	}
	defer small.stop()
	less, err := s.counted(small)
	if err != nil {
		return err
	}
	lots, err := s.counted(s.server)
	if err != nil {
		return err
	}
	s.add(s.at, loadCalls, float64(lots.load), "calls").beside("with 100 VMs", float64(less.load))
	s.add(s.at, freshCalls, float64(lots.refresh), "calls").beside("with 100 VMs", float64(less.refresh))
	return nil
}

// counts are the calls until everything is shown, and of a refresh, less those of
// as long a time without one.
type counts struct{ load, refresh int64 }

func (s *session) counted(on *server) (counts, error) {
	c, uri, err := s.counter(on)
	if err != nil {
		return counts{}, err
	}
	defer c.close()
	t, err := start(s.dir, s.at.size, slowline.Line{}, s.program, uri)
	if err != nil {
		return counts{}, err
	}
	defer t.stop()
	if _, err := t.until(total(on.vms), 2*time.Minute); err != nil {
		return counts{}, err
	}
	out := counts{load: c.calls.Load()}
	const window = 3 * time.Second
	during := func() int64 {
		was := c.calls.Load()
		time.Sleep(window)
		return c.calls.Load() - was
	}
	time.Sleep(2 * time.Second)
	idle := during()
	t.press("r")
	out.refresh = max(during()-idle, 0)
	return out, nil
}

// counter stands before a server.
func (s *session) counter(on *server) (c *counter, uri string, err error) {
	if on.kind == onVsphere {
		c, err = countSOAP(on.uri)
		if err != nil {
			return nil, "", err
		}
		return c, c.addr, nil
	}
	c, err = countRPC(s.dir, on.socket)
	if err != nil {
		return nil, "", err
	}
	return c, "qemu+unix:///system?socket=" + c.addr, nil
}
