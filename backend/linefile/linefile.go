// Package linefile appends lines to a file that only its owner may read. It promises
// that nobody takes half a line for a whole one: what a full disk has cut off is ended
// before anything follows. It promises that what could not be written is counted, that
// the count stands in the file where the lines are missing, and that each further line
// is another attempt, so that a file goes on by itself when there is room again.
package linefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File is a file of lines. It is not safe for concurrent use; several processes may
// write to the same file, each line as a whole.
type File struct {
	path string
	gap  func(lost int) []byte
	f    *os.File // nil: to be opened
	torn bool     // the last line of ours has no end
	lost int      // lines since the last that was written
	told bool     // that it can't be written
}

// New makes a File; nothing is opened yet. gap words how many lines are missing, as a
// line with its end; nil: nothing is said of them.
func New(path string, gap func(lost int) []byte) *File {
	if gap == nil {
		gap = func(int) []byte { return nil }
	}
	return &File{path: path, gap: gap}
}

// Open opens the file, and makes it and its folder where they are missing. Append does
// that, too; who calls it learns beforehand whether the file can be written.
func (l *File) Open() error {
	if l.f != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil && st.Mode().IsRegular() && st.Mode().Perm()&0o077 != 0 {
		err = f.Chmod(0o600) // a file that was there may have been open to others
	}
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("restrict to its owner: %w", err)
	}
	if st.Mode().IsRegular() && !endsALine(l.path, st.Size()) {
		l.torn = true // left so by a run before
	}
	l.f = f
	return nil
}

// endsALine reports whether a file of this size ends with the end of a line, as an empty
// one does.
func endsALine(path string, size int64) bool {
	if size == 0 {
		return true
	}
	f, err := os.Open(path) //nolint:gosec // the file that is written to
	if err != nil {
		return true // it can be written and not read: nothing is known
	}
	defer func() { _ = f.Close() }() // only read
	last := make([]byte, 1)
	_, err = f.ReadAt(last, size-1)
	return errors.Is(err, io.EOF) || (err == nil && last[0] == '\n')
}

// Append writes n lines with their ends. On an error they are lost, and counted; the error
// says why, without the path.
func (l *File) Append(lines []byte, n int) error {
	err := l.append(lines)
	if err == nil {
		return nil
	}
	l.lost += n
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func (l *File) append(lines []byte) error {
	if err := l.Open(); err != nil {
		return err
	}
	var all []byte
	if l.torn {
		all = append(all, '\n')
	}
	if l.lost > 0 {
		all = append(all, l.gap(l.lost)...)
	}
	head := len(all)
	all = append(all, lines...)
	n, err := l.f.Write(all)
	if n > 0 {
		l.torn = all[n-1] != '\n'
	}
	if n >= head {
		l.lost = 0 // the count is in the file
	}
	if err != nil {
		_ = l.f.Close() // the write error is the one to tell
		l.f = nil
		l.lost -= bytes.Count(all[head:max(n, head)], []byte("\n")) // those that are whole
	}
	return err
}

// Change is what has become of a File with a line.
type Change int

// Changes worth telling.
const (
	Same   Change = iota // as it was
	Failed               // it can't be written any more
	Mended               // it is written again
)

// Changed says what the end of an Append means; each change is said once.
func (l *File) Changed(err error) Change {
	was := l.told
	l.told = err != nil
	switch {
	case l.told && !was:
		return Failed
	case !l.told && was:
		return Mended
	default:
		return Same
	}
}

// Lost is how many lines are missing since the last that was written.
func (l *File) Lost() int { return l.lost }

// Close closes the file; the next line would open it again.
func (l *File) Close() error {
	if l.f == nil {
		return nil
	}
	f := l.f
	l.f = nil
	return f.Close()
}
