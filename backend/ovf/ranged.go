package ovf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ranged is an archive at a server that answers requests for ranges.
type ranged struct {
	*fetcher
	url  *url.URL
	size int64
	etag string
}

// openRanged indexes an archive by its headers.
func (p *Package) openRanged(ctx context.Context, f *fetcher, u *url.URL, first *http.Response) error {
	_, size, err := contentRange(first)
	if err != nil {
		return err
	}
	r := &ranged{f, u, size, first.Header.Get("ETag")}
	x := &indexed{at: r.at, close: func() error { f.client.CloseIdleConnections(); return nil }}
	p.src = x
	m, err := x.index(ctx, &rangeReader{ctx: ctx, from: r}, size)
	if err != nil {
		return err
	}
	return p.fromArchive(ctx, m)
}

// contentRange reads "bytes 0-511/1048576".
func contentRange(resp *http.Response) (first, size int64, err error) {
	h := resp.Header.Get("Content-Range")
	span, total, found := strings.Cut(strings.TrimPrefix(h, "bytes "), "/")
	from, _, dashed := strings.Cut(span, "-")
	first, err1 := strconv.ParseInt(from, 10, 64)
	size, err2 := strconv.ParseInt(total, 10, 64)
	if !found || !dashed || err1 != nil || err2 != nil || first < 0 || size < 0 {
		return 0, 0, fmt.Errorf("the server answers with the range %q", shorten(h))
	}
	return first, size, nil
}

// at streams a part. The file must be the one that was indexed.
func (r *ranged) at(ctx context.Context, p place) (io.ReadCloser, error) {
	if p.size == 0 {
		return io.NopCloser(strings.NewReader("")), nil
	}
	resp, err := r.get(ctx, r.url, p.offset, p.offset+p.size-1)
	if err != nil {
		return nil, err
	}
	if err := r.same(resp, p.offset); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return &exactly{resp.Body, p.size}, nil
}

func (r *ranged) same(resp *http.Response, offset int64) error {
	if resp.StatusCode != http.StatusPartialContent {
		return errors.New("the server no longer answers requests for ranges")
	}
	first, size, err := contentRange(resp)
	if err != nil {
		return err
	}
	if first != offset || size != r.size || resp.Header.Get("ETag") != r.etag {
		return errors.New("the file at the server changed while it was read")
	}
	return nil
}

// exactly ends with an error when less came.
type exactly struct {
	io.ReadCloser
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.ReadCloser.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// rangeReader is a Seeker over a file at a server, for headers: it reads a block at a
// time and keeps the last one.
type rangeReader struct {
	ctx   context.Context
	from  *ranged
	pos   int64
	start int64 // of buf
	buf   []byte
}

func (r *rangeReader) Seek(offset int64, whence int) (int64, error) {
	base := map[int]int64{io.SeekCurrent: r.pos, io.SeekEnd: r.from.size}[whence]
	if base+offset < 0 {
		return 0, errors.New("a position before the start")
	}
	r.pos = base + offset
	return r.pos, nil
}

func (r *rangeReader) Read(p []byte) (int, error) {
	if r.pos >= r.from.size {
		return 0, io.EOF
	}
	if r.pos < r.start || r.pos >= r.start+int64(len(r.buf)) {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.buf[r.pos-r.start:])
	r.pos += int64(n)
	return n, nil
}

func (r *rangeReader) fill() error {
	want := min(block, r.from.size-r.pos)
	body, err := r.from.at(r.ctx, place{r.pos, want})
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if cap(r.buf) < block {
		r.buf = make([]byte, block)
	}
	r.start, r.buf = r.pos, r.buf[:want]
	if _, err := io.ReadFull(body, r.buf); err != nil {
		r.buf = r.buf[:0]
		return err
	}
	return nil
}
