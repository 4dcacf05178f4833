package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"hvdeck/vitals"
)

// samplesOf is how many times a console is looked at while it is watched.
const samplesOf = 60

// watched holds a console on a server for the time of -for, with a key and a refresh now
// and then, and looks whether memory, goroutines and files stay what they were.
func (b *bench) watched(s *server) error {
	t, err := b.open(s, mainSize)
	if err != nil {
		return err
	}
	defer t.stop()
	at := s.at(mainSize)
	var all []vitals.Vitals
	step := max(b.soak/samplesOf, time.Second)
	for end := time.Now().Add(b.soak); time.Now().Before(end); {
		work(t, step)
		v, err := b.vitals(t)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "\n%v: %d MiB resident, %d MiB heap, %d goroutines, %d files",
			time.Since(t.began).Round(time.Second), v.Resident>>20, v.Heap>>20, v.Goroutines, v.OpenFiles())
		all = append(all, v)
	}
	fmt.Fprintln(os.Stderr)
	third := max(len(all)/3, 1)
	first, last := all[:third], all[len(all)-third:]
	b.add(at, soakMemory, (least(last, resident)-least(first, resident))/(1<<20), "MiB")
	b.add(at, soakGoroutines, least(last, goroutines)-least(first, goroutines), "")
	b.add(at, soakFiles, least(last, openFiles)-least(first, openFiles), "")
	return nil
}

// work is what an operator does now and then: about a key a second, and a refresh.
func work(t *terminal, d time.Duration) {
	keys := []string{"j", "j", "\t", "j", "\x1b[Z", "k", "G", "g", "]", "[", "r"}
	i := 0
	for end := time.Now().Add(d); time.Now().Before(end); i++ {
		t.press(keys[i%len(keys)])
		time.Sleep(min(time.Second, d))
	}
	t.press("2")
	t.still(500*time.Millisecond, 3*time.Second)
}

// vitals asks the program what it holds.
func (b *bench) vitals(t *terminal) (vitals.Vitals, error) {
	path := filepath.Join(b.dir, "hvdeck", "vitals")
	_ = os.Remove(path)
	if err := t.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return vitals.Vitals{}, err
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil {
			return vitals.Parse(string(text))
		}
	}
	return vitals.Vitals{}, fmt.Errorf("no answer to SIGUSR1 in %s", path)
}

// least is the smallest of a figure: what remains when the garbage is out.
func least(all []vitals.Vitals, of func(vitals.Vitals) float64) float64 {
	out := of(all[0])
	for _, v := range all[1:] {
		out = min(out, of(v))
	}
	return out
}

func resident(v vitals.Vitals) float64   { return float64(v.Resident) }
func goroutines(v vitals.Vitals) float64 { return float64(v.Goroutines) }
func openFiles(v vitals.Vitals) float64  { return float64(v.OpenFiles()) }
