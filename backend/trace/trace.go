// Package trace writes down what goes over the wire, for who has to find out why a
// server and the console do not understand each other.
//
// It promises that a connection never waits for the file, that the file is its
// owner's alone, and that what looks like a password in a text is masked. What is
// secret as a whole must not be handed over at all: that is the drivers' to know.
package trace

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hvdeck/backend/guard"
)

// Line is one message of a connection.
type Line struct {
	At   time.Time
	Conn string // and which of its connections: "kvm1/2"
	Out  bool   // sent by us
	Name string // of the call or event
	ID   string // what joins a call and its reply
	// Status is how a reply begins: "ok", "error"; "" for calls and events.
	Status string
	Bytes  int
	Took   time.Duration // since the call; 0: not known
	Code   string        // of an error
	// Texts gives the texts of the message. It is called once, later, on another
	// goroutine; nil: none.
	Texts func() []string
}

// queued is how many lines may wait for the file; more are dropped and counted.
const queued = 512

// Log is a trace file. A nil *Log takes everything and writes nothing. It is safe for
// concurrent use.
type Log struct {
	lines   chan Line
	quit    chan struct{}
	done    chan struct{}
	closing sync.Once
	dropped atomic.Int64
	mask    *masker
	notice  func(error)
}

// Open makes the file, or appends to it, readable by its owner only. notice is told
// once when writing fails; the trace has ended then, and nothing else.
func Open(path string, notice func(error)) (*Log, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("trace: %w; name another file with --trace", err)
	}
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() && st.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("trace: others can read %s, and that can't be changed: %w", path, err)
		}
	}
	return start(f, notice), nil
}

func start(w io.WriteCloser, notice func(error)) *Log {
	l := &Log{lines: make(chan Line, queued), quit: make(chan struct{}), done: make(chan struct{}), mask: newMasker(), notice: notice}
	guard.Go("trace", notice, func() {
		defer close(l.done)
		defer func() { _ = w.Close() }()
		l.run(w)
	})
	return l
}

// On reports whether lines are wanted, so that they need not be made otherwise.
func (l *Log) On() bool { return l != nil }

// Write takes a line; it never blocks.
func (l *Log) Write(line Line) {
	if l == nil {
		return
	}
	select {
	case l.lines <- line:
	default:
		l.dropped.Add(1)
	}
}

// Close writes what waits and closes the file, by the end of ctx at the latest.
func (l *Log) Close(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.closing.Do(func() { close(l.quit) })
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run writes lines until it is told to end or writing fails.
func (l *Log) run(w io.Writer) {
	out := bufio.NewWriterSize(w, 64<<10)
	for {
		select {
		case line := <-l.lines:
			if err := l.put(out, line); err != nil {
				l.stop(err)
				return
			}
		case <-l.quit:
			l.drain(out)
			return
		}
	}
}

// put writes a line, and all to the file when nothing else waits.
func (l *Log) put(out *bufio.Writer, line Line) error {
	if n := l.dropped.Swap(0); n > 0 {
		fmt.Fprintf(out, "%s - %d lines were dropped here\n", stamp(time.Now()), n)
	}
	_, err := out.WriteString(l.format(line))
	if err == nil && len(l.lines) == 0 {
		err = out.Flush()
	}
	return err
}

func (l *Log) drain(out *bufio.Writer) {
	for {
		select {
		case line := <-l.lines:
			if err := l.put(out, line); err != nil {
				l.stop(err)
				return
			}
		default:
			_ = out.Flush()
			return
		}
	}
}

func (l *Log) stop(err error) {
	if l.notice != nil {
		l.notice(fmt.Errorf("the trace has ended: %w", err))
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// format is the line in the file.
func (l *Log) format(line Line) string {
	var s strings.Builder
	arrow := "<"
	if line.Out {
		arrow = ">"
	}
	fmt.Fprintf(&s, "%s %s %s %s", stamp(line.At), l.mask.word(line.Conn), arrow, l.mask.word(line.Name))
	if line.ID != "" {
		fmt.Fprintf(&s, " id=%s", line.ID)
	}
	if line.Status != "" {
		s.WriteString(" " + line.Status)
	}
	fmt.Fprintf(&s, " bytes=%d", line.Bytes)
	if line.Took > 0 {
		fmt.Fprintf(&s, " ms=%.1f", float64(line.Took)/float64(time.Millisecond))
	}
	if line.Code != "" {
		fmt.Fprintf(&s, " code=%s", line.Code)
	}
	if line.Texts != nil {
		for _, text := range line.Texts() {
			fmt.Fprintf(&s, " %q", l.mask.text(text))
		}
	}
	s.WriteString("\n")
	return s.String()
}
