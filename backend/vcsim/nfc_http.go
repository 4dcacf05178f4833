package vcsim

import (
	"bytes"
	"cmp"
	"crypto/sha1" //nolint:gosec // the API's own checksums
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"
)

// serveNFC moves one file in or out.
func (s *Server) serveNFC(w http.ResponseWriter, r *http.Request) {
	l, f := s.fileOf(strings.TrimPrefix(r.URL.Path, nfcPath))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	trouble := s.trouble()
	if trouble.Status != 0 {
		http.Error(w, "no space left on the datastore", trouble.Status)
		return
	}
	switch r.Method {
	case http.MethodPost, http.MethodPut:
		if !l.seen.Import {
			http.Error(w, "this lease is for an export", http.StatusForbidden)
			return
		}
		l.take(w, r, f, trouble)
	case http.MethodGet:
		l.give(w, r, f, trouble)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// fileOf finds the file of an address "LEASE/NAME"; nil when there is none or the lease
// has ended.
func (s *Server) fileOf(path string) (*lease, *leaseFile) {
	id, name, _ := strings.Cut(path, "/")
	s.nfc.mu.Lock()
	defer s.nfc.mu.Unlock()
	l := s.nfc.leases[id]
	if l == nil {
		return nil, nil
	}
	select {
	case <-l.ended:
		return nil, nil
	default:
	}
	for _, f := range l.files {
		if f.url.TargetId == name {
			return l, f
		}
	}
	return nil, nil
}

var (
	errEnded = errors.New("the lease has ended")
	errCut   = errors.New("cut")
)

// mover copies what is moved and counts it.
type mover struct {
	l       *lease
	f       *leaseFile
	trouble Trouble
	sha1    hash.Hash
	sha256  hash.Hash
	kept    *bytes.Buffer
}

func (l *lease) mover(f *leaseFile, method string, t Trouble) *mover {
	m := &mover{l: l, f: f, trouble: t}
	if !l.srv.opts.NFC.NoSums {
		m.sha1, m.sha256 = sha1.New(), sha256.New() //nolint:gosec // see above
	}
	l.srv.nfc.mu.Lock()
	f.moved = LeaseFile{Name: f.url.TargetId, Method: method}
	l.srv.nfc.mu.Unlock()
	return m
}

// pass copies in pieces, so that an end of the lease is noticed.
func (m *mover) pass(dst io.Writer, src io.Reader) error {
	buf := make([]byte, cmp.Or(m.trouble.Piece, 64<<10))
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if werr := m.piece(dst, buf[:n]); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (m *mover) piece(dst io.Writer, b []byte) error {
	if _, err := dst.Write(b); err != nil {
		return err
	}
	if f, ok := dst.(http.Flusher); ok && m.trouble.Piece > 0 {
		f.Flush()
	}
	if m.sha1 != nil {
		_, _ = m.sha1.Write(b)   // hashes never fail
		_, _ = m.sha256.Write(b) // hashes never fail
	}
	m.l.srv.nfc.mu.Lock()
	m.f.moved.Bytes += int64(len(b))
	total := m.f.moved.Bytes
	m.l.srv.nfc.mu.Unlock()
	if m.trouble.CutAfter > 0 && total >= m.trouble.CutAfter {
		return errCut
	}
	if m.trouble.Pace > 0 {
		timer := time.NewTimer(m.trouble.Pace)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-m.l.ended:
		}
	}
	select {
	case <-m.l.ended:
		return errEnded
	case <-m.l.srv.ctx.Done():
		return errEnded
	default:
		return nil
	}
}

func (m *mover) whole() {
	m.l.srv.nfc.mu.Lock()
	defer m.l.srv.nfc.mu.Unlock()
	m.f.moved.Whole = true
	if m.sha1 != nil {
		m.f.moved.SHA1 = hex.EncodeToString(m.sha1.Sum(nil))
		m.f.moved.SHA256 = hex.EncodeToString(m.sha256.Sum(nil))
	}
	if m.kept != nil && m.f.keep != "" {
		m.l.srv.nfc.kept[m.f.keep] = m.kept.Bytes()
	}
}

// take receives an upload.
func (l *lease) take(w http.ResponseWriter, r *http.Request, f *leaseFile, t Trouble) {
	m := l.mover(f, r.Method, t)
	m.kept = new(bytes.Buffer)
	err := m.pass(&keeper{m: m}, r.Body)
	switch {
	case errors.Is(err, errCut), errors.Is(err, errEnded):
		panic(http.ErrAbortHandler) // the documented way to break a connection
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		m.whole()
		w.WriteHeader(http.StatusCreated)
	}
}

// keeper holds an upload in memory as far as there is room.
type keeper struct{ m *mover }

func (k *keeper) Write(b []byte) (int, error) {
	s := k.m.l.srv
	room := s.opts.NFC.Keep
	if room == 0 {
		room = 64 << 20
	}
	s.nfc.mu.Lock()
	defer s.nfc.mu.Unlock()
	if k.m.kept == nil {
		return len(b), nil
	}
	if s.nfc.keptSum+int64(len(b)) > room {
		s.nfc.keptSum -= int64(k.m.kept.Len())
		k.m.kept = nil
		return len(b), nil
	}
	s.nfc.keptSum += int64(len(b))
	return k.m.kept.Write(b)
}

// give sends a download, without its length, as ESXi does for disks.
func (l *lease) give(w http.ResponseWriter, r *http.Request, f *leaseFile, t Trouble) {
	l.srv.nfc.mu.Lock()
	kept := l.srv.nfc.kept[f.keep]
	l.srv.nfc.mu.Unlock()
	var src io.Reader = bytes.NewReader(kept)
	if kept == nil {
		src = Generated(l.srv.diskSize())
	}
	w.Header().Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
	m := l.mover(f, r.Method, t)
	if err := m.pass(w, src); err != nil {
		panic(http.ErrAbortHandler) // the documented way to break a connection
	}
	m.whole()
}

func (s *Server) diskSize() int64 {
	if s.opts.NFC.DiskSize > 0 {
		return s.opts.NFC.DiskSize
	}
	return 1 << 20
}

// Generated is the content of a disk that an export gives where nothing was imported:
// size bytes that do not repeat within a megabyte.
func Generated(size int64) io.Reader { return io.LimitReader(&generated{block: noise()}, size) }

type generated struct {
	block []byte
	at    int
}

func noise() []byte {
	b := make([]byte, 1<<20)
	x := uint64(0x9e3779b97f4a7c15)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 24)
	}
	return b
}

func (g *generated) Read(p []byte) (int, error) {
	n := copy(p, g.block[g.at:])
	g.at = (g.at + n) % len(g.block)
	return n, nil
}
