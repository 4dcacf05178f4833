package ovf

import (
	"archive/tar"
	"bytes"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An OVA begins with descriptor and manifest, which hold sizes and sums of the disks
// behind them. So the disks are written first, behind a gap, and the gap is filled in at
// the end: the descriptor is followed by white space until it and the manifest take all
// of it. White space after the last element is part of XML; an entry of padding, or an
// extended header, would be a thing that some readers do not expect. Where the gap turns
// out too small the disks are moved back within the file. Every header is written again
// with its size when its stream has ended. So the file is never there twice.
const (
	tarBlock   = 512
	headGap    = 128 << 10
	maxTarName = 100
	// octalSize is what the classic header holds; larger files have GNU's form, which
	// common importers read, in place of PAX, which some do not.
	octalSize = 8 << 30
)

type archiveOutput struct {
	f        *os.File
	name     string
	signed   bool // has a manifest
	gap      int64
	pos      int64
	modified time.Time
	closed   bool
}

func newArchive(dir, name string, manifest bool) (*archiveOutput, error) {
	f, err := create(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	return &archiveOutput{f: f, name: name, signed: manifest, gap: headGap, pos: headGap, modified: time.Now().Truncate(time.Second)}, nil
}

// header is the one block of a member.
func (a *archiveOutput) header(name string, size int64) ([]byte, error) {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: a.modified, Format: tar.FormatUSTAR}
	if size >= octalSize || strings.ContainsFunc(name, func(c rune) bool { return c > '~' }) {
		h.Format = tar.FormatGNU
	}
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(h); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func padded(n int64) int64 { return (n + tarBlock - 1) / tarBlock * tarBlock }

func (a *archiveOutput) file(name string, r io.Reader, h hash.Hash) (int64, error) {
	if _, err := a.header(name, 0); err != nil {
		return 0, err
	}
	at := a.pos
	n, err := pass(io.NewOffsetWriter(a.f, at+tarBlock), r, h, nil)
	if err != nil {
		return 0, err
	}
	head, err := a.header(name, n)
	if err != nil {
		return 0, err
	}
	if _, err := a.f.WriteAt(head, at); err != nil {
		return 0, err
	}
	if _, err := a.f.WriteAt(make([]byte, padded(n)-n), at+tarBlock+n); err != nil {
		return 0, err
	}
	a.pos = at + tarBlock + padded(n)
	return n, nil
}

func (a *archiveOutput) finish(descriptor []byte, manifest func([]byte) []byte) error {
	// The manifest's size does not depend on the descriptor's.
	behind := int64(0)
	if m := manifest(descriptor); m != nil {
		behind = tarBlock + padded(int64(len(m)))
	}
	if need := tarBlock + padded(int64(len(descriptor))) + behind; need > a.gap {
		if err := a.widen(need); err != nil {
			return err
		}
	}
	full := fill(descriptor, a.gap-tarBlock-behind)
	name := descriptorName(a.name)
	if err := a.head(0, name, full); err != nil {
		return err
	}
	if behind > 0 {
		mf := strings.TrimSuffix(name, ".ovf") + ".mf"
		if err := a.head(tarBlock+int64(len(full)), mf, manifest(full)); err != nil {
			return err
		}
	}
	if _, err := a.f.WriteAt(make([]byte, 2*tarBlock), a.pos); err != nil {
		return err
	}
	return a.f.Sync()
}

// fill adds lines of white space up to a size.
func fill(descriptor []byte, size int64) []byte {
	out := make([]byte, size)
	for i := copy(out, descriptor); i < len(out); i++ {
		out[i] = ' '
		if (len(out)-i)%80 == 1 {
			out[i] = '\n'
		}
	}
	return out
}

func (a *archiveOutput) head(at int64, name string, data []byte) error {
	h, err := a.header(name, int64(len(data)))
	if err != nil {
		return err
	}
	block := make([]byte, tarBlock+padded(int64(len(data))))
	copy(block, h)
	copy(block[tarBlock:], data)
	_, err = a.f.WriteAt(block, at)
	return err
}

// widen moves what is behind the gap, from its end on, within the file.
func (a *archiveOutput) widen(gap int64) error {
	shift := gap - a.gap
	buf := make([]byte, 1<<20)
	for end := a.pos; end > a.gap; {
		n := min(int64(len(buf)), end-a.gap)
		end -= n
		if _, err := a.f.ReadAt(buf[:n], end); err != nil {
			return err
		}
		if _, err := a.f.WriteAt(buf[:n], end+shift); err != nil {
			return err
		}
	}
	a.pos += shift
	a.gap = gap
	return nil
}

func (a *archiveOutput) results() []string { return []string{a.name} }

func (a *archiveOutput) close() error {
	if a.closed {
		return nil
	}
	a.closed = true
	return a.f.Close()
}
