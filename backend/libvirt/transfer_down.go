package libvirt

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// downloadVolume copies a volume into a file of this machine: under a temporary name
// beside it, readable by its owner only, until it is whole. Source:
// virStorageVolDownload.
func (c *client) downloadVolume(ctx context.Context, o backend.VolumeDownloadOp, progress backend.Progress) (backend.Result, error) {
	target, err := downloadTarget(o)
	if err != nil {
		return backend.Result{}, err
	}
	v, _, err := c.findVolume(ctx, o.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	size := c.physicalSize(ctx, v)
	if err := roomFor(o, v.Name, filepath.Dir(target), size); err != nil {
		return backend.Result{}, err
	}
	part, err := os.CreateTemp(filepath.Dir(target), "."+shortName(filepath.Base(target))+".part-*")
	if err != nil {
		return backend.Result{}, fileError(o, v.Name, err)
	}
	defer func() { _ = os.Remove(part.Name()) }() // gone already when it was renamed
	defer func() { _ = part.Close() }()
	sum, err := c.receive(ctx, o, v, part, size, progress)
	if err != nil {
		return backend.Result{}, err
	}
	if err := settleFile(o, part, target); err != nil {
		return backend.Result{}, fileError(o, v.Name, err)
	}
	if words := sumWords(sum); words != "" {
		target += ", " + words
	}
	return backend.Result{Text: target}, nil
}

// receive writes the stream into a file and gives its checksum.
func (c *client) receive(ctx context.Context, o backend.VolumeDownloadOp, v libvirt.StorageVol, file io.Writer, size uint64, progress backend.Progress) (string, error) {
	sink, end := c.newSink(o, v.Name, file, &tally{progress: progress, total: int64(size)}) //nolint:gosec // a file's size
	defer end()
	t, err := c.openTransfer(ctx, o, v, procVolumeDownload, sink)
	if err != nil {
		return "", volumeRemedy(err)
	}
	defer t.close()
	if _, err := t.s.next(); !endOfStream(err) {
		return "", t.downloadBroke(ctx, sink.told, err)
	}
	return sink.finish(), nil
}

// downloadBroke words the end of a download before its time; nothing is left of it.
func (t *transfer) downloadBroke(ctx context.Context, told *tally, err error) error {
	if ctx.Err() != nil {
		return &backend.Error{Class: backend.ClassCancelled, Doing: t.deed.doing, Object: t.deed.object,
			Message: "cancelled after " + told.words() + "; nothing was left", Err: ctx.Err()}
	}
	var own fileFailure
	if errors.As(err, &own) {
		return own.error
	}
	return withStep(t.deed.failed(err), "broke off after "+told.words())
}

// physicalSize is how many bytes a volume has to give; 0 unknown. Source:
// virStorageVolGetInfoFlags.
func (c *client) physicalSize(ctx context.Context, v libvirt.StorageVol) uint64 {
	size, err := read(ctx, c, "read volume", v.Name, func(lv *libvirt.Libvirt) (uint64, error) {
		_, _, size, err := lv.StorageVolGetInfoFlags(v, uint32(libvirt.StorageVolGetPhysical))
		return size, err
	})
	if err != nil {
		return 0
	}
	return size
}

// downloadTarget checks where the file is to go: a directory that is there, and there
// nothing, or a plain file that may be replaced.
func downloadTarget(o backend.VolumeDownloadOp) (string, error) {
	refuse := func(class backend.Class, format string, args ...any) (string, error) {
		return "", backend.Refuse(class, o.Title(), clip(o.File), format, args...)
	}
	if o.File == "" {
		return refuse(backend.ClassInvalid, "say which file to write")
	}
	path, err := filepath.Abs(o.File)
	if err != nil {
		return refuse(backend.ClassInvalid, "%v", err)
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fileError(o, "", err)
	case info == nil:
		return path, nil
	case info.IsDir():
		return refuse(backend.ClassInvalid, "it is a directory: add the name of the file")
	case !info.Mode().IsRegular():
		return refuse(backend.ClassInvalid, "it is no plain file (%s): it would be replaced, not written through", modeWords(info.Mode()))
	case !o.Overwrite:
		return refuse(backend.ClassConflict, "the file exists; choose another name, or allow to replace it")
	default:
		return path, nil
	}
}

func modeWords(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "of an unknown type"
	}
}

// roomFor refuses what can't fit, as far as that is known beforehand.
func roomFor(o backend.Op, volume, dir string, size uint64) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || size == 0 || s.Blocks == 0 {
		return nil //nolint:nilerr // not known beforehand
	}
	free := s.Bavail * uint64(s.Bsize) //nolint:gosec // a block size
	if size <= free {
		return nil
	}
	e := backend.Refuse(backend.ClassOther, o.Title(), volume, "no space left on device: %s has %s free and the volume %s",
		dir, binarySize(free), binarySize(size))
	e.Remedy = "free some room, or choose another directory"
	return e
}

// settleFile makes a file that is whole what was asked for. A file that came to be
// meanwhile is not replaced unless that is allowed. The system writes it to the disk in
// its own time: waiting for that would double the time of a download.
func settleFile(o backend.VolumeDownloadOp, part *os.File, target string) error {
	if err := part.Close(); err != nil {
		return err
	}
	if !o.Overwrite {
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

// fileError words what went wrong with a file of this machine.
func fileError(op backend.Op, volume string, err error) error {
	e := &backend.Error{Class: backend.ClassOther, Doing: op.Title(), Object: volume, Message: err.Error(), Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Remedy = "free some room on this machine, or choose another directory"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Class, e.Remedy = backend.ClassDenied, "choose a file that you may read or write"
	case errors.Is(err, fs.ErrNotExist):
		e.Class = backend.ClassInvalid
	case errors.Is(err, fs.ErrExist):
		e.Class, e.Message = backend.ClassConflict, "the file has come to be meanwhile and was not replaced"
	}
	return e
}

// shortName leaves room for what is put around a file name.
func shortName(name string) string {
	const most = 200
	if len(name) > most {
		return name[:most]
	}
	return name
}
