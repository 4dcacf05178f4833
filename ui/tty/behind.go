package tty

import (
	"bytes"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The screen is taken from the shell and given back by these.
const taken, givenBack = "\x1b[?1049h", "\x1b[?1049l"

const (
	// restOfAnswer is how long the rest of an answer that came in pieces is waited for.
	restOfAnswer = 20 * time.Millisecond
	// leaving is how long answers are waited for that would come to the shell.
	leaving = time.Second
)

// lag follows how far behind a terminal is; the zero value asks for nothing.
type lag struct {
	mu     sync.Mutex
	asks   bool // the terminal is one that may be asked
	pace   pace
	held   bool // somebody waits to hear that it has caught up
	wake   *time.Timer
	caught chan struct{}
}

// mayAsk says whether what is written to out is answered at in.
func mayAsk(in, out *os.File) bool {
	name := os.Getenv("TERM")
	return name != "" && name != "dumb" && same(in, out)
}

// Behind reports whether a frame written now would be old when it arrives, because what
// was written before has not got there yet. After true, Caught says when to ask again.
func (t *Terminal) Behind() bool {
	l := &t.lag
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.held = l.pace.behind(now); !l.held {
		return false
	}
	if l.wake != nil {
		l.wake.Stop()
	}
	l.wake = time.AfterFunc(l.pace.ends().Sub(now), t.tell)
	return true
}

// Caught hears when a terminal that was behind may no longer be. It must not be read by
// more than one.
func (t *Terminal) Caught() <-chan struct{} { return t.lag.caught }

func (t *Terminal) tell() {
	select {
	case t.lag.caught <- struct{}{}:
	default:
	}
}

// asking gives what is written with p: a question behind it where one pays. What gives
// the screen back is followed by none.
func (l *lag) asking(p []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asks {
		return p
	}
	switch {
	case bytes.Contains(p, []byte(givenBack)):
		l.pace.off = true
	case bytes.Contains(p, []byte(taken)):
		l.pace.resume()
	}
	if !l.pace.write(len(p), time.Now()) {
		return p
	}
	return append(bytes.Clone(p), ask...)
}

// take takes the answers out of what was read and gives how many bytes stay.
func (i *Input) take(p []byte, n int) int {
	if !i.t.lag.asks {
		return n
	}
	for i.t.lag.waits() && begins(p[:n]) != "" && n < len(p) && i.ready(restOfAnswer) {
		more, err := i.file.Read(p[n:])
		i.t.look(err)
		if more <= 0 {
			break
		}
		n += len(i.seqs.bound(p[n : n+more]))
	}
	kept, found := i.answers.take(p[:n])
	i.t.arrived(found)
	if i.t.lag.waits() {
		i.answers.begun = begins(kept)
	}
	return len(kept)
}

// waits says whether an answer is waited for.
func (l *lag) waits() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pace.open) > 0
}

// arrived counts answers.
func (t *Terminal) arrived(n int) {
	l := &t.lag
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for range n {
		l.pace.answer(now)
	}
	if n > 0 && l.held && !l.pace.behind(now) {
		l.held = false
		t.tell()
	}
}

// ready says whether something can be read, and waits for it.
func (i *Input) ready(wait time.Duration) (yes bool) {
	conn, err := i.file.SyscallConn()
	if err != nil {
		return false
	}
	_ = conn.Control(func(fd uintptr) {
		set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}} //nolint:gosec // a file descriptor
		n, err := unix.Poll(set, int(wait.Milliseconds()))
		yes = err == nil && n > 0 && set[0].Revents&unix.POLLIN != 0
	})
	return yes
}

// emptied takes what was asked for and has not been answered, so that the shell does not
// get it; what was typed behind the last answer is the shell's. It is for when nobody else
// reads and the terminal is not echoing yet.
func (t *Terminal) emptied(now time.Time) {
	in, one, read := t.In(), make([]byte, 1), []byte(nil)
	for end := t.lag.lastAnswer(now); !t.isEnding(); {
		rest := time.Until(end)
		if rest <= 0 || !t.lag.waits() {
			return
		}
		if !in.ready(min(rest, restOfAnswer) + time.Millisecond) {
			continue
		}
		n, err := in.file.Read(one)
		t.look(err)
		if n == 0 {
			return
		}
		kept, found := new(answers).take(append(read, one...))
		t.arrived(found)
		read = []byte(begins(kept))
	}
}

// lastAnswer is until when answers are waited for on the way out. A terminal that has
// answered nothing so far probably never will.
func (l *lag) lastAnswer(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pace.open) == 0 {
		return now
	}
	if l.pace.known {
		return now.Add(leaving)
	}
	return l.pace.open[0].at.Add(leaving)
}

func (t *Terminal) isEnding() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ending
}
