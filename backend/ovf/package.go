package ovf

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hvdeck/backend"
)

// Limits of what is read into memory.
const (
	MaxDescriptor = 16 << 20 // bytes
	MaxManifest   = 4 << 20  // bytes
	MaxEntries    = 10000    // files of an archive
)

// Package is an opened .ova, or .ovf with its files beside it, of this machine or at an
// http(s) URL. The descriptor and manifest have been read; disks are read when asked for.
// It is safe for one reader at a time.
type Package struct {
	// Source is the file or URL, without what may be secret: user, password and query.
	Source     string
	Descriptor *Descriptor
	// Text is the descriptor for a server: as it stands, but always UTF-8 without a byte
	// order mark and without white space at its end.
	Text []byte
	// Manifest is nil when there is none. Signed is set when there is a certificate,
	// which is not verified.
	Manifest *Manifest
	Signed   bool
	// Archive is set for an OVA.
	Archive bool

	src        source
	descriptor string                 // its name
	raw        []byte                 // as it lies there, for its sum
	right      map[string]fs.FileInfo // what Verify found right, and when
}

// Options of Open.
type Options struct {
	// Client fetches URLs; nil: one of our own with the system's certificates and the
	// proxies of the environment. Its CheckRedirect is not used.
	Client *http.Client
	// Stall is how long a server may send nothing; 0: 60 s.
	Stall time.Duration
}

// Open reads what is needed to describe a package. Errors are *backend.Error: of class
// Invalid for what is wrong with the package (the message names the member and the
// reason), NotFound, Unreachable, Denied. A descriptor with mistakes is no error: see
// Findings.
//
// The kind is told by the content. Files of an .ovf are found beside it or below, by the
// same server's relative URLs; a href that is absolute, has a host or leaves the directory
// is never followed. An archive at a URL is read by ranges; from a server without them by
// passes from its beginning, of which Open needs a part (all, where the manifest comes
// last or is left out).
func Open(ctx context.Context, source string, o Options) (*Package, error) {
	if u, err := url.Parse(source); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		p := &Package{Source: shown(*u)}
		return p.opened(ctx, p.openURL(ctx, u, o))
	}
	p := &Package{Source: source}
	return p.opened(ctx, p.openLocal(ctx, source))
}

func shown(u url.URL) string {
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

func (p *Package) opened(ctx context.Context, err error) (*Package, error) {
	if err == nil {
		err = p.describe(ctx)
	}
	if err != nil {
		_ = p.Close()
		return nil, p.wrap(err, "")
	}
	return p, nil
}

// Close frees what is open.
func (p *Package) Close() error {
	if p.src == nil {
		return nil
	}
	return p.src.Close()
}

func (p *Package) label() string {
	return path.Base(filepath.ToSlash(strings.TrimRight(p.Source, "/")))
}

// wrap classifies once. What is not from a file system, a server or a context is wrong
// with the package.
func (p *Package) wrap(err error, name string) error {
	var done *backend.Error
	if errors.As(err, &done) {
		if done.Object != "" {
			return err
		}
		named := *done
		named.Object = p.label()
		if name != "" {
			named.Message = name + ": " + named.Message
		}
		return &named
	}
	e := &backend.Error{Class: backend.ClassInvalid, Doing: "read", Object: p.label(), Message: err.Error(), Err: err}
	var sys syscall.Errno
	var file *fs.PathError
	switch {
	case errors.Is(err, context.Canceled):
		e.Class, e.Message = backend.ClassCancelled, "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		e.Class, e.Message = backend.ClassUnreachable, "it took too long"
	case errors.Is(err, fs.ErrNotExist):
		e.Class, e.Message = backend.ClassNotFound, "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		e.Class, e.Message = backend.ClassDenied, "this user may not read it"
	case errors.As(err, &file):
		e.Message = file.Err.Error()
	case errors.As(err, &sys):
		e.Class = backend.ClassOther
	}
	if name != "" {
		e.Message = name + ": " + e.Message
	}
	return e
}

func (p *Package) openLocal(ctx context.Context, name string) error {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // the operator named it
	if err != nil {
		return err
	}
	size, err := regular(f)
	if err != nil {
		_ = f.Close()
		return err
	}
	start := make([]byte, 512)
	n, _ := f.ReadAt(start, 0)
	switch kindOfStart(start[:n]) {
	case kindDescriptor:
		defer func() { _ = f.Close() }()
		return p.openFolder(ctx, f, name)
	case kindArchive:
		x, m, err := localArchive(ctx, f, size)
		p.src = x
		if err != nil {
			return err
		}
		return p.fromArchive(ctx, m)
	default:
		_ = f.Close()
		return errors.New(whatIs(start[:n]))
	}
}

// openFolder reads an .ovf, which may be a link; what is beside it may not lead away.
func (p *Package) openFolder(ctx context.Context, f *os.File, name string) error {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return err
	}
	p.src = folder{root}
	p.descriptor = filepath.Base(name)
	if p.raw, err = limited(f, MaxDescriptor); err != nil {
		return err
	}
	return p.besides(ctx)
}

