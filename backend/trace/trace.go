// Package trace writes down what goes over the wire, for who has to find out why a
// server and the console do not understand each other.
//
// It promises that a connection never waits for the file, that the file is its
// owner's alone, that lines for which there was no time or no room are counted where they
// are missing, and that what looks like a password in a text is masked. What is
// secret as a whole must not be handed over at all: that is the drivers' to know.
package trace

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/linefile"
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

// file is where the lines go.
type file interface {
	Append(lines []byte, n int) error
	Changed(err error) linefile.Change
	Lost() int
	Close() error
}

// Open makes the file, or appends to it, readable by its owner only. notice is told once
// each time that writing begins to fail, and once when it goes on.
func Open(path string, notice func(error)) (*Log, error) {
	f := linefile.New(path, gap)
	if err := f.Open(); err != nil {
		return nil, fmt.Errorf("trace: %w; name another file with --trace", err)
	}
	return start(f, notice), nil
}

func start(f file, notice func(error)) *Log {
	if notice == nil {
		notice = func(error) {}
	}
	l := &Log{lines: make(chan Line, queued), quit: make(chan struct{}), done: make(chan struct{}), mask: newMasker(), notice: notice}
	guard.Go("trace", notice, func() {
		defer close(l.done)
		defer func() { _ = f.Close() }()
		l.run(f)
	})
	return l
}

// gap says in the file how many lines are missing before it.
func gap(lost int) []byte {
	return fmt.Appendf(nil, "%s - %d lines were dropped here\n", stamp(time.Now()), lost)
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

// run writes lines until it is told to end.
func (l *Log) run(f file) {
	for {
		select {
		case line := <-l.lines:
			l.put(f, line)
		case <-l.quit:
			l.drain(f)
			return
		}
	}
}

// atOnce is how many bytes of lines that wait are written at a time.
const atOnce = 64 << 10

// put writes a line with those that wait behind it.
func (l *Log) put(f file, line Line) {
	var text []byte
	if n := l.dropped.Swap(0); n > 0 {
		text = gap(int(n))
	}
	text = append(text, l.format(line)...)
	n := 1
	for ; len(text) < atOnce && len(l.lines) > 0; n++ {
		text = append(text, l.format(<-l.lines)...)
	}
	missing := f.Lost()
	err := f.Append(text, n)
	switch f.Changed(err) {
	case linefile.Failed:
		l.notice(backend.FileNotice{File: "trace",
			Err: fmt.Errorf("the trace can't be written: %w; make room for it, what comes meanwhile is counted", err)})
	case linefile.Mended:
		l.notice(backend.FileNotice{File: "trace", Written: true,
			Err: fmt.Errorf("the trace is written again: %d lines are missing in it", missing)})
	case linefile.Same:
	}
}

func (l *Log) drain(f file) {
	for len(l.lines) > 0 {
		l.put(f, <-l.lines)
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
