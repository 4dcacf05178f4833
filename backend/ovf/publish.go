package ovf

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"hvdeck/backend"
)

// companions are the names that belong to the package whatever is in it: first its own,
// then those of manifest and certificate.
func (w *Writer) companions() []string {
	base := filepath.Base(w.path)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	if strings.EqualFold(filepath.Ext(base), ".ova") {
		return []string{base}
	}
	return []string{base, stem + ".mf", stem + ".cert"}
}

// strangers refuses a file that readers would take for the manifest of the new package,
// which has none, where it does not belong to the package that is replaced.
func (w *Writer) strangers() error {
	names := w.companions()
	if w.digest != "none" || len(names) == 1 || slices.Contains(w.outdated(), names[1]) {
		return nil
	}
	if _, err := os.Lstat(w.beside(names[1])); err != nil {
		return nil //nolint:nilerr // it is not there
	}
	e := backend.Refuse(backend.ClassConflict, "write", names[1], "it would be taken for the manifest of the package, and is not that of one that is replaced")
	e.Remedy = "choose another name, or move it away"
	return e
}

// beside is where a file of the package goes.
func (w *Writer) beside(name string) string { return filepath.Join(filepath.Dir(w.path), name) }

// A certificate begins with a signature of the manifest. Source: DSP0243 6.3.
var signature = regexp.MustCompile(`(?m)^\s*[A-Za-z0-9-]+\s*\((.+)\)\s*=\s*[0-9A-Fa-f]+\s*$`)

// outdated are the manifest and certificate of the package that is replaced: they would be
// taken for those of the new one. A file of such a name that is neither is somebody else's.
func (w *Writer) outdated() []string {
	names := w.companions()
	if !w.replace || len(names) == 1 {
		return nil
	}
	if _, err := os.Lstat(w.beside(names[0])); err != nil {
		return nil // there was no package
	}
	m, err := ParseManifest(w.start(names[1], MaxManifest))
	if err != nil {
		return nil
	}
	if _, listed := m.of(names[0]); !listed {
		return nil
	}
	found := signature.FindSubmatch(w.start(names[2], 64<<10))
	if found == nil || string(found[1]) != names[1] {
		return names[1:2]
	}
	return names[1:]
}

// start is the beginning of an ordinary file; nil where there is none.
func (w *Writer) start(name string, most int64) []byte {
	f, err := os.OpenFile(w.beside(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if _, err := regular(f); err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil
	}
	return text
}

// swap is a change of names that can be undone.
type swap struct {
	w     *Writer
	kept  string          // the directory of what was replaced
	old   map[string]bool // names of what is in it
	given []string        // names that have the new files
}

// publish moves the files to their names, the descriptor or archive last. What has them is
// kept until all of it is done; when one thing fails, everything is as it was.
func (w *Writer) publish() error {
	s := &swap{w: w, kept: filepath.Join(w.stage, "replaced"), old: map[string]bool{}}
	err := s.run()
	if err == nil {
		return nil
	}
	if bad := s.undo(); bad != nil {
		w.keep = true
		e := &backend.Error{Class: backend.ClassOther, Doing: "write", Object: filepath.Base(w.path), Err: errors.Join(err, bad),
			Message: err.Error() + "; what was to be replaced can't be put back (" + bad.Error() + ")"}
		e.Remedy = "it is in the directory " + s.kept
		return e
	}
	return err
}

func (s *swap) run() error {
	names := s.w.out.results()
	outdated := slices.DeleteFunc(s.w.outdated(), func(name string) bool { return slices.Contains(names, name) })
	if err := s.keep(append(slices.Clone(names), outdated...)); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.w.move(filepath.Join(s.w.stage, name), s.w.beside(name)); err != nil {
			return err
		}
		s.given = append(s.given, name)
	}
	for _, name := range outdated {
		if err := os.Remove(s.w.beside(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(filepath.Dir(s.w.path))
}

// keep gives what is to be replaced a second name; where a file system has no hard links
// it is moved away.
func (s *swap) keep(names []string) error {
	if !s.w.replace {
		return nil
	}
	if err := os.Mkdir(s.kept, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.w.free(name); err != nil { // a directory that came meanwhile
			return err
		}
		from, to := s.w.beside(name), filepath.Join(s.kept, name)
		err := os.Link(from, to)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			err = os.Rename(from, to)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return err
		}
		s.old[name] = true
	}
	return nil
}

// undo gives the old files their names again, and takes the new ones away.
func (s *swap) undo() error {
	var bad error
	for _, name := range s.given {
		if !s.old[name] {
			bad = errors.Join(bad, os.Remove(s.w.beside(name)))
		}
	}
	for name := range s.old {
		bad = errors.Join(bad, os.Rename(filepath.Join(s.kept, name), s.w.beside(name)))
	}
	return bad
}

// move never replaces a file that was not to be replaced: a link to a name that is taken
// fails, a rename would not. File systems without hard links get a rename.
func (w *Writer) move(from, to string) error {
	if w.replace {
		return os.Rename(from, to)
	}
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := w.free(filepath.Base(to)); err != nil {
		return err
	}
	return os.Rename(from, to)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator named the target
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	// Some network file systems cannot sync a directory; the files are synced.
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
