package tty

import (
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// In is the terminal as something to read from.
func (t *Terminal) In() *Input { return &Input{file: t.in, t: t} }

// Input reads keys; its file descriptor is that of the terminal itself. It has no name: a
// reader that can be cancelled is made anew by Bubble Tea each time that the terminal comes
// back from another program, and for what has a name it opens an epoll that it never closes.
type Input struct {
	file    *os.File
	t       *Terminal
	paste   paste
	seqs    sequences
	answers answers
}

// Fd is that of the terminal.
func (i *Input) Fd() uintptr { return i.file.Fd() }

// Write writes to the terminal that keys come from, as a terminal's file does.
func (i *Input) Write(p []byte) (int, error) { return i.file.Write(p) }

// Close closes nothing: the terminal is not ours.
func (i *Input) Close() error { return nil }

// Read implements io.Reader; an end or an error of the terminal is its end. Esc and ctrl-c
// end a paste that has no end. While the keys are lent it gives nothing, and takes nothing
// from who has them.
func (i *Input) Read(p []byte) (int, error) {
	switch i.t.keys.await(i.file) {
	case keysLent:
		return 0, nil
	case keysOver:
		return 0, io.EOF
	case keysHere:
	}
	return i.read(p)
}

// read waits for nothing but the terminal.
func (i *Input) read(p []byte) (int, error) {
	room := len(p)
	if room > len(pasteEnd) {
		room -= len(pasteEnd)
	}
	n, err := i.file.Read(p[:room])
	i.t.look(err)
	n = i.take(p[:room], len(i.seqs.bound(p[:max(n, 0)])))
	if n+len(pasteEnd) <= len(p) {
		n = i.paste.ended(p, n)
	}
	return n, err
}

// Lend gives the keys to another program, an editor or the shell, or takes them back. It has
// to be called before Bubble Tea lets go of the terminal, which waits for the reader to end.
func (t *Terminal) Lend(yes bool) { t.keys.lend(yes) }

// StopReading ends all reading: what is typed from now on is for the shell.
func (t *Terminal) StopReading() { t.keys.end() }

// Whose the keys are.
const (
	keysHere = iota
	keysLent
	keysOver
)

// lentPause is the pace at which a reader that has been lent looks whether it is cancelled:
// nothing tells it. That takes milliseconds, before the other program starts.
const lentPause = 5 * time.Millisecond

// lentLimit is how long a reader that goes on to ask is put off: by then the terminal was not
// let go of after all, or is back.
const lentLimit = 2 * time.Second

// keys says whose they are, and wakes who waits for them. It is safe for concurrent use.
type keys struct {
	wake *wake
	lent atomic.Pointer[time.Time] // since when; nil: they are ours
	over atomic.Bool
}

func newKeys() keys { return keys{wake: newWake()} }

func (k *keys) lend(yes bool) {
	var since *time.Time
	if yes {
		now := time.Now()
		since = &now
	}
	k.lent.Store(since)
	k.wake.up()
}

func (k *keys) end() {
	k.over.Store(true)
	k.wake.up()
}

// await waits until there is something to read, or the keys are not ours.
func (k *keys) await(f *os.File) int {
	for {
		switch since := k.lent.Load(); {
		case k.over.Load():
			return keysOver
		case since != nil && time.Since(*since) < lentLimit:
			time.Sleep(lentPause)
			return keysLent
		}
		if k.wake.orReadable(f) {
			return keysHere
		}
	}
}

// wake ends a wait for a file. One that found no descriptor wakes nobody.
type wake struct {
	fd int // an eventfd; below 0: none
}

func newWake() *wake {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		fd = -1
	}
	return &wake{fd: fd}
}

func (w *wake) up() {
	if w.fd >= 0 {
		_, _ = unix.Write(w.fd, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// orReadable waits until a file can be read, or has ended, and says so; false when it was
// woken, also where there is something to read: it may be another's by now.
func (w *wake) orReadable(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return true // reading will say what is wrong
	}
	readable := true
	_ = conn.Control(func(fd uintptr) {
		set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(w.fd), Events: unix.POLLIN}} //nolint:gosec // file descriptors
		for {
			_, err := unix.Poll(set, -1)
			if err != unix.EINTR {
				readable = err != nil || set[0].Revents != 0 && set[1].Revents == 0
				break
			}
		}
		if set[1].Revents != 0 {
			var b [8]byte
			_, _ = unix.Read(w.fd, b[:])
		}
	})
	return readable
}
