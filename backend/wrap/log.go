package wrap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

// queueLength is how many records may wait for a slow disk.
const queueLength = 4096

// Log appends records to a file that only its owner may read (0600). Records are
// written in order by one goroutine; a file that can't be written is reported once
// and tried again with the next record, so that an operation is never held up. Safe
// for concurrent use.
type Log struct {
	path   string
	report func(error)
	now    func() time.Time
	prefix string
	count  atomic.Uint64

	mu     sync.RWMutex // held to send; Close takes it to end sending
	closed bool
	queue  chan Record
	ended  chan struct{}

	lost   atomic.Bool // a record was dropped, and that has been reported
	broken bool        // the last write failed; only the writer touches it
	file   *os.File    // only the writer touches it
}

// NewLog makes a Log that writes to path; its folder is made when it is missing.
// report gets errors, once each time that writing begins to fail, from any
// goroutine, and must not block; it may be nil. now may be nil for time.Now.
func NewLog(path string, report func(error), now func() time.Time) *Log {
	if now == nil {
		now = time.Now
	}
	if report == nil {
		report = func(error) {}
	}
	l := &Log{
		path: path, report: report, now: now,
		prefix: now().UTC().Format("20060102T150405") + "-" + strconv.Itoa(os.Getpid()) + "-",
		queue:  make(chan Record, queueLength), ended: make(chan struct{}),
	}
	guard.Go("audit log", report, l.run)
	return l
}

// nextID is unique among the runs that share a file.
func (l *Log) nextID() string { return l.prefix + strconv.FormatUint(l.count.Add(1), 10) }

// write queues a record; it never blocks.
func (l *Log) write(r Record) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return
	}
	select {
	case l.queue <- r:
		l.lost.Store(false)
	default:
		if !l.lost.Swap(true) {
			l.report(l.problem(errors.New("the disk is too slow: a record was dropped")))
		}
	}
}

// Close writes what is queued and closes the file, until ctx ends.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.queue)
	}
	l.mu.Unlock()
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
		return l.problem(ctx.Err())
	}
}

func (l *Log) run() {
	defer close(l.ended)
	for r := range l.queue {
		err := l.append(r)
		if err != nil && !l.broken {
			l.report(l.problem(err))
		}
		l.broken = err != nil
	}
	if l.file != nil {
		if err := l.file.Close(); err != nil {
			l.report(l.problem(err))
		}
	}
}

// append writes one record, opening the file if need be.
func (l *Log) append(r Record) error {
	line, err := r.line()
	if err != nil {
		return err
	}
	if l.file == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	if _, err := l.file.Write(line); err != nil {
		_ = l.file.Close() // the write error is the one to tell
		l.file = nil
		return err
	}
	return nil
}

func (l *Log) open() error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// A file that was there may have been open to others.
	if err := f.Chmod(0o600); err != nil {
		_ = f.Close()
		return fmt.Errorf("restrict to its owner: %w", err)
	}
	l.file = f
	return nil
}

func (l *Log) problem(err error) error {
	return &backend.Error{
		Class: backend.ClassOther, Doing: "write the audit log", Object: l.path, Err: err,
		Remedy: "make the file writable; operations go on without a record meanwhile",
	}
}
