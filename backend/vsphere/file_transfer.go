package vsphere

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"

	"hvdeck/backend"
)

// Transfers go through the server that the connection is with, by the session's cookie,
// as govc's do: its identity has been checked, and a host may be out of reach. Source:
// "HTTP access to datastores" of the Web Services SDK programming guide.

// fileURL is where the server keeps a file: /folder/PATH?dcPath=…&dsName=….
func (c *Conn) fileURL(s *store, rel string) string {
	u := c.end.url()
	u.Path = "/folder/" + rel
	u.RawQuery = url.Values{"dcPath": {c.names.apiPath(s.datacenter)}, "dsName": {s.name}}.Encode()
	return u.String()
}

// upload overwrites a file that no VM uses. Where it breaks off, the file holds a part,
// and the error says so.
func (a *action) upload(ctx context.Context, op backend.VolumeUploadOp) (backend.Result, error) {
	local, size, err := a.openLocal(op.File)
	if err != nil {
		return backend.Result{}, err
	}
	defer func() { _ = local.Close() }()
	f, err := a.file(ctx, op.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	if f.facts.dir {
		return backend.Result{}, a.refuse(backend.ClassInvalid, "it is a folder")
	}
	if err := a.unused(ctx, f); err != nil {
		return backend.Result{}, err
	}
	sent, err := a.send(ctx, a.c.fileURL(f.store, f.rel), local, size, op.NoChecksum)
	if err == nil {
		return backend.Result{Text: sent.sum}, nil
	}
	if sent.took(err) {
		e := *fail(a.doing, a.object, err)
		e.Message += fmt.Sprintf(": the file holds part of what was sent, %d of %d bytes at most", sent.moved, size)
		if e.Class == backend.ClassUnreachable {
			e.Class = backend.ClassLost
		}
		err = &e
	}
	return backend.Result{}, err
}

// importFile makes a new file, which is deleted again when not all of it arrives.
func (a *action) importFile(ctx context.Context, op backend.VolumeImportOp) (backend.Result, error) {
	if err := a.checkPath(op.Name); err != nil {
		return backend.Result{}, err
	}
	local, size, err := a.openLocal(op.File)
	if err != nil {
		return backend.Result{}, err
	}
	defer func() { _ = local.Close() }()
	s, err := a.newFile(ctx, op.Pool, op.Name)
	if err != nil {
		return backend.Result{}, err
	}
	defer a.c.hold()()
	began, err := a.serverTime(ctx)
	if err != nil {
		return backend.Result{}, err
	}
	sent, err := a.send(ctx, a.c.fileURL(s, op.Name), local, size, op.NoChecksum)
	if err == nil {
		return backend.Result{Created: a.c.volumeRef(s.pool, op.Name), Text: sent.sum}, nil
	}
	if sent.took(err) {
		err = a.withoutHalf(err, s, op.Name, func(ctx context.Context) error {
			return a.c.dropSent(ctx, s, op.Name, sent.moved, began)
		})
	}
	return backend.Result{}, err
}

// sending is how far a PUT came.
type sending struct {
	sum   string // in words
	moved int64  // bytes read for it, so no fewer than arrived
	begun bool   // the request went out
}

// took tells whether a PUT that failed may have made or changed the file: it went out,
// and the server did not refuse it.
func (s sending) took(err error) bool {
	var status *httpStatus
	if errors.As(err, &status) && status.refusal() {
		return false
	}
	return s.begun
}

// send puts a file at the URL.
func (a *action) send(ctx context.Context, to string, local io.Reader, size int64, noSum bool) (sending, error) {
	m := a.c.newFlow(ctx, a.progress, size, noSum)
	defer m.end()
	var body io.Reader = http.NoBody
	if size > 0 {
		body = &flowReader{flow: m, from: io.LimitReader(local, size)}
	}
	var begun atomic.Bool
	seen := httptrace.WithClientTrace(m.ctx, &httptrace.ClientTrace{WroteHeaders: func() { begun.Store(true) }})
	req, err := http.NewRequestWithContext(seen, http.MethodPut, to, body)
	if err != nil {
		return sending{}, fail(a.doing, a.object, err)
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("User-Agent", a.c.vc.UserAgent)
	res, err := a.c.vc.Client.Client.Do(req)
	if err == nil {
		err = statusError(res)
		_ = res.Body.Close()
	}
	sent := sending{begun: begun.Load()}
	sent.moved, sent.sum = m.close()
	if err == nil && sent.moved != size {
		err = errors.New("the server did not take the whole file")
	}
	if err != nil {
		return sent, a.broke(ctx, m, err)
	}
	m.finish()
	return sent, nil
}

// download copies a file of a datastore into a file of this machine: under a temporary
// name beside it, readable by its owner only, until it is whole.
func (a *action) download(ctx context.Context, op backend.VolumeDownloadOp) (backend.Result, error) {
	f, err := a.file(ctx, op.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	if f.facts.dir {
		return backend.Result{}, a.refuse(backend.ClassInvalid, "it is a folder: its files are downloaded one by one")
	}
	target, err := a.localTarget(op)
	if err != nil {
		return backend.Result{}, err
	}
	if err := a.roomFor(filepath.Dir(target), f.facts.size); err != nil {
		return backend.Result{}, err
	}
	part, err := os.CreateTemp(filepath.Dir(target), partName(target))
	if err != nil {
		return backend.Result{}, a.localError(err)
	}
	defer func() { _ = os.Remove(part.Name()) }() // gone already when it was renamed
	defer func() { _ = part.Close() }()
	sum, err := a.receive(ctx, f, part, op.NoChecksum)
	if err != nil {
		return backend.Result{}, err
	}
	if err := settleFile(part, target, op.Overwrite); err != nil {
		return backend.Result{}, a.localError(err)
	}
	if sum != "" {
		target += ", " + sum
	}
	return backend.Result{Text: target}, nil
}

// receive writes what comes into a file, and gives its checksum in words.
func (a *action) receive(ctx context.Context, f *file, into io.Writer, noSum bool) (string, error) {
	m := a.c.newFlow(ctx, a.progress, int64(f.facts.size), noSum) //nolint:gosec // a file's size
	defer m.end()
	req, err := http.NewRequestWithContext(m.ctx, http.MethodGet, a.c.fileURL(f.store, f.rel), nil)
	if err != nil {
		return "", fail(a.doing, a.object, err)
	}
	req.Header.Set("User-Agent", a.c.vc.UserAgent)
	res, err := a.c.vc.Client.Client.Do(req)
	if err != nil {
		return "", a.broke(ctx, m, err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := statusError(res); err != nil {
		return "", a.broke(ctx, m, err)
	}
	if res.ContentLength >= 0 {
		m.total(res.ContentLength)
	}
	sink := &localWriter{to: into}
	n, err := io.CopyBuffer(sink, &flowReader{flow: m, from: res.Body}, make([]byte, 256<<10))
	if sink.failed != nil {
		return "", a.localError(sink.failed)
	}
	if err == nil && res.ContentLength >= 0 && n != res.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	_, sum := m.close()
	if err != nil {
		return "", a.broke(ctx, m, err)
	}
	m.finish()
	return sum, nil
}

// localWriter keeps apart what went wrong with the file of this machine.
type localWriter struct {
	to     io.Writer
	failed error
}

func (w *localWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.failed = err
	return n, err
}

// httpStatus is an answer other than success.
type httpStatus struct {
	code int
	text string
}

func (e *httpStatus) Error() string { return "the server answered " + e.text }

func statusError(res *http.Response) error {
	switch res.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
		return nil
	default:
		return &httpStatus{code: res.StatusCode, text: res.Status}
	}
}

// refusal tells whether the server did not take the request at all. With any other
// failure, as one for want of space, it may have begun with it.
func (e *httpStatus) refusal() bool {
	switch e.code {
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge: // in the middle of it
		return false
	case http.StatusServiceUnavailable:
		return true
	default:
		return e.code >= 400 && e.code < 500
	}
}

func (e *httpStatus) class() backend.Class {
	switch e.code {
	case http.StatusNotFound:
		return backend.ClassNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return backend.ClassDenied
	case http.StatusConflict:
		return backend.ClassConflict
	case http.StatusLocked, http.StatusServiceUnavailable:
		return backend.ClassBusy
	default:
		return backend.ClassOther
	}
}

// broke words the end of a transfer before its time.
func (a *action) broke(ctx context.Context, m *flow, err error) error {
	var status *httpStatus
	moved, _ := m.close()
	after := fmt.Sprintf(" after %d of %d bytes", moved, max(m.size(), moved))
	e := &backend.Error{Doing: a.doing, Object: a.object, Err: err, Class: backend.ClassUnreachable}
	switch {
	case ctx.Err() != nil:
		e.Class, e.Message = backend.ClassCancelled, "cancelled"+after
	case errors.As(err, &status):
		e.Class, e.Message = status.class(), status.Error()
	case errors.Is(context.Cause(m.ctx), errStalled):
		e.Message = errStalled.Error() + after
	case a.c.life.Err() != nil:
		e.Message = errClosed.Error() + after
	default:
		_, words := networkClass(err)
		e.Message = "broke off" + after + ": " + words
	}
	return e
}

// newSum is SHA-256, or nil where none is wanted.
func newSum(none bool) hash.Hash {
	if none {
		return nil
	}
	return sha256.New()
}

// sumWords is a checksum as a result has it; "" for none.
func sumWords(h hash.Hash) string {
	if h == nil {
		return ""
	}
	return "SHA-256 " + hex.EncodeToString(h.Sum(nil))
}
