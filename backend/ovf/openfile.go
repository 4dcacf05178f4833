package ovf

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
)

// The bounds of what a compressed file may grow to: a disk in its format is never much
// larger than its capacity. What is no disk has only its compressed size to go by.
const (
	diskSlack   = 64 << 20
	otherRatio  = 100
	otherAtMost = 64 << 30
)

// OpenFile opens a referenced file for upload: chunks are joined and compression is
// undone. size is that of the stream, -1 where only its end will tell. A stream that does
// not match the manifest or the size of the descriptor, ends early, or grows beyond what
// its disk can hold, ends in an error in place of io.EOF. Closing early is fine. Of a file
// of this machine that Verify has found right, no sum is made again while its size and
// time are the same; a change of them ends the stream in an error.
func (p *Package) OpenFile(ctx context.Context, f File) (r io.ReadCloser, size int64, err error) {
	if reason := badHref(f.Href); reason != "" {
		return nil, 0, invalid("read", p.label(), "the file %q %s", f.Href, reason)
	}
	if f.Compression != "" && f.Compression != "gzip" {
		return nil, 0, invalid("read", p.label(), "the file %q is compressed with %q, which is not known", f.Href, f.Compression)
	}
	names, err := f.names()
	if err != nil {
		return nil, 0, p.wrap(err, "")
	}
	c := &chunks{ctx: ctx, p: p, left: names, href: f.Href, size: f.Size}
	if err := c.next(); err != nil {
		return nil, 0, err
	}
	if f.Compression == "" {
		size = f.Size
		if size < 0 && len(names) == 1 {
			size = c.known
		}
		return c, size, nil
	}
	return &unpacked{chunks: c, limit: p.unpackedLimit(f)}, -1, nil
}

// unpackedLimit is how many bytes a compressed file may have.
func (p *Package) unpackedLimit(f File) int64 {
	capacity := uint64(0)
	for _, d := range p.Descriptor.Disks {
		if d.File == f.ID {
			capacity = max(capacity, d.Capacity)
		}
	}
	if capacity > math.MaxInt64/2 {
		capacity = math.MaxInt64 / 2
	}
	if capacity > 0 {
		return int64(capacity) + int64(capacity)/8 + diskSlack
	}
	return min(max(f.Size, 0), otherAtMost/otherRatio)*otherRatio + diskSlack
}

// chunks reads files one after the other as one, each with its sum.
type chunks struct {
	ctx   context.Context
	p     *Package
	left  []string
	href  string
	size  int64 // of all, as the descriptor says
	known int64 // of the first, as the source says
	read  int64
	cur   io.ReadCloser
	name  string
	hash  hash.Hash
	want  string
	right bool // as Verify found it
	err   error
}

func (c *chunks) next() error {
	c.name, c.left = c.left[0], c.left[1:]
	r, size, err := c.p.src.open(c.ctx, c.name)
	if errors.Is(err, errMissing) {
		return invalid("read", c.p.label(), "the file %q is not there", c.name)
	}
	if err != nil {
		return c.p.wrap(err, c.name)
	}
	c.cur, c.known, c.hash, c.right = r, size, nil, c.p.unchanged(c.name)
	sum, listed := c.p.sum(c.name)
	switch {
	case c.right: // its end looks whether it still is
	case listed:
		c.hash, c.want = hasher(sum.Algorithm), sum.Hex
	case c.p.Manifest != nil:
		_ = r.Close()
		return invalid("read", c.p.label(), "the manifest does not list the file %q", c.name)
	}
	return nil
}

func (c *chunks) Read(b []byte) (int, error) {
	for c.err == nil {
		n, err := c.cur.Read(b)
		c.read += int64(n)
		if c.hash != nil {
			c.hash.Write(b[:n])
		}
		switch {
		case c.size >= 0 && c.read > c.size:
			c.err = c.refuse("the file %q is larger than the %d bytes of the descriptor", c.href, c.size)
			return 0, c.err
		case errors.Is(err, io.EOF):
			c.err = c.ended()
		case err != nil:
			c.err = c.p.wrap(cut(err), c.name)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, c.err
}

func (c *chunks) refuse(format string, args ...any) error {
	return invalid("read", c.p.label(), format, args...)
}

// ended checks the sum of the file that ended and opens the next one. nil: go on.
func (c *chunks) ended() error {
	if c.hash != nil && hex.EncodeToString(c.hash.Sum(nil)) != c.want {
		return c.refuse("the file %q does not match the manifest", c.name)
	}
	if c.right && !c.p.unchanged(c.name) {
		return c.refuse("the file %q was changed while it was read", c.name)
	}
	if len(c.left) > 0 {
		_ = c.cur.Close()
		return c.next()
	}
	if c.size >= 0 && c.read != c.size {
		return c.refuse("the file %q ends after %d bytes of %d", c.href, c.read, c.size)
	}
	return io.EOF
}

// Close ends the reading, wherever it is.
func (c *chunks) Close() error {
	if c.err == nil {
		c.err = fmt.Errorf("read %s: %w", c.name, io.ErrClosedPipe)
	}
	return c.cur.Close()
}

// unpacked undoes gzip. It ends with io.EOF only when all of the chunks did: gzip.Reader
// looks for another stream behind the first, and so gets their error.
type unpacked struct {
	*chunks
	gz    *gzip.Reader
	limit int64
	out   int64
	bad   error
}

func (u *unpacked) Read(b []byte) (int, error) {
	if u.bad != nil {
		return 0, u.bad
	}
	n, err := u.read(b)
	u.out += int64(n)
	if u.out > u.limit {
		n, err = 0, u.refuse("the file %q unpacks to more than %s, which is more than it can hold", u.href, Bytes(uint64(max(u.limit, 0))))
	}
	u.bad = err
	return n, err
}

func (u *unpacked) read(b []byte) (int, error) {
	if u.gz == nil {
		gz, err := gzip.NewReader(u.chunks)
		if err != nil {
			return 0, u.packed(err)
		}
		u.gz = gz
	}
	n, err := u.gz.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = u.packed(err)
	}
	return n, err
}

// packed tells what is wrong with the compression from what is wrong with the file.
func (u *unpacked) packed(err error) error {
	if u.chunks.err != nil && !errors.Is(u.chunks.err, io.EOF) {
		return u.chunks.err
	}
	return u.refuse("the file %q is no valid gzip: %s", u.href, err)
}
