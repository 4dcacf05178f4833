package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// latency is from a key to the first change of the watched cells, in ms.
type latency struct {
	times  dist
	missed int
}

// keyGap is how long nothing may come after a key for its bytes to be all there.
const keyGap = 30 * time.Millisecond

// pause is how long no key is pressed before the next one; a random part keeps the keys
// out of step with the program's frames.
func pause(rng *rand.Rand) {
	time.Sleep(20*time.Millisecond + time.Duration(rng.IntN(17000))*time.Microsecond)
}

// press moves the cursor down or up, and takes the time until it is seen.
func (l *latency) press(t *terminal, i int) {
	was := t.state()
	sent := t.press([]string{"j", "k"}[i%2])
	now := was
	for now.changes == was.changes && time.Since(sent) < 2*time.Second {
		select {
		case <-t.wake:
		case <-time.After(5 * time.Millisecond):
		}
		now = t.state()
	}
	if now.changes == was.changes {
		l.missed++
		now.changed = time.Now() // so long at least
	}
	l.times = append(l.times, ms(now.changed.Sub(sent)))
}

// inTurn presses n keys in each of the terminals, one key here, one there, now the one
// first and now the other, so that whatever the machine does, and what before sets going
// before a round, meets them alike.
func inTurn(n int, before func(i int), terminals ...*terminal) []latency {
	out := make([]latency, len(terminals))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		before(i)
		for _, j := range rng.Perm(len(terminals)) {
			pause(rng)
			out[j].press(terminals[j], i)
		}
	}
	return out
}

func nothing(int) {}

// presses are enough for a p99 where it matters: the third worst of them.
func (s *session) presses() int {
	if s.at.size != mainSize || s.at.vms < usualVMs {
		return 60
	}
	return 300
}

// keyFigures times keys beside the bare program.
func (s *session) keyFigures(during string, before func(int)) {
	s.t.watch(s.names)
	both := inTurn(s.presses(), before, s.t, s.bare)
	for _, p := range []float64{50, 95, 99} {
		s.add(s.at, keyTo(during, p), both[0].times.at(p), "ms").beside("bare, "+strconv.Itoa(consoleFPS)+" fps", both[1].times.at(p))
	}
	s.add(s.at, unanswered(during), float64(both[0].missed), fmt.Sprintf("of %d", s.presses()))
}

// keys are those on a console that does nothing else.
func (s *session) keys() error {
	if err := s.top(); err != nil {
		return err
	}
	s.keyFigures(quiet, nothing)
	return nil
}

// refresh asks for everything again so often that it never stops: what it costs, and
// what keys take meanwhile.
func (s *session) refresh() error {
	if err := s.top(); err != nil {
		return err
	}
	var bytes, cpu dist
	for range 3 {
		was, used := s.t.state().bytes, cpuTime(s.t.pid())
		s.t.press("r")
		time.Sleep(2 * time.Second)
		bytes = append(bytes, float64(s.t.state().bytes-was))
		cpu = append(cpu, ms(cpuTime(s.t.pid())-used))
	}
	s.add(s.at, freshBytes, bytes.median(), "B in 2 s")
	s.add(s.at, freshCPU, cpu.median(), "ms in 2 s")
	if s.at.vms < usualVMs {
		return nil
	}
	s.keyFigures(refreshed, func(i int) {
		if i%8 == 0 {
			s.t.press("r")
		}
	})
	return nil
}

// hang stops the server while a small one goes on. The session has to end with it.
func (s *session) hang() error {
	const few = 20
	other, err := s.vcsim(few)
	if err != nil {
		return err
	}
	defer other.stop()
	s.t.stop()
	all := *s.server
	all.vms += other.vms
	if s.t, err = s.open(&all, s.at.size, other.uri); err != nil {
		return err
	}
	if s.names, err = nameColumn(s.t); err != nil {
		return err
	}
	s.server.freeze()
	defer s.server.thaw()
	s.keyFigures(hanging, func(i int) {
		if i%25 == 0 {
			s.t.press("r")
		}
	})
	return nil
}
