// Command bench measures the built program from outside, as the person at the keyboard
// meets it, beside its targets and beside peers measured in the same run. It writes
// nothing but standard output and its own temporary folder. A target that is missed is
// marked and counted; the exit status speaks only of whether everything was measured.
// Compare ratios within one run rather than milliseconds between machines.
//
// It wants ./hvdeck built, Go, and for the libvirt part what the tests need.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// bench collects the figures of one run.
type bench struct {
	options
	dir     string
	figures []figure
	notes   []string
	bare    map[size]*bareFigures
}

func main() {
	o, err := parse(os.Args[1:], os.Getenv)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	b := &bench{options: o, bare: map[size]*bareFigures{}}
	if err == nil {
		err = b.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run() error {
	if b.count > 1 { // for benchstat: nothing else
		return b.goBenchmarks(os.Stdout)
	}
	if _, err := os.Stat(b.program); err != nil {
		return fmt.Errorf("build the program first: %w", err)
	}
	// A short path: unix sockets lie in it.
	dir, err := os.MkdirTemp("", "hvb")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b.dir = dir
	go cleanUp(dir)
	if err := build(dir); err != nil {
		return err
	}
	began := time.Now()
	before := load()
	err = b.measure()
	b.report(os.Stdout)
	if b.soak == 0 {
		if yes, _ := b.wants("go"); yes {
			err = errors.Join(err, b.goBenchmarks(os.Stdout))
		}
	}
	fmt.Printf("%d cores, %s; load of the machine before %s, after %s; took %.0f s\n",
		runtime.NumCPU(), runtime.Version(), before, load(), time.Since(began).Seconds())
	return err
}

// cleanUp ends the run in good order when it is ended from outside: servers and
// programs end with it.
func cleanUp(dir string) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	_ = os.RemoveAll(dir)
	fmt.Fprintln(os.Stderr, "bench: ended from outside; what was measured stands above")
	os.Exit(1)
}

// measure takes all that was asked for. What fails leaves the rest to be measured.
func (b *bench) measure() error {
	var failed error
	step := func(what string, run func() error) {
		began := time.Now()
		fmt.Fprintf(os.Stderr, "measuring %s\n", what)
		if err := run(); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", what, err))
		}
		fmt.Fprintf(os.Stderr, "measured %s in %.0f s\n", what, time.Since(began).Seconds())
	}
	if b.soak == 0 {
		for _, z := range b.sizes {
			step(fmt.Sprintf("a bare program, %v", z), func() error { return b.bareProgram(z) })
		}
		if yes, _ := b.wants("less"); yes {
			step("less and htop", b.pagers)
		}
	}
	for _, kind := range b.servers {
		for _, n := range b.vms {
			if kind == onLibvirt && n > libvirtMost {
				continue
			}
			step(fmt.Sprintf("%s, %d VMs", kind, n), func() error { return b.inventory(kind, n) })
		}
	}
	if yes, _ := b.wants("storage"); b.soak == 0 && yes {
		step("storage", b.storage)
	}
	return failed
}

// libvirtMost is how many domains a daemon is given: its lists end at 16,384.
const libvirtMost = 10000

// installed says whether a peer is there.
func installed(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

func (b *bench) add(at place, name string, value float64, unit string) *figure {
	b.figures = append(b.figures, figure{at: at, name: name, value: value, unit: unit})
	return &b.figures[len(b.figures)-1]
}

func (b *bench) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(b.notes, n) {
		b.notes = append(b.notes, n)
	}
}
