package ovf

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
)

// stream is an archive at a server that has no ranges: each pass begins with its first
// byte. A pass is kept, so that files asked for in the order in which they lie cost one.
type stream struct {
	*fetcher
	url   *url.URL
	kept  map[string][]byte // descriptor and manifest
	known []member          // nil unless the first pass saw all
	pass  *passing
}

// passing is one pass.
type passing struct {
	*members
	body io.ReadCloser
}

// openStream reads up to the manifest: by DSP0243 it follows the descriptor. Where it
// does not, the pass goes on to the end.
func (p *Package) openStream(ctx context.Context, f *fetcher, u *url.URL, first *passing) error {
	defer func() { _ = first.body.Close() }()
	s := &stream{fetcher: f, url: u, kept: map[string][]byte{}}
	p.src = s
	var all []member
	for {
		m, err := first.next()
		if errors.Is(err, io.EOF) {
			s.known = all
			break
		}
		if err != nil {
			return err
		}
		all = append(all, m)
		if err := s.keep(m, first.tar); err != nil {
			return p.wrap(err, m.name)
		}
		if first.manifest != "" && !strings.EqualFold(path.Ext(m.name), ".mf") {
			break
		}
	}
	return p.fromArchive(ctx, first.members)
}

func (s *stream) keep(m member, r io.Reader) error {
	var limit int64
	switch strings.ToLower(path.Ext(m.name)) {
	case ".ovf":
		limit = MaxDescriptor
	case ".mf":
		limit = MaxManifest
	default:
		return nil
	}
	text, err := limited(r, limit)
	s.kept[m.name] = text
	return err
}

func (s *stream) list() []member { return s.known }

func (s *stream) Close() error {
	s.end()
	s.client.CloseIdleConnections()
	return nil
}

func (s *stream) end() {
	if s.pass != nil {
		_ = s.pass.body.Close()
		s.pass = nil
	}
}

func (s *stream) begin(ctx context.Context) error {
	s.end()
	resp, err := s.get(ctx, s.url, -1, -1) //nolint:bodyclose // end closes it
	if err != nil {
		return err
	}
	s.pass = &passing{newMembers(bufio.NewReaderSize(resp.Body, block)), resp.Body}
	return nil
}

// open goes on with the pass under way when the file may still come.
func (s *stream) open(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	names := spellings(name)
	for _, n := range names {
		if text, ok := s.kept[n]; ok {
			return io.NopCloser(strings.NewReader(string(text))), int64(len(text)), nil
		}
	}
	if s.pass != nil && !slices.ContainsFunc(names, func(n string) bool { return s.pass.seen[n] }) {
		if m, err := s.find(names); err == nil {
			return s.reader(ctx), m.size, nil
		}
	}
	if err := s.begin(ctx); err != nil {
		return nil, 0, err
	}
	m, err := s.find(names)
	if errors.Is(err, io.EOF) {
		err = errMissing
	}
	if err != nil {
		s.end()
		return nil, 0, err
	}
	return s.reader(ctx), m.size, nil
}

func (s *stream) find(names []string) (member, error) {
	for {
		m, err := s.pass.next()
		if err != nil || slices.Contains(names, m.name) {
			return m, err
		}
	}
}

// reader leaves the pass where it is when it is closed.
func (s *stream) reader(ctx context.Context) io.ReadCloser {
	return stoppable{ctx, s.pass.tar, io.NopCloser(nil)}
}

// walk implements walker.
func (s *stream) walk(ctx context.Context, each func(m member, r io.Reader) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	for {
		m, err := s.pass.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(m, s.pass.tar); err != nil {
			return err
		}
	}
}
