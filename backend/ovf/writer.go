package ovf

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"hvdeck/backend"
)

// WriteOptions are those of Create.
type WriteOptions struct {
	// Digest of the manifest: "SHA256" ("" too), "SHA1", "SHA512", "none".
	Digest string
	// Overwrite replaces files that are there; otherwise they are a conflict.
	Overwrite bool
}

// FileSum is what was written of a file.
type FileSum struct {
	Name string
	Size int64 // bytes
	Sum  Sum   // zero with the digest "none"
}

// Writer writes a package: an .ovf with its files beside it, or an .ova. Everything goes
// to a private directory beside the target until Finish gives the names, so a package is
// whole or not there. It is not safe for concurrent use. Errors are *backend.Error.
type Writer struct {
	path    string
	digest  string
	replace bool
	stage   string // the private directory
	keep    bool   // what it holds is all that is left of what was replaced
	out     output
	sums    []FileSum
	failed  error
	done    bool
}

// output is one of the two forms.
type output interface {
	// file streams one to its end, and sums it up with h; nil: not.
	file(name string, r io.Reader, h hash.Hash) (int64, error)
	// finish writes descriptor and manifest and syncs everything. manifest is called with
	// the descriptor as it is written.
	finish(descriptor []byte, manifest func(descriptor []byte) []byte) error
	close() error
	// results are the names of the files in the stage, the most important last.
	results() []string
}

// Create begins a package at a path that ends in .ovf or .ova. Abort has to be called
// where Finish is not, and may be called after it.
func Create(target string, o WriteOptions) (*Writer, error) {
	w := &Writer{path: target, digest: o.Digest, replace: o.Overwrite}
	if w.digest == "" {
		w.digest = "SHA256"
	}
	if w.digest != "none" && hasher(w.digest) == nil {
		return nil, w.refuse("the digest %q is not known; SHA256, SHA1, SHA512 and none are", o.Digest)
	}
	base := filepath.Base(target)
	ext := strings.ToLower(filepath.Ext(base))
	if ext != ".ovf" && ext != ".ova" {
		return nil, w.refuse("the name of a package ends in .ovf or .ova")
	}
	for _, name := range w.companions() {
		if err := w.free(name); err != nil {
			return nil, err
		}
	}
	if err := w.strangers(); err != nil {
		return nil, err
	}
	stage, err := os.MkdirTemp(filepath.Dir(target), "."+base+".*.part")
	if err != nil {
		return nil, w.wrap(err)
	}
	w.stage = stage
	if ext == ".ovf" {
		w.out = &folderOutput{dir: stage, descriptor: base}
		return w, nil
	}
	if w.out, err = newArchive(stage, base, w.digest != "none"); err != nil {
		_ = w.Abort()
		return nil, w.wrap(err)
	}
	return w, nil
}

func (w *Writer) refuse(format string, args ...any) error {
	return invalid("write", filepath.Base(w.path), format, args...)
}

func (w *Writer) wrap(err error) error {
	var done *backend.Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	e := &backend.Error{Class: backend.ClassOther, Doing: "write", Object: filepath.Base(w.path), Message: err.Error(), Err: err}
	var file *fs.PathError
	if errors.As(err, &file) {
		e.Message = file.Err.Error()
	}
	switch {
	case errors.Is(err, context.Canceled):
		e.Class, e.Message = backend.ClassCancelled, "cancelled"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		e.Remedy = "make room there, or choose another directory"
	case errors.Is(err, fs.ErrPermission):
		e.Class = backend.ClassDenied
	case errors.Is(err, fs.ErrNotExist):
		e.Class = backend.ClassNotFound
	case errors.Is(err, fs.ErrExist):
		e.Class, e.Message = backend.ClassConflict, "a file of this name is there already"
	}
	return e
}

// free refuses a name that is taken.
func (w *Writer) free(name string) error {
	st, err := os.Lstat(filepath.Join(filepath.Dir(w.path), name)) //nolint:gosec // the operator named the target
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return w.wrap(err)
	case st.IsDir():
		return backend.Refuse(backend.ClassConflict, "write", name, "a directory of this name is there already")
	case !w.replace:
		return backend.Refuse(backend.ClassConflict, "write", name, "a file of this name is there already")
	}
	return nil
}

