package main

import (
	"strings"
	"time"
)

// cost is the median of bytes for a key, up to the first stillness of gap.
func cost(t *terminal, keys []string, n int, gap time.Duration) float64 {
	var d dist
	for i := range n {
		t.still(gap, 3*time.Second)
		was := t.state().bytes
		t.press(keys[i%len(keys)])
		t.waitWrite(was)
		t.still(gap, 3*time.Second)
		d = append(d, float64(t.state().bytes-was))
	}
	return d.median()
}

// waitWrite waits until the program has written anything after the first n bytes.
func (t *terminal) waitWrite(n int) {
	end := time.Now().Add(time.Second)
	for t.state().bytes == n && time.Now().Before(end) {
		select {
		case <-t.wake:
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// bytes are what keys make the console write.
func (s *session) bytes() error {
	if err := s.top(); err != nil {
		return err
	}
	bare := s.bench.bare[s.at.size]
	s.add(s.at, moveBytes, cost(s.t, []string{"j", "k"}, 20, keyGap), "B").beside("bare", bare.move)
	s.add(s.at, restBytes, cost(s.t, []string{"j", "k"}, 6, 600*time.Millisecond), "B")
	if page := s.names.y1 - s.names.y0; s.server.vms > page+25 {
		s.t.press(strings.Repeat("j", page))
		s.add(s.at, scrollBytes, cost(s.t, []string{"j"}, 20, keyGap), "B").beside("bare", bare.scroll)
	}
	s.add(s.at, switchBytes, cost(s.t, []string{"\t", "\x1b[Z"}, 8, 60*time.Millisecond), "B")
	return nil
}

// idleFor is how long nobody types.
const idleFor = 8 * time.Second

// idle is what the console and the bare program cost while nobody types, once the console
// has done with all that follows the list.
func (s *session) idle() error {
	s.t.still(time.Second, 5*time.Second)
	if !settle(s.t.pid(), time.Minute) {
		s.note("%s: the CPU of the console had not come to rest after a minute.", s.at)
	}
	bytes, cpu, bare, began := s.t.state().bytes, cpuTime(s.t.pid()), cpuTime(s.bare.pid()), time.Now()
	time.Sleep(idleFor)
	seconds := time.Since(began).Seconds()
	share := func(d time.Duration) float64 { return d.Seconds() / seconds * 100 }
	s.add(s.at, idleBytes, float64(s.t.state().bytes-bytes)/seconds, "B/s")
	s.add(s.at, idleCPU, share(cpuTime(s.t.pid())-cpu), "%").beside("bare", share(cpuTime(s.bare.pid())-bare))
	return nil
}
