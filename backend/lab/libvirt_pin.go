package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// On some machines CPUID answers differ from CPU to CPU; libvirtd reads them when it
// starts and takes kept capabilities for those of another machine when they differ.
// So it starts on one CPU, always the same, and is let go when it answers.

// oneCPU is the first CPU that this process may use.
func oneCPU() string {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err == nil {
		for cpu := range 8 * len(set) * 8 {
			if set.IsSet(cpu) {
				return strconv.Itoa(cpu)
			}
		}
	}
	return "0"
}

// unpin lets all threads of a process use the CPUs that this one may use.
func unpin(pid int) error {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return fmt.Errorf("read CPU affinity: %w", err)
	}
	threads, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
	if err != nil {
		return err
	}
	for _, t := range threads {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		// A thread may have ended meanwhile.
		if err := unix.SchedSetaffinity(tid, &set); err != nil && err != unix.ESRCH {
			return fmt.Errorf("set CPU affinity: %w", err)
		}
	}
	return nil
}
