package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// writable reports whether a file would take a byte now.
func writable(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return true
	}
	ready := true
	_ = conn.Control(func(fd uintptr) {
		at := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(at, 0)
		ready = err != nil || n > 0
	})
	return ready
}