// File streams a disk or another file into the package, to r's io.EOF. name is what the
// descriptor calls it: without directories, 100 bytes at most.
func (w *Writer) File(name string, r io.Reader) (FileSum, error) {
	if w.failed != nil || w.done {
		return FileSum{}, w.refuse("it has already ended")
	}
	if err := w.accept(name); err != nil {
		return FileSum{}, err
	}
	h := hasher(w.digest)
	n, err := w.out.file(name, r, h)
	if err != nil {
		w.failed = w.wrap(err)
		return FileSum{}, w.failed
	}
	s := FileSum{Name: name, Size: n}
	if h != nil {
		s.Sum = Sum{w.digest, hex.EncodeToString(h.Sum(nil))}
	}
	w.sums = append(w.sums, s)
	return s, nil
}

func (w *Writer) accept(name string) error {
	if reason := badName(name); reason != "" {
		return w.refuse("the file %q %s", name, reason)
	}
	ext := strings.ToLower(filepath.Ext(name))
	switch {
	case strings.Contains(name, "/"):
		return w.refuse("the file %q has a directory in its name", name)
	case len(name) > maxTarName:
		return w.refuse("the name of the file %q has more than %d bytes", name, maxTarName)
	case ext == ".ovf" || ext == ".mf" || ext == ".cert":
		return w.refuse("the file %q has the name of a descriptor, manifest or certificate", name)
	case slices.ContainsFunc(w.sums, func(s FileSum) bool { return s.Name == name }):
		return w.refuse("the file %q is there twice", name)
	}
	if _, inFolder := w.out.(*folderOutput); inFolder {
		return w.free(name)
	}
	return nil
}

// manifest lists the descriptor and all files.
func (w *Writer) manifest(name string, descriptor []byte) []byte {
	if w.digest == "none" {
		return nil
	}
	h := hasher(w.digest)
	h.Write(descriptor)
	var b strings.Builder
	fmt.Fprintf(&b, "%s(%s)= %x\n", w.digest, name, h.Sum(nil))
	for _, s := range w.sums {
		fmt.Fprintf(&b, "%s(%s)= %s\n", s.Sum.Algorithm, s.Name, s.Sum.Hex)
	}
	return []byte(b.String())
}

// Finish adds descriptor and manifest, syncs everything and gives the final names. When
// it fails nothing is left under them but what was there before: a package that was to be
// replaced is put back. The descriptor's own name is that of the target,
// ending in .ovf; in an .ova white space is added behind its end.
func (w *Writer) Finish(descriptor []byte) error {
	if w.failed != nil || w.done {
		return w.refuse("it has already ended")
	}
	if len(descriptor) > MaxDescriptor/2 {
		return w.refuse("the descriptor is larger than %s", Bytes(MaxDescriptor/2))
	}
	name := descriptorName(w.path)
	err := w.out.finish(descriptor, func(d []byte) []byte { return w.manifest(name, d) })
	if err == nil {
		err = w.out.close()
	}
	if err == nil {
		err = w.publish()
	}
	if err != nil {
		w.failed = w.wrap(err)
		_ = w.Abort()
		return w.failed
	}
	w.done = true
	_ = os.RemoveAll(w.stage) // the package is there, whatever becomes of this
	return nil
}

// descriptorName is X.ovf for X.ova; X.ovf and X.OVF are it themselves.
func descriptorName(target string) string {
	base := filepath.Base(target)
	if strings.EqualFold(filepath.Ext(base), ".ovf") {
		return base
	}
	return base[:len(base)-len(".ova")] + ".ovf"
}

// Abort removes what was written; after Finish it does nothing.
func (w *Writer) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	if w.out != nil {
		_ = w.out.close()
	}
	if w.keep {
		return nil
	}
	return w.wrap(os.RemoveAll(w.stage)) //nolint:gosec // the operator named the target
}

// create makes a file as others are made here, under the umask.
func create(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a package is no secret, and the umask rules
}
