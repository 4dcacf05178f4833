package ovf

import (
	"io/fs"
	"os"
)

// stamped is a source that can tell whether a file has changed.
type stamped interface {
	// stat is the file that holds a member.
	stat(name string) (fs.FileInfo, error)
}

func (f folder) stat(name string) (fs.FileInfo, error) {
	err := fs.ErrNotExist
	for _, n := range spellings(name) {
		var st fs.FileInfo
		if st, err = f.root.Stat(n); err == nil {
			return st, nil
		}
	}
	return nil, err
}

// stat of an archive at a server tells nothing.
func (x *indexed) stat(string) (fs.FileInfo, error) {
	if x.look == nil {
		return nil, fs.ErrInvalid
	}
	return x.look()
}

// here tells whether the package is on this machine.
func (p *Package) here() bool {
	switch src := p.src.(type) {
	case folder:
		return true
	case *indexed:
		return src.look != nil
	default:
		return false
	}
}

// same tells whether two looks at a file found it unchanged.
func same(a, b fs.FileInfo) bool {
	return a != nil && b != nil && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// stamp looks at a file; nil where that tells nothing.
func (p *Package) stamp(name string) fs.FileInfo {
	s, ok := p.src.(stamped)
	if !ok {
		return nil
	}
	st, err := s.stat(name)
	if err != nil {
		return nil
	}
	return st
}

// verified remembers what Verify found right, so that its sums need not be made a second
// time while it is as it was.
func (p *Package) verified(before map[string]fs.FileInfo) {
	p.right = make(map[string]fs.FileInfo, len(before))
	for name, st := range before {
		if same(st, p.stamp(name)) {
			p.right[name] = st
		}
	}
}

// unchanged tells whether a file is as Verify found it.
func (p *Package) unchanged(name string) bool {
	st, ok := p.right[name]
	return ok && same(st, p.stamp(name))
}
