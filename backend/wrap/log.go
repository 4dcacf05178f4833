package wrap

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/linefile"
)

// queueLength is how many records may wait for a slow disk.
const queueLength = 4096

// Log appends records to a file that only its owner may read (0600). Records are
// written in order by one goroutine; a file that can't be written is reported once
// and tried again with the next record, so that an operation is never held up. How many
// records are missing stands in the file where they are, as a record with the result
// "gap", and is reported when it is written again. Safe for concurrent use.
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

	dropped atomic.Int64   // records that found no room in the queue
	lost    atomic.Bool    // a record was dropped, and that has been reported
	file    *linefile.File // only the writer touches it
}

// NewLog makes a Log that writes to path; its folder is made when it is missing.
// report gets errors, once each time that writing begins to fail and once when it goes on,
// from any goroutine, and must not block; it may be nil. now may be nil for time.Now.
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
	l.file = linefile.New(path, l.gap)
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
		l.dropped.Add(1)
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
	open := map[string]Record{} // operations that have begun and not ended
	for r := range l.queue {
		l.append(r)
		if delete(open, r.ID); r.Result == resultStarted {
			open[r.ID] = r
		}
	}
	for _, id := range slices.Sorted(maps.Keys(open)) {
		l.append(l.unanswered(open[id]))
	}
	if n := l.file.Lost(); n > 0 {
		l.report(fmt.Errorf("the audit log ends without %d records, which could not be written: %s", n, l.path))
	}
	if err := l.file.Close(); err != nil {
		l.report(l.problem(err))
	}
}

// unanswered is the end of an operation that was under way when the log was closed.
func (l *Log) unanswered(r Record) Record {
	now := l.now()
	r.Seconds, r.Time = now.Sub(r.Time).Round(time.Millisecond).Seconds(), now
	r.Result, r.Error = resultUnknown, "the console ended before the answer came"
	return r
}

// append writes one record, and says what has become of the file.
func (l *Log) append(r Record) {
	line, err := r.line()
	if err != nil {
		l.report(l.problem(err))
		return
	}
	if n := l.dropped.Swap(0); n > 0 {
		line = append(l.gap(int(n)), line...)
	}
	missing := l.file.Lost()
	err = l.file.Append(line, 1)
	switch l.file.Changed(err) {
	case linefile.Failed:
		l.report(backend.FileNotice{File: auditLog, Err: l.problem(err)})
	case linefile.Mended:
		l.report(backend.FileNotice{File: auditLog, Written: true,
			Err: fmt.Errorf("the audit log is written again, %d records are missing in it: %s", missing, l.path)})
	case linefile.Same:
	}
}

// auditLog is what notices call the file.
const auditLog = "audit log"

// gap is the record that says how many are missing before it.
func (l *Log) gap(lost int) []byte {
	r := Record{ID: l.nextID(), Time: l.now(), Result: resultGap, Lost: lost, Error: "records before this one could not be written"}
	line, err := r.line()
	if err != nil {
		return nil // it holds nothing that JSON can't
	}
	return line
}

// problem puts the path last: it is what may be cut off where there is little room.
func (l *Log) problem(err error) error {
	return fmt.Errorf("the audit log can't be written: %w; operations go on without a record, make room or make it writable: %s", err, l.path)
}
