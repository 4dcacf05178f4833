package ovf

import (
	"context"
	"errors"
	"io"
	"net/http"
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
	Source     string
	Descriptor *Descriptor
	// Text is the descriptor as it stands, for a server.
	Text []byte
	// Manifest is nil when there is none. Signed is set when there is a certificate,
	// which is not verified.
	Manifest *Manifest
	Signed   bool
}

// Manifest is a .mf file: checksums by name of file.
type Manifest struct {
	Sums map[string]Sum
}

// Sum is a checksum: "SHA1", "SHA256", "SHA512" and the digits in lower case.
type Sum struct{ Algorithm, Hex string }

// Options of Open.
type Options struct {
	// Client fetches URLs; nil: one of our own with the system's certificates.
	Client *http.Client
}

// Open reads what is needed to describe a package. Errors are *backend.Error: of class
// Invalid for what is wrong with the package (the message names the member and the
// reason), NotFound, Unreachable. A descriptor with mistakes is no error: see Findings.
func Open(ctx context.Context, source string, o Options) (*Package, error) {
	return nil, errors.New("not here yet")
}

// Close frees what is open.
func (p *Package) Close() error { return nil }

// Verify reads every file once and compares it with the manifest: a sum that differs, a
// file that is missing or listed nowhere, a size that lies. It is nil without a manifest
// as far as files are there with the size that the descriptor says.
func (p *Package) Verify(ctx context.Context, progress func(done, total int64)) error { return nil }

// OpenFile opens a referenced file for upload: chunks are joined and compression is
// undone. size is that of the stream, -1 where only its end will tell. A stream that does
// not match the manifest, or ends early, ends in an error in place of io.EOF.
func (p *Package) OpenFile(ctx context.Context, f File) (r io.ReadCloser, size int64, err error) {
	return nil, 0, errors.New("not here yet")
}
