package vsphere

import (
	"context"
	"errors"
	"hash"
	"io"
	"sync"
	"time"

	"hvdeck/backend"
)

// A transfer may take hours; what it may not do is stand still.
const (
	stallAfter = time.Minute
	flowEvery  = 100 * time.Millisecond // between two tellings of progress
)

var errStalled = errors.New("no byte went through for a minute")

// flow counts and sums up the bytes of one transfer, and ends it when none come any
// more. It is safe for concurrent use: the HTTP client may go on reading for a moment
// after it has returned.
type flow struct {
	ctx    context.Context // of the request; ends with the connection, the caller, or a stall
	end    func()
	timer  *time.Timer
	report backend.Progress

	mu     sync.Mutex
	sum    hash.Hash
	all    int64
	moved  int64
	told   time.Time
	closed bool
}

func (c *Conn) newFlow(ctx context.Context, report backend.Progress, size int64, noSum bool) *flow {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(errClosed) })
	m := &flow{ctx: ctx, report: report, all: size, sum: newSum(noSum)}
	m.timer = time.AfterFunc(stallAfter, func() { cancel(errStalled) })
	m.end = func() {
		m.close()
		m.timer.Stop()
		stop()
		cancel(nil)
	}
	return m
}

// add notes bytes on their way; false when nobody wants them any more.
func (m *flow) add(p []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.timer.Reset(stallAfter)
	if m.sum != nil {
		_, _ = m.sum.Write(p) // never fails
	}
	m.moved += int64(len(p))
	if m.report.Bytes != nil && time.Since(m.told) >= flowEvery {
		m.told = time.Now()
		m.report.Bytes(m.moved, max(m.all, m.moved))
	}
	return true
}

// close takes no more bytes, and gives what there was.
func (m *flow) close() (moved int64, sum string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return m.moved, sumWords(m.sum)
}

// finish tells that all has been moved.
func (m *flow) finish() {
	if m.report.Bytes != nil {
		m.report.Bytes(m.moved, m.moved)
	}
}

func (m *flow) total(size int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = size
}

func (m *flow) size() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all
}

// flowReader reads what is moved.
type flowReader struct {
	flow *flow
	from io.Reader
}

func (r *flowReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if n > 0 && !r.flow.add(p[:n]) {
		return 0, errClosed
	}
	return n, err
}
