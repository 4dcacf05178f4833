package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hvdeck/ui/uitest/slowline"
)

// starts are how often the way to the first row is taken.
const starts = 5

// wholeStarts are how often the way to the whole list is. The simulator takes seconds for
// 10,000 VMs, and half a minute for 50,000; those starts are the last.
func (s *session) wholeStarts() int {
	switch {
	case s.at.vms > usualVMs:
		return 1
	case s.at.vms == usualVMs && s.at.server == onVsphere:
		return 3
	}
	return starts
}

// start measures the way from exec to the first VM and to all of them.
func (s *session) start() error {
	var rows, lists, used dist
	for i := range starts {
		s.server.rest(10 * time.Second)
		whole := i >= starts-s.wholeStarts()
		row, list, cpu, err := s.startOnce(whole)
		if err != nil {
			return err
		}
		rows = append(rows, row)
		if whole {
			lists, used = append(lists, list), append(used, cpu)
		}
	}
	row := s.add(s.at, firstRow, rows.median(), "ms")
	row.beside(s.peer(s.lister, func(c client) float64 { return c.wall }))
	list := s.add(s.at, wholeList, lists.median(), "ms")
	list.beside(s.peer(s.teller, func(c client) float64 { return c.wall }))
	s.add(s.at, startCPU, used.median(), "ms").beside(s.peer(s.teller, func(c client) float64 { return c.cpu }))
	return nil
}

// startOnce takes the way to the first row and, where it is wanted, to the whole list.
func (s *session) startOnce(whole bool) (row, list, cpu float64, err error) {
	t, err := start(s.dir, s.at.size, slowline.Line{}, s.program, s.server.uri)
	if err != nil {
		return 0, 0, 0, err
	}
	defer t.stop()
	first, err := t.until(s.server.first, time.Minute)
	if err != nil || !whole {
		return ms(first.Sub(t.began)), 0, 0, err
	}
	all, err := t.until(total(s.server.vms), 2*time.Minute)
	cpu = ms(cpuTime(t.pid()))
	return ms(first.Sub(t.began)), ms(all.Sub(t.began)), cpu, err
}

// rest waits until the server has done with those who left, for limit at most: it would
// answer the next one late.
func (s *server) rest(limit time.Duration) {
	const window, busy = 200 * time.Millisecond, 0.1
	for end := time.Now().Add(limit); time.Now().Before(end); {
		was, began := cpuTime(s.hanger), time.Now()
		time.Sleep(window)
		if (cpuTime(s.hanger) - was).Seconds() < busy*time.Since(began).Seconds() {
			return
		}
	}
}

// peer runs a client once and gives its name and what it needed. One that fails is a
// note, not a failure.
func (s *session) peer(run func(*server) (client, error), of func(client) float64) (name string, is float64) {
	c, err := run(s.server)
	if err != nil {
		s.note("%s %s: no figure of %s: %.200v", s.at.server, thousands(s.at.vms), c.name, err)
		return "", 0
	}
	return c.name, of(c)
}

// memory is the resident memory once the list is there and at rest.
func (s *session) memory() error {
	name, is := s.peer(s.lister, func(c client) float64 { return c.memory })
	s.add(s.at, memoryNow, memory(s.t.pid(), "VmRSS"), "MiB").beside(name, is)
	return nil
}

// peak is the most that the session ever needed.
func (s *session) peak() error {
	name, is := s.peer(s.teller, func(c client) float64 { return c.memory })
	s.add(s.at, memoryMost, memory(s.t.pid(), "VmHWM"), "MiB").beside(name, is)
	return nil
}

// order times a filter that leaves one VM, its end, and sorting the other way round.
func (s *session) order() error {
	if err := s.top(); err != nil {
		return err
	}
	last := s.server.name(s.server.vms - 1)
	var filter, drop, sorted dist
	for range 5 {
		s.t.press("/")
		if _, err := s.t.until("enter keeps", 5*time.Second); err != nil {
			return err
		}
		s.t.still(300*time.Millisecond, 3*time.Second)
		sent := s.t.press(last)
		at, err := s.t.until(fmt.Sprintf(" 1 of %d ", s.server.vms), 20*time.Second)
		if err != nil {
			return err
		}
		filter = append(filter, ms(at.Sub(sent)))
		s.t.still(300*time.Millisecond, 3*time.Second)
		sent = s.t.press("\x1b")
		if at, err = s.t.until(total(s.server.vms), 20*time.Second); err != nil {
			return err
		}
		drop = append(drop, ms(at.Sub(sent)))
	}
	if err := s.top(); err != nil {
		return err
	}
	first, second := s.server.name(0), s.server.name(1)
	down, up := second+`[^❯]*❯. `+first, `❯. `+first+`[^❯]*`+second
	for i := range 6 {
		sent := s.t.press("N")
		at, err := s.t.until([]string{down, up}[i%2], 20*time.Second)
		if err != nil {
			return err
		}
		sorted = append(sorted, ms(at.Sub(sent)))
		s.t.still(300*time.Millisecond, 3*time.Second)
	}
	less, sortOne, err := s.plainOrder()
	if err != nil {
		return err
	}
	s.add(s.at, filtering, filter.median(), "ms").beside("less &", less)
	s.add(s.at, unfiltering, drop.median(), "ms")
	s.add(s.at, sorting, sorted.median(), "ms").beside("sort -r", sortOne)
	return nil
}

// plainOrder is what less needs to filter as many lines and sort to turn them round.
func (s *session) plainOrder() (less, sorted float64, err error) {
	path := filepath.Join(s.dir, "lines"+strconv.Itoa(s.server.vms))
	if err := writeLines(path, s.server.vms); err != nil {
		return 0, 0, err
	}
	p, err := once(nil, "sort", "-r", path)
	if err != nil {
		return 0, 0, err
	}
	if !installed("less") {
		return 0, p.wall, nil
	}
	less, err = s.lessFilter(path, strings.TrimSpace(lineOf(s.server.vms-1)))
	return less, p.wall, err
}
