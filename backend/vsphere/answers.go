package vsphere

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The bounds of answers to calls of the API. What comes with files has none: transfers
// watch themselves.
const (
	answerMost = 32 << 20        // bytes, unpacked; the longest that servers give are lists of event types, of 6 MiB
	textMost   = 4 << 20         // bytes of an answer in XML without a mark-up sign; a server gives no longer text
	longAnswer = 1 << 20         // bytes, from which on answers are read one at a time
	wordMost   = 64 << 10        // bytes of an answer that is a mere word, as the time
	quietTime  = 7 * time.Second // of a call for what is in sight; with the 2 s between two of them it shows within 10
	quietBytes = 1 << 10         // fewer than these in that time are silence as well
)

// errQuiet is the cause of a call that was given up because no answer came.
var errQuiet = fmt.Errorf("the server did not answer within %v", quietTime)

// expected says what is awaited of an answer.
type expected struct {
	most  int64         // bytes; 0: answerMost
	quiet time.Duration // how long it may make no headway; 0: as long as the call may take
}

type expectedKey struct{}

// promptly has calls for what is in sight given up when the server makes no headway with
// the answer. They end the connection, so that a server that hangs does not look ready for
// as long as a large list may take.
func promptly(ctx context.Context) context.Context {
	return context.WithValue(ctx, expectedKey{}, expected{quiet: quietTime})
}

// aWord has calls given up whose answer is much longer than a word.
func aWord(ctx context.Context) context.Context {
	return context.WithValue(ctx, expectedKey{}, expected{most: wordMost})
}

// answers bounds the answers to calls of the API, and follows no redirection of one: the
// calls carry the password and what is to be done, for this server only.
type answers struct {
	next http.RoundTripper
	wire *wire // of the connections that they come on
}

// CloseIdleConnections lets http.Client pass it on.
func (a *answers) CloseIdleConnections() {
	if c, ok := a.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper.
func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	if !ofAPI(req) {
		return a.next.RoundTrip(req)
	}
	want, _ := req.Context().Value(expectedKey{}).(expected)
	ctx, cancel := context.WithCancelCause(req.Context())
	body := &answer{left: orMost(want.most), most: orMost(want.most), xml: req.Header.Get("SOAPAction") != "", ctx: ctx, end: func() { cancel(nil) }, turn: &a.wire.long}
	if want.quiet > 0 {
		body.await(want.quiet, a.wire, func() { cancel(errQuiet) })
	}
	res, err := a.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		err = body.why(err)
		body.stop()
		return nil, err
	}
	body.ReadCloser = res.Body
	if to := res.Header.Get("Location"); res.StatusCode >= 300 && res.StatusCode < 400 && to != "" {
		_ = body.Close()
		return nil, &redirected{to: to}
	}
	if soapless(req, res) {
		_ = body.Close()
		return nil, &noAnswer{code: res.StatusCode, status: res.Status}
	}
	res.Body = body
	return res, nil
}

// ofAPI tells calls from what moves files.
func ofAPI(req *http.Request) bool {
	return req.Header.Get("SOAPAction") != "" || strings.HasSuffix(req.URL.Path, versionsFile) ||
		strings.HasPrefix(req.URL.Path, "/rest/") || strings.HasPrefix(req.URL.Path, "/api/")
}

func orMost(n int64) int64 {
	if n > 0 {
		return n
	}
	return answerMost
}

// redirected is an answer that sends us elsewhere.
type redirected struct{ to string }

func (e *redirected) Error() string {
	return fmt.Sprintf("the server redirects to %.200s, where nothing was sent", e.to)
}

// soapless tells whether it was not the API that answered: that does so with 200, or 500
// and its own fault.
func soapless(req *http.Request, res *http.Response) bool {
	switch {
	case req.Header.Get("SOAPAction") == "" || res.StatusCode == http.StatusOK:
		return false
	case res.StatusCode == http.StatusInternalServerError:
		return strings.Contains(res.Header.Get("Content-Type"), "html")
	default:
		return true
	}
}

// noAnswer is an error of HTTP in place of an answer of the API.
type noAnswer struct {
	code   int
	status string
}

func (e *noAnswer) Error() string { return "the server answers " + e.status }

// answer is the body of one. One goroutine reads; the clock and Close may come from others.
type answer struct {
	io.ReadCloser
	left, most int64
	xml        bool
	text       int // bytes since the last sign of mark-up
	ctx        context.Context
	end        func()
	turn       *turn // of long answers
	mine       bool
	done       bool

	mu     sync.Mutex  // of what is below, and of mine and done
	clock  *time.Timer // nil: none
	limit  time.Duration
	got    int // bytes since the clock was set
	wire   *wire
	before int64 // what the wire had got when the clock was set
}

// await has late called when there is no headway for so long. A line that is full of bytes
// of other answers holds up this one.
func (b *answer) await(limit time.Duration, w *wire, late func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit, b.wire, b.before = limit, w, w.got()
	b.clock = time.AfterFunc(limit, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if now := w.got(); b.clock != nil && now-b.before >= busyBytes {
			b.before = now
			b.clock.Reset(limit)
			return
		}
		late()
	})
}

// Read implements io.Reader.
func (b *answer) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the server's answer is longer than %d KiB", b.most>>10)
	}
	if err := b.awaitTurn(); err != nil {
		return 0, b.why(err)
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.text += n
	if at := bytes.LastIndexByte(p[:n], '<'); at >= 0 {
		b.text = n - at
	}
	if b.xml && b.text > textMost {
		return 0, fmt.Errorf("the server's answer holds a text longer than %d KiB", textMost>>10)
	}
	b.mu.Lock()
	if b.got += n; b.got >= quietBytes && b.clock != nil && b.clock.Stop() {
		b.got, b.before = 0, b.wire.got() // what is its own says nothing of a full line
		b.clock.Reset(b.limit)
	}
	b.mu.Unlock()
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.why(err)
	}
	return n, err
}

// why is the cause of an error where it is ours.
func (b *answer) why(err error) error {
	if errors.Is(context.Cause(b.ctx), errQuiet) {
		return errQuiet
	}
	return err
}

// Close implements io.Closer.
func (b *answer) Close() error {
	err := b.ReadCloser.Close()
	b.stop()
	return err
}

func (b *answer) stop() {
	b.mu.Lock()
	b.done = true
	if b.clock != nil {
		b.clock.Stop()
		b.clock = nil
	}
	if b.mine {
		b.mine = false
		b.turn.give()
	}
	b.mu.Unlock()
	b.end()
}

// awaitTurn has long answers of a server read one after the other: several without an end
// at once would keep every core busy.
func (b *answer) awaitTurn() error {
	if b.most-b.left < longAnswer || b.turned() {
		return nil
	}
	if err := b.turn.take(b.ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		b.turn.give()
		return context.Canceled
	}
	b.mine = true
	return nil
}

func (b *answer) turned() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mine
}

// turn is had by one at a time. The zero value is free.
type turn struct {
	once sync.Once
	free chan struct{}
}

func (t *turn) slot() chan struct{} {
	t.once.Do(func() { t.free = make(chan struct{}, 1) })
	return t.free
}

func (t *turn) take(ctx context.Context) error {
	select {
	case t.slot() <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turn) give() { <-t.slot() }
