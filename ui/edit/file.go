package edit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// Files are the private files that editors have open. Each is in a folder of its own,
// which takes what an editor leaves beside it. Safe for concurrent use.
type Files struct {
	mu   sync.Mutex
	dirs map[string]bool
}

// File is one of them.
type File struct {
	of        *Files
	dir, path string
}

// Path is the file's.
func (f *File) Path() string { return f.path }

// New writes a text into a new file called after an object: in runtimeDir
// ($XDG_RUNTIME_DIR, in memory and gone with the session), else where temporary files
// belong.
func (s *Files) New(runtimeDir, name, text string) (*File, error) {
	if info, err := os.Stat(runtimeDir); runtimeDir == "" || err != nil || !info.IsDir() {
		runtimeDir = os.TempDir()
	}
	dir, err := os.MkdirTemp(runtimeDir, "hvdeck-edit-") // 0700
	if err != nil {
		return nil, noPlace(err)
	}
	s.mu.Lock()
	if s.dirs == nil {
		s.dirs = map[string]bool{}
	}
	s.dirs[dir] = true
	s.mu.Unlock()
	f := &File{of: s, dir: dir, path: filepath.Join(dir, FileName(name))}
	if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
		f.Remove()
		return nil, noPlace(err)
	}
	return f, nil
}

// noPlace is the error when a text finds no place, with what to do.
func noPlace(err error) error {
	return fmt.Errorf("%w; make room there, or name another place with XDG_RUNTIME_DIR or TMPDIR", plain(err))
}

// Read gives the text as it is now.
func (f *File) Read() (string, error) { return ReadXML(f.path) }

// Remove deletes the file with all that an editor left beside it.
func (f *File) Remove() {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	_ = os.RemoveAll(f.dir)
	delete(f.of.dirs, f.dir)
}

// RemoveAll deletes every file that is left: for the end of the program.
func (s *Files) RemoveAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for dir := range s.dirs {
		_ = os.RemoveAll(dir)
		delete(s.dirs, dir)
	}
}

// FileName is the name of an object as one of a file: "web-01.xml".
func FileName(object string) string {
	const longest = 64
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		default:
			return '_'
		}
	}, object)
	safe = strings.TrimLeft(safe, "-.")
	if safe == "" {
		safe = "definition"
	}
	return safe[:min(len(safe), longest)] + ".xml"
}

// ReadXML reads a file that an operator names: a regular one of at most MaxXML bytes.
// It waits for nothing, also not at a pipe.
func ReadXML(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // the operator's own file, named by them
	if err != nil {
		return "", plain(err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return "", plain(err)
	}
	if info.IsDir() {
		return "", fmt.Errorf("%s is a directory", path)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxXML+1))
	if err != nil {
		return "", plain(err)
	}
	if len(data) > MaxXML {
		return "", fmt.Errorf("%s is longer than 4 MiB, which is what a server takes", path)
	}
	return string(data), nil
}

// plain is the error in the order in which it is read: "path: no such file".
func plain(err error) error {
	var e *os.PathError
	if errors.As(err, &e) {
		return fmt.Errorf("%s: %w", e.Path, e.Err)
	}
	return err
}