// besides reads manifest and certificate of a package that is no archive.
func (p *Package) besides(ctx context.Context) error {
	base := strings.TrimSuffix(p.descriptor, path.Ext(p.descriptor))
	if err := p.readManifest(ctx, base+".mf"); err != nil && !errors.Is(err, errMissing) {
		return err
	}
	cert, _, err := p.src.open(ctx, base+".cert")
	if err == nil {
		p.Signed = true
		return cert.Close()
	}
	return nil
}

// fromArchive reads descriptor and manifest of an archive whose members are known.
func (p *Package) fromArchive(ctx context.Context, m *members) error {
	p.Archive, p.Signed, p.descriptor = true, m.signed, m.descriptor
	r, _, err := p.src.open(ctx, m.descriptor)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	if p.raw, err = limited(r, MaxDescriptor); err != nil {
		return p.wrap(err, m.descriptor)
	}
	if m.manifest == "" {
		return nil
	}
	return p.readManifest(ctx, m.manifest)
}

func (p *Package) readManifest(ctx context.Context, name string) error {
	r, _, err := p.src.open(ctx, name)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	text, err := limited(r, MaxManifest)
	if err != nil {
		return p.wrap(err, name)
	}
	if p.Manifest, err = ParseManifest(text); err != nil {
		return p.wrap(err, name)
	}
	return nil
}

func limited(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, errors.New("it is larger than " + Bytes(uint64(max(limit, 0))))
	}
	return b, err
}

// The kinds of what a package may begin with.
const (
	kindNone = iota
	kindDescriptor
	kindArchive
)

func kindOfStart(b []byte) int {
	switch text := bytes.TrimLeft(bytes.TrimPrefix(b, bomUTF8), " \t\r\n"); {
	case bytes.HasPrefix(b, bomLE), bytes.HasPrefix(b, bomBE), bytes.HasPrefix(b, []byte{0, '<'}), bytes.HasPrefix(text, []byte("<")):
		return kindDescriptor
	case len(b) == 512 && validTar(b):
		return kindArchive
	default:
		return kindNone
	}
}

// validTar compares the checksum of a header, which old archives without a magic have too.
func validTar(b []byte) bool {
	sum := int64(0)
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
	}
	stored := int64(0)
	for _, c := range bytes.Trim(b[148:156], " \x00") {
		stored = stored<<3 | int64(c-'0')
	}
	return sum == stored
}

func whatIs(b []byte) string {
	switch {
	case len(b) == 0:
		return "it is empty"
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		return "it is compressed with gzip; unpack it first"
	default:
		return "it is neither an OVF descriptor nor an OVA archive"
	}
}

// describe parses the descriptor and adds what is wrong around it.
func (p *Package) describe(ctx context.Context) error {
	d, err := Parse(p.raw)
	if err != nil {
		var e *backend.Error
		if errors.As(err, &e) {
			return invalid("read", p.label(), "%s: %s", p.descriptor, e.Message)
		}
		return err
	}
	p.Descriptor = d
	if b := p.bundles(ctx); len(b) > 0 {
		if d, err = parse(d.source, "", b); err != nil {
			return err
		}
	}
	p.Descriptor, p.Text = d, bytes.TrimRight(d.source, " \t\r\n")
	if err := p.checkDescriptorSum(); err != nil {
		d.beside = append(d.beside, backend.Finding{Severity: backend.SeverityError, Text: err.Error()})
	}
	d.beside = append(d.beside, p.around()...)
	d.Findings = append(d.Findings, d.beside...)
	return nil
}

func (p *Package) checkDescriptorSum() error {
	if p.Manifest == nil {
		return nil
	}
	want, ok := p.Manifest.of(p.descriptor)
	if !ok {
		return errors.New("the manifest does not list the descriptor " + p.descriptor)
	}
	h := hasher(want.Algorithm)
	h.Write(p.raw)
	if hex.EncodeToString(h.Sum(nil)) != want.Hex {
		return errors.New("the descriptor " + p.descriptor + " does not match the manifest")
	}
	return nil
}
