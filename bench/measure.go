package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dist is a sample in order.
type dist []float64

// at is the nearest-rank percentile.
func (d dist) at(p float64) float64 {
	if len(d) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(d))
	return s[min(int(p/100*float64(len(s))), len(s)-1)]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// startup is the time from exec to an expression on the screen, in ms.
func startup(home, expr string, argv ...string) (float64, error) {
	t, err := start(home, argv...)
	if err != nil {
		return 0, err
	}
	defer t.stop()
	at, err := t.until(expr, 30*time.Second)
	return ms(at.Sub(t.began)), err
}

// repeated takes a figure several times.
func repeated(times int, one func() (float64, error)) (dist, error) {
	var d dist
	for range times {
		v, err := one()
		if err != nil {
			return nil, err
		}
		d = append(d, v)
	}
	return d, nil
}

// latency is from a key to the first change of the watched cells, in ms.
type latency struct {
	times  dist
	missed int
}

// keyGap is how long the screen must have been still before the next key; a random
// part keeps the keys out of step with the program's frames.
const keyGap = 30 * time.Millisecond

// presses is how many keys a latency is taken over.
const presses = 150

// pressInTurn moves the cursor down and up; before hears of each press.
func pressInTurn(t *terminal, before func(i int)) latency {
	var l latency
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range presses {
		before(i)
		time.Sleep(keyGap + time.Duration(rng.IntN(17000))*time.Microsecond)
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
			continue
		}
		l.times = append(l.times, ms(now.changed.Sub(sent)))
	}
	return l
}

// cost is the median of bytes for a key, up to the first stillness of gap.
func cost(t *terminal, keys []string, n int, gap time.Duration) float64 {
	var d dist
	for i := range n {
		t.quiet(gap, 3*time.Second)
		was := t.state().bytes
		t.press(keys[i%len(keys)])
		t.waitWrite(was)
		t.quiet(gap, 3*time.Second)
		d = append(d, float64(t.state().bytes-was))
	}
	return d.at(50)
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

// hold presses a key n times at a rate.
func hold(t *terminal, key string, n, perSecond int) {
	began := time.Now()
	for i := range n {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		t.press(key)
	}
}

// idle is bytes per second and per cent of a core while nobody types.
func idle(t *terminal, d time.Duration) (bytes, cpu float64) {
	pid := t.cmd.Process.Pid
	b, c, began := t.state().bytes, cpuTime(pid), time.Now()
	time.Sleep(d)
	s := time.Since(began).Seconds()
	return float64(t.state().bytes-b) / s, (cpuTime(pid) - c).Seconds() / s * 100
}

// cpuTime is user and system time of a process, in steps of 10 ms.
func cpuTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	sys, _ := strconv.Atoi(f[12])
	return time.Duration(user+sys) * 10 * time.Millisecond
}

// memory is a field of /proc/PID/status ("VmRSS", "VmHWM") in MiB.
func memory(pid int, field string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	m := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0
	}
	kib, _ := strconv.Atoi(string(m[1]))
	return float64(kib) / 1024
}

// nameColumn is where the names of the VMs stand: only the cursor changes it. The
// scroll position must stay.
func nameColumn(t *terminal) (area, error) {
	head := 0
	for y, l := range t.lines() {
		switch {
		case head == 0 && strings.Contains(l, "NAME"):
			head = y + 1
		case head > 0 && strings.HasPrefix(l, "╰"):
			return area{1, head, 16, y}, nil
		}
	}
	return area{}, fmt.Errorf("no VMs pane on the screen:\n%s", strings.Join(t.lines(), "\n"))
}
