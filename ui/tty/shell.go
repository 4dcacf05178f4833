package tty

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// CanStop reports whether there is a shell that would go on while this program is
// stopped, and could continue it. Without one the kernel does not stop it, and it would
// wait for ever to be continued.
func CanStop() bool {
	group := syscall.Getpgrp()
	session, err := unix.Getsid(0)
	if err != nil {
		return false
	}
	for pid := os.Getppid(); pid > 0; pid = parent(pid) {
		if its, err := unix.Getsid(pid); err != nil || its != session {
			return false
		}
		if its, err := syscall.Getpgid(pid); err != nil || its != group {
			return err == nil
		}
	}
	return false
}

// parent is the parent of a process; 0 when it can't be told.
func parent(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	f := strings.Fields(rest)
	if len(f) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(f[1])
	return n
}
