// Command bench measures the built program from outside, as the person at the keyboard
// meets it, beside its targets and beside peers measured in the same run. It writes
// nothing but standard output and its own temporary folder. Compare ratios within one
// run rather than milliseconds between machines.
//
// It wants ./hvdeck built, Go, and for the libvirt part what the tests need.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// many is the size of the large inventories.
const many = 10000

// bench collects the figures of one run.
type bench struct {
	dir, program string
	figures      []figure
	bare60       latency
	bare120      latency
	bareMove     float64
	bareScroll   float64
	bareCPU      float64
}

func main() {
	began := time.Now()
	b := &bench{program: "./hvdeck"}
	err := b.run()
	print(os.Stdout, b.figures)
	if err == nil {
		err = goBenchmarks(os.Stdout)
	}
	fmt.Printf("took %.0f s\n", time.Since(began).Seconds())
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run() error {
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
	if err := build(dir); err != nil {
		return err
	}
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("terminal %dx%d, %d VMs, load of the machine before: %s", columns, rows, many, load)
	var failed error
	for _, part := range []struct {
		name string
		run  func() error
	}{{"bare program", b.bareProgram}, {"vSphere", b.vsphere}, {"libvirt", b.libvirt}, {"libvirt polling", b.polling}, {"libvirt storage", b.storage}} {
		fmt.Printf("measuring: %s\n", part.name)
		if err := part.run(); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", part.name, err))
		}
	}
	return failed
}

func (b *bench) add(f figure) { b.figures = append(b.figures, f) }

// keyFigures adds the percentiles of a latency beside the bare program at 60 frames,
// Bubble Tea's own rate.
func (b *bench) keyFigures(what string, l latency) {
	for _, p := range []struct{ p, target float64 }{{50, 0}, {95, 13}, {99, 20}} {
		b.add(figure{
			name: fmt.Sprintf("key to screen, %s, p%.0f", what, p.p), value: l.times.at(p.p), unit: "ms",
			target: p.target, peer: "bare at 60 fps", peerIs: b.bare60.times.at(p.p),
		})
	}
	if l.missed > 0 {
		b.add(figure{name: "keys without an answer, " + what, value: float64(l.missed), unit: "keys"})
	}
}
