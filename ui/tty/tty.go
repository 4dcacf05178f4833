// Package tty is the operator's terminal as the program meets it. It promises that a
// terminal that takes nothing more cannot keep the program from ending, that the end of
// the terminal is noticed whether or not a signal tells of it, that a terminal that took
// nothing for a while is still put back in order when it reads again, that a paste whose
// end got lost does not take the keys for good, that no sequence of the terminal is longer
// than who decodes it can bear, that what is on its way to a slow terminal is known, so that
// no frame need be written that would be old when it arrives, and that no answer to what
// was asked for that reaches a widget or the shell.
package tty

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lastWords is how long a write may wait once the program is about to end.
const lastWords = 250 * time.Millisecond

// openFlags make writing wait only as long as it is told to.
const openFlags = syscall.O_NOCTTY | syscall.O_NONBLOCK

// interrupted ends what a frame that was cut off may have begun: an escape sequence, and
// a synchronized update, in which a terminal would show nothing more.
const interrupted = "\x18\x1b[?2026l"

// Terminal is where the operator sits. It is safe for concurrent use.
type Terminal struct {
	in, out *os.File
	// to is the same terminal opened anew, so that writing need not block: the flag for
	// that on out itself would reach every program that shares it, our shell among them.
	to *os.File

	once sync.Once
	gone chan struct{} // closed when the terminal is
	keys keys

	mu     sync.Mutex
	ending bool // writes wait no longer than lastWords
	cut    bool // a frame may have been cut off, and nothing was written since

	lag lag
}

// Open takes the terminal that in and out are. It fails in nothing: where the terminal
// can't be opened anew, as after su, writes go to out and may block.
func Open(in, out *os.File) *Terminal {
	t := &Terminal{in: in, out: out, to: out, gone: make(chan struct{}), keys: newKeys(), lag: lag{asks: mayAsk(in, out), caught: make(chan struct{}, 1)}}
	for _, name := range []string{"/proc/self/fd/1", "/dev/tty"} {
		f, err := os.OpenFile(name, os.O_WRONLY|openFlags, 0) //nolint:gosec // names of our own
		if err != nil {
			continue
		}
		if same(f, out) && f.SetWriteDeadline(time.Time{}) == nil {
			t.to = f
			break
		}
		_ = f.Close()
	}
	return t
}

// same reports whether two files are one terminal.
func same(a, b *os.File) bool {
	return device(a) != 0 && device(a) == device(b)
}

// device is the number of a terminal; 0: it is none.
func device(f *os.File) (dev uint32) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	_ = conn.Control(func(fd uintptr) {
		dev, err = unix.IoctlGetUint32(int(fd), unix.TIOCGDEV)
	})
	if err != nil {
		return 0
	}
	return dev
}

// Gone is closed when the terminal is there no longer.
func (t *Terminal) Gone() <-chan struct{} { return t.gone }

// Files are the terminal for a program that is to have it, an editor.
func (t *Terminal) Files() (in, out *os.File) { return t.in, t.out }

// LetGo makes the terminal wait for nothing: a write that waits for room ends, what was
// written and not read is forgotten, and each further write has a short time.
func (t *Terminal) LetGo() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ending {
		return
	}
	t.ending = true
	_ = t.to.SetWriteDeadline(time.Now())
	t.drop()
}

// drop forgets what was written and not read; under mu.
func (t *Terminal) drop() {
	t.cut = true
	if conn, err := t.to.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { _ = unix.IoctlSetInt(int(fd), unix.TCFLSH, unix.TCOFLUSH) })
	}
}

// forget makes room for a write that found none; false while the program is not ending.
func (t *Terminal) forget() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ending {
		return false
	}
	t.drop()
	return true
}

// Close frees what Open opened, and ends all reading.
func (t *Terminal) Close() {
	t.keys.end()
	if t.to != t.out {
		_ = t.to.Close()
	}
}

// Out is the terminal as something to write to.
func (t *Terminal) Out() *Output { return &Output{File: t.out, t: t} }

// Output writes frames; its file descriptor is that of the terminal itself.
type Output struct {
	*os.File
	t *Terminal
}

// Write implements io.Writer. It waits for room, after LetGo not for long: then what was
// not read before makes room once. What puts the terminal in order is short and finds it.
func (o *Output) Write(p []byte) (int, error) {
	frame := o.t.lag.asking(lean(settled(p)))
	n, err := o.once(frame)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && o.t.forget() {
		n, err = o.once(frame)
	}
	o.t.look(err)
	if bytes.Contains(p, []byte(givenBack)) {
		o.t.emptied(time.Now())
	}
	if err == nil {
		return len(p), nil
	}
	return min(n, len(p)), err
}

func (o *Output) once(p []byte) (int, error) {
	before := o.t.begin()
	if before == "" {
		return o.t.to.Write(p)
	}
	n, err := o.t.to.Write(append([]byte(before), p...))
	return max(0, n-len(before)), err
}

// WriteString implements io.StringWriter: the file's own would pass Write by.
func (o *Output) WriteString(s string) (int, error) { return o.Write([]byte(s)) }

// ReadFrom implements io.ReaderFrom for the same reason.
func (o *Output) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{o}, r)
}

// begin says what has to be written before anything else, and sets the time for it.
func (t *Terminal) begin() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ending {
		return ""
	}
	_ = t.to.SetWriteDeadline(time.Now().Add(lastWords))
	if !t.cut {
		return ""
	}
	t.cut = false
	return interrupted
}

// look notes the end of the terminal.
func (t *Terminal) look(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENXIO) {
		t.once.Do(func() { close(t.gone) })
	}
}
