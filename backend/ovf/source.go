package ovf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// source is where the files of a package lie.
type source interface {
	// open streams a file; size is -1 where only its end will tell. The error is
	// errMissing when there is no such file.
	open(ctx context.Context, name string) (r io.ReadCloser, size int64, err error)
	// list is the files that are known without reading on; nil where nobody can tell.
	list() []member
	io.Closer
}

// walker is a source that is better read once from its beginning to its end.
type walker interface {
	walk(ctx context.Context, each func(m member, r io.Reader) error) error
}

// folder is a directory of this machine. os.Root keeps it from being left, by links too.
type folder struct{ root *os.Root }

func (f folder) Close() error   { return f.root.Close() }
func (f folder) list() []member { return nil }

func (f folder) open(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	for _, n := range spellings(name) {
		// Without O_NONBLOCK a named pipe would hold up the console.
		file, err := f.root.OpenFile(n, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		size, err := regular(file)
		if err != nil {
			_ = file.Close()
			return nil, 0, err
		}
		return stoppable{ctx, file, file}, size, nil
	}
	return nil, 0, errMissing
}

// regular is the size of an ordinary file; anything else is an error.
func regular(f *os.File) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !st.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is no ordinary file", st.Name())
	}
	return st.Size(), nil
}

// stoppable ends with its context.
type stoppable struct {
	ctx context.Context
	io.Reader
	io.Closer
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}

// place is where a member lies in an archive.
type place struct{ offset, size int64 }

// indexed is an archive whose members can be read from anywhere.
type indexed struct {
	order  []member
	places map[string]place
	at     func(ctx context.Context, p place) (io.ReadCloser, error)
	look   func() (fs.FileInfo, error) // nil where nothing tells whether it has changed
	close  func() error
}

func (x *indexed) Close() error   { return x.close() }
func (x *indexed) list() []member { return x.order }

func (x *indexed) open(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	for _, n := range spellings(name) {
		if p, ok := x.places[n]; ok {
			r, err := x.at(ctx, p)
			return r, p.size, err
		}
	}
	return nil, 0, errMissing
}

// index reads all headers. The archive/tar reader takes headers and nothing else from a
// Seeker, so its position after Next is where the data begins.
func (x *indexed) index(ctx context.Context, r io.ReadSeeker, size int64) (*members, error) {
	m := newMembers(r)
	x.places = map[string]place{}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next, err := m.next()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return nil, err
		}
		offset, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		if next.size > size-offset {
			return nil, fmt.Errorf("it ends in the middle of %q: it was cut off", next.name)
		}
		x.order = append(x.order, next)
		x.places[next.name] = place{offset, next.size}
	}
}

// openable is a file, or what stands for one.
type openable interface {
	io.ReaderAt
	io.Closer
}

// localArchive indexes an .ova of this machine, and owns the file.
func localArchive(ctx context.Context, f openable, size int64) (*indexed, *members, error) {
	x := &indexed{close: f.Close}
	x.at = func(ctx context.Context, p place) (io.ReadCloser, error) {
		return stoppable{ctx, io.NewSectionReader(f, p.offset, p.size), io.NopCloser(nil)}, nil
	}
	if file, ok := f.(*os.File); ok {
		x.look = file.Stat
	}
	m, err := x.index(ctx, io.NewSectionReader(f, 0, size), size)
	return x, m, err
}
