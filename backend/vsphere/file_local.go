package vsphere

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"hvdeck/backend"
)

// openLocal opens a file of this machine that is to be sent; only plain files and block
// devices have an end that can be known.
func (a *action) openLocal(name string) (*os.File, int64, error) {
	if name == "" {
		return nil, 0, a.refuse(backend.ClassInvalid, "say which file to send")
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, 0, a.localError(err)
	}
	block := info.Mode()&os.ModeDevice != 0 && info.Mode()&os.ModeCharDevice == 0
	if !info.Mode().IsRegular() && !block {
		return nil, 0, a.refuse(backend.ClassInvalid, "%s is no file that can be sent", name)
	}
	file, err := os.Open(name) //nolint:gosec // the operator's choice
	if err != nil {
		return nil, 0, a.localError(err)
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, a.localError(err)
	}
	return file, size, nil
}

// localTarget checks where a download goes: a folder that is there, and in it nothing of
// that name, or a plain file that may be replaced.
func (a *action) localTarget(op backend.VolumeDownloadOp) (string, error) {
	if op.File == "" {
		return "", a.refuse(backend.ClassInvalid, "say which file to write")
	}
	name, err := filepath.Abs(op.File)
	if err != nil {
		return "", a.refuse(backend.ClassInvalid, "%v", err)
	}
	info, err := os.Lstat(name)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", a.localError(err)
	case info == nil:
		return name, nil
	case info.IsDir():
		return "", a.refuse(backend.ClassInvalid, "%s is a directory: add the name of the file", name)
	case !info.Mode().IsRegular():
		return "", a.refuse(backend.ClassInvalid, "%s is no plain file: it would be replaced, not written through", name)
	case !op.Overwrite:
		return "", a.refuse(backend.ClassConflict, "%s exists; choose another name, or allow to replace it", name)
	default:
		return name, nil
	}
}

// roomFor refuses what can't fit, as far as that is known beforehand.
func (a *action) roomFor(dir string, size uint64) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || s.Blocks == 0 {
		return nil //nolint:nilerr // not known beforehand
	}
	free := s.Bavail * uint64(s.Bsize) //nolint:gosec // a block size
	if size <= free {
		return nil
	}
	e := a.refuse(backend.ClassOther, "no space left on device: %s has %s free and the file %s", dir, sizeWords(free), sizeWords(size))
	e.Remedy = "free some room, or choose another directory"
	return e
}

// sizeWords is a number of bytes for people: "1.5 GiB".
func sizeWords(n uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	value, unit := float64(n), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.4g %s", value, units[unit])
}

// partName is the pattern of a temporary file beside the one it becomes.
func partName(target string) string {
	const most = 200 // leaves room for what is put around it
	name := filepath.Base(target)
	return "." + name[:min(len(name), most)] + ".part-*"
}

// settleFile makes a file that is whole what was asked for. A file that came to be
// meanwhile is not replaced unless that is allowed.
func settleFile(part *os.File, target string, overwrite bool) error {
	if err := part.Close(); err != nil {
		return err
	}
	if !overwrite {
		err := os.Link(part.Name(), target)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		// File systems without links: looked at once more instead.
		if _, err := os.Lstat(target); err == nil {
			return fs.ErrExist
		}
	}
	return os.Rename(part.Name(), target)
}

// localError words what went wrong with a file of this machine.
func (a *action) localError(err error) error {
	e := &backend.Error{Class: backend.ClassOther, Doing: a.doing, Object: a.object, Message: err.Error(), Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Remedy = "free some room on this machine, or choose another directory"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Class, e.Remedy = backend.ClassDenied, "choose a file that you may read or write"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		e.Class = backend.ClassInvalid
	case errors.Is(err, fs.ErrExist):
		e.Class, e.Message = backend.ClassConflict, "the file has come to be meanwhile and was not replaced"
	}
	return e
}
