package main

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is what a process has used of all cores, user and system.
func cpuTime(pid int) time.Duration {
	// The kernel's clock of a process: its number inverted, and the kind of clock.
	const kindSched = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|kindSched), &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// memory is a field of /proc/PID/status ("VmRSS", "VmHWM") in MiB; NaN when it has ended.
func memory(pid int, field string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return math.NaN()
	}
	m := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return math.NaN()
	}
	kib, _ := strconv.Atoi(string(m[1]))
	return float64(kib) / 1024
}

// load is of the machine over the last minute.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
