package vsphere

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hvdeck/backend/trace"
)

// tracedMax is how much of a SOAP message is kept to look at, in bytes; the rest is
// counted only.
const tracedMax = 16 << 10

// tracer writes the requests of an HTTP client to the trace, and what is answered. It
// sees bodies as they pass and holds up nothing. Headers are never looked at: they carry
// the cookies and the keys of sessions.
type tracer struct {
	next http.RoundTripper
	log  *trace.Log
	name string
	last *atomic.Int64 // joins a request and its answer
}

// traced has everything written to the trace, if there is one, that goes through next.
// part tells the clients of a connection apart: "soap", "rest", "files".
func (c *Conn) traced(next http.RoundTripper, part string) http.RoundTripper {
	return c.opts.traced(next, part)
}

func (o Options) traced(next http.RoundTripper, part string) http.RoundTripper {
	if !o.Trace.On() {
		return next
	}
	return &tracer{next: next, log: o.Trace, name: string(o.ID) + "/" + part, last: o.requests}
}

// CloseIdleConnections lets http.Client pass it on.
func (t *tracer) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// exchange is one request and its answer.
type exchange struct {
	t     *tracer
	id    string
	name  string
	soap  bool
	path  string
	began time.Time
	sent  sync.Once
	mu    sync.Mutex // of name, which is known once the request was read
}

// RoundTrip implements http.RoundTripper.
func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	x := &exchange{
		t: t, id: strconv.FormatInt(t.last.Add(1), 10), name: req.Method, path: shownPath(req.URL), began: time.Now(),
		soap: req.Method == http.MethodPost && req.Header.Get("SOAPAction") != "",
	}
	if req.Body == nil || req.Body == http.NoBody {
		x.request(0, nil)
	} else {
		own := *req // a round tripper may not change the caller's
		own.Body = &tap{ReadCloser: req.Body, keep: x.keep(), ended: x.request}
		req = &own
	}
	res, err := t.next.RoundTrip(req)
	if err != nil {
		x.request(0, nil)
		x.broken(err)
		return res, err
	}
	status := res.StatusCode
	res.Body = &tap{ReadCloser: res.Body, keep: x.keep(), ended: func(n int64, kept []byte) { x.answer(status, n, kept) }}
	return res, nil
}

// keep is how much of a body is looked at: nothing of files and of the REST services.
func (x *exchange) keep() int {
	if x.soap {
		return tracedMax
	}
	return 0
}

// request writes that the request went out, once its body was read.
func (x *exchange) request(n int64, kept []byte) {
	x.sent.Do(func() {
		line := trace.Line{At: x.began, Conn: x.t.name, Out: true, ID: x.id, Bytes: int(n)}
		x.mu.Lock()
		if method := soapMethod(kept); x.soap && method != "" {
			x.name = method
			line.Texts = func() []string { return soapTexts(kept, method) }
		} else {
			line.Texts = func() []string { return []string{x.path} }
		}
		line.Name = x.name
		x.mu.Unlock()
		x.t.log.Write(line)
	})
}

func (x *exchange) line() trace.Line {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	return trace.Line{At: now, Conn: x.t.name, Name: x.name, ID: x.id, Took: now.Sub(x.began)}
}

// answer writes how the request was answered.
func (x *exchange) answer(status int, n int64, kept []byte) {
	line := x.line()
	line.Status, line.Bytes = "ok", int(n)
	if status >= http.StatusBadRequest {
		line.Status, line.Code = "error", strconv.Itoa(status)
	}
	if x.soap {
		if fault := soapFault(kept); fault != "" {
			line.Status, line.Code = "error", fault
		}
		method := line.Name
		line.Texts = func() []string { return soapTexts(kept, method) }
	}
	x.t.log.Write(line)
}

// broken writes that there was no answer.
func (x *exchange) broken(err error) {
	line := x.line()
	line.Status, line.Code = "error", "no-answer"
	line.Texts = func() []string { return []string{innermost(err).Error()} }
	x.t.log.Write(line)
}

// tap counts what is read of a body and keeps its beginning. One goroutine reads; Close
// may come from another.
type tap struct {
	io.ReadCloser
	keep  int
	ended func(n int64, kept []byte)

	mu   sync.Mutex
	n    int64
	kept []byte
	done bool
}

// Read implements io.Reader.
func (p *tap) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.mu.Lock()
	p.n += int64(n)
	if room := p.keep - len(p.kept); room > 0 {
		p.kept = append(p.kept, b[:min(n, room)]...)
	}
	p.mu.Unlock()
	if err != nil {
		p.end()
	}
	return n, err
}

// Close implements io.Closer.
func (p *tap) Close() error {
	err := p.ReadCloser.Close()
	p.end()
	return err
}

func (p *tap) end() {
	p.mu.Lock()
	n, kept, told := p.n, p.kept, p.done
	p.done = true
	p.kept, p.keep = nil, 0 // it belongs to the trace now
	p.mu.Unlock()
	if !told {
		p.ended(n, kept)
	}
}

// shownPath is the path of a request, with those parts of its query that only say what
// is meant. The path of a lease's files lets in who knows it, so its key is left out.
func shownPath(u *url.URL) string {
	path := u.Path
	for _, service := range []string{"/nfc/", "/ticket/", "/guestFile/", "/session/"} {
		if at := strings.Index(path, service); at >= 0 {
			rest := path[at+len(service):]
			_, file, _ := strings.Cut(rest, "/")
			path = path[:at] + service + "•••/" + file
		}
	}
	query := url.Values{}
	for _, key := range []string{"dcPath", "dsName", "~action"} {
		if v := u.Query().Get(key); v != "" {
			query.Set(key, v)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}
