package ovf

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"hvdeck/backend"
)

const (
	defaultStall = 60 * time.Second
	maxRedirects = 10
	// block is what is asked for at once where a header is to be read.
	block = 64 << 10
)

// errStalled ends a request whose server sends nothing.
var errStalled = errors.New("the server sent nothing for too long")

// fetcher asks one server.
type fetcher struct {
	client *http.Client
	stall  time.Duration
}

func newFetcher(o Options) *fetcher {
	f := &fetcher{client: &http.Client{}, stall: cmp.Or(o.Stall, defaultStall)}
	if o.Client != nil {
		*f.client = *o.Client
	} else {
		f.client.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			DialContext:         (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout: 30 * time.Second, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10}
	}
	f.client.CheckRedirect = checkRedirect
	return f
}

func checkRedirect(to *http.Request, via []*http.Request) error {
	switch {
	case len(via) >= maxRedirects:
		return fmt.Errorf("the server redirects more than %d times", maxRedirects)
	case to.URL.Scheme != "http" && to.URL.Scheme != "https":
		return fmt.Errorf("the server redirects to a %s URL", to.URL.Scheme)
	case via[0].URL.Scheme == "https" && to.URL.Scheme == "http":
		return errors.New("the server redirects from https to http")
	}
	return nil
}

// get sends a request for the bytes from first to last (-1: to the end; first -1: for all
// of it). The body ends with an error when nothing comes for the stall's time, which does
// not run while nobody reads.
func (f *fetcher) get(ctx context.Context, u *url.URL, first, last int64) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity")
	if first >= 0 {
		end := ""
		if last >= 0 {
			end = strconv.FormatInt(last, 10)
		}
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%s", first, end))
	}
	timer := time.AfterFunc(f.stall, func() { cancel(errStalled) })
	resp, err := f.client.Do(req)
	timer.Stop()
	if err != nil {
		err = f.failed(ctx, err)
		cancel(nil)
		return nil, err
	}
	resp.Body = &watched{ctx: ctx, cancel: cancel, body: resp.Body, stall: f.stall, timer: timer}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		_ = resp.Body.Close()
		return nil, statusError(resp)
	}
	return resp, nil
}

// failed is a request's error without its URL, which may hold secrets.
func (f *fetcher) failed(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
		return unreachable(cause.Error())
	} else if cause != nil {
		return cause
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return &backend.Error{Class: backend.ClassUntrusted, Doing: "read", Message: untrusted.Err.Error()}
	}
	return unreachable(err.Error())
}

func unreachable(message string) *backend.Error {
	return &backend.Error{Class: backend.ClassUnreachable, Doing: "read", Message: message}
}

func statusError(resp *http.Response) error {
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
		return errMissing
	}
	e := &backend.Error{Class: backend.ClassOther, Doing: "read", Code: strconv.Itoa(resp.StatusCode), Message: "the server says " + resp.Status}
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		e.Class = backend.ClassDenied
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Class = backend.ClassBusy
	case resp.StatusCode >= http.StatusInternalServerError:
		e.Class = backend.ClassUnreachable
	}
	return e
}

// watched is a body that must go on coming while it is read.
type watched struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	body   io.ReadCloser
	stall  time.Duration
	timer  *time.Timer
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.stall)
	n, err := w.body.Read(p)
	w.timer.Stop()
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	if cause := context.Cause(w.ctx); errors.Is(cause, errStalled) {
		return n, unreachable(cause.Error())
	} else if cause != nil {
		return n, cause
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return n, err
	}
	return n, unreachable(err.Error())
}

func (w *watched) Close() error {
	w.timer.Stop()
	w.cancel(nil)
	return w.body.Close()
}

// openURL asks for the first block: what it holds tells the kind, the answer whether the
// server has ranges.
func (p *Package) openURL(ctx context.Context, u *url.URL, o Options) error {
	f := newFetcher(o)
	resp, err := f.get(ctx, u, 0, block-1)
	if errors.Is(err, errMissing) {
		return &backend.Error{Class: backend.ClassNotFound, Doing: "read", Object: p.label(), Message: "the server has no such file"}
	}
	if err != nil {
		return err
	}
	body := bufio.NewReaderSize(resp.Body, block)
	start, err := body.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		_ = resp.Body.Close()
		return err
	}
	switch kindOfStart(start) {
	case kindDescriptor:
		_ = resp.Body.Close()
		return p.openSite(ctx, f, u)
	case kindArchive:
		if resp.StatusCode == http.StatusPartialContent {
			_ = resp.Body.Close()
			return p.openRanged(ctx, f, u, resp)
		}
		return p.openStream(ctx, f, u, &passing{members: newMembers(body), body: resp.Body})
	default:
		_ = resp.Body.Close()
		return errors.New(whatIs(start))
	}
}

// openSite reads an .ovf whose files are at the same server.
func (p *Package) openSite(ctx context.Context, f *fetcher, u *url.URL) error {
	s := site{f, u}
	p.src = s
	p.descriptor = path.Base(u.Path)
	resp, err := f.get(ctx, u, -1, -1)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if p.raw, err = limited(resp.Body, MaxDescriptor); err != nil {
		return err
	}
	return p.besides(ctx)
}

// site is the directory of a server that an .ovf is in.
type site struct {
	*fetcher
	base *url.URL
}

func (s site) list() []member { return nil }
func (s site) Close() error   { s.client.CloseIdleConnections(); return nil }

// open takes a name as a path below the descriptor's directory and nothing else: no other
// host, query or directory above.
func (s site) open(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	plain, err := url.PathUnescape(name)
	if err != nil {
		plain = name
	}
	if reason := badName(plain); reason != "" {
		return nil, 0, fmt.Errorf("it %s", reason)
	}
	u := *s.base
	u.Path, u.RawPath, u.RawQuery, u.Fragment = path.Join(path.Dir("/"+strings.TrimPrefix(s.base.Path, "/")), plain), "", "", ""
	resp, err := s.get(ctx, &u, -1, -1)
	if err != nil {
		return nil, 0, err
	}
	return resp.Body, resp.ContentLength, nil
}
