package mem

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hvdeck/backend"
)

// transfer is bytes on their way between this machine and the server, or between two.
type transfer struct {
	h        *Hypervisor
	ctx      context.Context // of the caller
	lost     context.Context // ends with the connection
	progress backend.Progress
}

// shares is how often a transfer pauses when operations take their time.
const shares = 20

// tell reports how far it has come, and says why it can't go on.
func (t *transfer) tell(moved, total int64) error {
	if t.progress.Bytes != nil {
		t.progress.Bytes(moved, total)
	}
	if t.h.cfg.OpTime > 0 && moved < total {
		_ = t.h.cfg.Wait(t.ctx, t.h.cfg.OpTime/shares) // its end is looked at below
	}
	_ = t.h.thawed(t.ctx)
	switch {
	case t.lost.Err() != nil:
		return context.Cause(t.lost)
	default:
		return t.ctx.Err()
	}
}

// piece is how much is moved at once.
func (t *transfer) piece(total int64) int64 {
	if t.h.cfg.OpTime <= 0 {
		return 256 << 10
	}
	return min(max(total/shares, blockSize), 16<<20)
}

// transferWork moves the bytes of volumes.
func (h *Hypervisor) transferWork(op backend.Op) (*work, error) {
	switch o := op.(type) {
	case backend.VolumeUploadOp:
		return h.upload(o)
	case backend.VolumeImportOp:
		return h.importFile(o)
	case backend.VolumeDownloadOp:
		return h.download(o)
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
}

func (h *Hypervisor) upload(o backend.VolumeUploadOp) (*work, error) {
	p, v, err := h.volumeFor(o, o.Volume)
	if err != nil {
		return nil, err
	}
	var sum string
	w := &work{object: v.Name}
	w.check = func() error {
		if err := p.mustRun(true); err != nil {
			return err
		}
		size, _, err := lookAt(o.File)
		if err == nil && v.Format == "raw" && size > int64(v.Capacity) { //nolint:gosec // bounded when it was made
			err = backend.Refuse(backend.ClassInvalid, "", "", "%s has %d bytes, the volume %d", o.File, size, v.Capacity)
		}
		if err != nil {
			return err
		}
		return h.notNeeded(v, "")
	}
	w.move = func(t *transfer) (err error) {
		sum, err = t.send(o.File, v)
		if err != nil {
			err = h.partial(err, o.Title(), v.Name)
		}
		return err
	}
	w.apply = func() (backend.Result, error) {
		h.written(p, v)
		return backend.Result{Text: sumWords(sum, o.NoChecksum)}, nil
	}
	w.undo = func() { h.written(p, v) }
	return w, nil
}

// partial says that part of a volume was overwritten.
func (h *Hypervisor) partial(err error, doing, name string) error {
	e := h.problem(err, doing, name, backend.ClassLost)
	why := or(e.Message, fmt.Sprint(e.Err))
	e.Message = "only part of the file has arrived, the volume holds a mixture: " + why
	return e
}

// written looks at a volume again after bytes were put into it. Needs mu.
func (h *Hypervisor) written(p *pool, v *volume) {
	format, capacity := probe(v.data.readAt, v.data.size)
	if format == "qcow2" {
		v.Format = format
		v.Capacity = capacity
	} else {
		v.Capacity = max(v.Capacity, capacity)
	}
	v.Allocation = max(v.Allocation, uint64(len(v.data.blocks))*blockSize)
	h.poolChanged(p)
}

// lookAt gives the size and the format of a file of this machine.
func lookAt(file string) (size int64, format string, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, "", backend.Refuse(backend.ClassInvalid, "", "", "%v", err)
	}
	if !info.Mode().IsRegular() {
		return 0, "", backend.Refuse(backend.ClassInvalid, "", "", "%s is not a plain file", file)
	}
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return 0, "", backend.Refuse(backend.ClassInvalid, "", "", "%v", err)
	}
	defer func() { _ = f.Close() }()
	format, _ = probe(f.ReadAt, info.Size())
	return info.Size(), format, nil
}

// send puts a file into a volume and gives its SHA-256.
func (t *transfer) send(file string, v *volume) (string, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	sum, total := sha256.New(), info.Size()
	buf := make([]byte, t.piece(total))
	for at := int64(0); ; {
		n, err := io.ReadFull(f, buf)
		if n > 0 {
			_, _ = sum.Write(buf[:n])
			if err := t.put(v, buf[:n], at); err != nil {
				return "", err
			}
			at += int64(n)
			if err := t.tell(at, max(total, at)); err != nil {
				return "", err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return hexOf(sum), nil
		}
		if err != nil {
			return "", err
		}
	}
}

func (t *transfer) put(v *volume, buf []byte, at int64) error {
	t.h.mu.Lock()
	defer t.h.mu.Unlock()
	return t.h.writeTo(v.data, buf, at)
}

func hexOf(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

func (h *Hypervisor) importFile(o backend.VolumeImportOp) (*work, error) {
	p, err := h.poolFor(o, o.Pool)
	if err != nil {
		return nil, err
	}
	var v *volume
	var sum string
	w := &work{object: p.Name, shared: true}
	w.check = func() error {
		if err := p.mustRun(true); err != nil {
			return err
		}
		if err := checkVolumeName(p, o.Name); err != nil {
			return err
		}
		_, _, err := lookAt(o.File)
		return err
	}
	w.begin = func() {
		size, format, _ := lookAt(o.File)
		v = h.addVolume(p, backend.Volume{Meta: backend.Meta{Name: o.Name}, Type: "file",
			Format: or(o.Format, format), Capacity: uint64(max(size, 0))})
		v.data.size = 0
		h.busy[v.ID] = "upload"
		h.poolChanged(p)
	}
	w.move = func(t *transfer) (err error) { sum, err = t.send(o.File, v); return err }
	w.apply = func() (backend.Result, error) {
		delete(h.busy, v.ID)
		h.written(p, v)
		return backend.Result{Created: v.ID, Text: sumWords(sum, o.NoChecksum)}, nil
	}
	w.undo = func() { delete(h.busy, v.ID); h.deleteVolume(p, v) }
	return w, nil
}

func (h *Hypervisor) download(o backend.VolumeDownloadOp) (*work, error) {
	p, v, err := h.volumeFor(o, o.Volume)
	if err != nil {
		return nil, err
	}
	var sum string
	w := &work{object: v.Name}
	w.check = func() error {
		if err := p.mustRun(true); err != nil {
			return err
		}
		return mayWrite(o.File, o.Overwrite)
	}
	w.move = func(t *transfer) (err error) {
		sum, err = t.fetch(v, o.File)
		if err == nil {
			return nil
		}
		e := h.problem(err, o.Title(), v.Name, backend.ClassUnreachable)
		if e.Class == backend.ClassOther {
			e.Remedy = "nothing was left behind; look at the room and the rights of " + filepath.Dir(o.File)
		}
		return e
	}
	w.apply = func() (backend.Result, error) { return backend.Result{Text: sumWords(sum, o.NoChecksum)}, nil }
	return w, nil
}

// mayWrite refuses a file that exists, unless it may be replaced, and a folder that
// does not.
func mayWrite(file string, overwrite bool) error {
	info, err := os.Lstat(file)
	switch {
	case err == nil && info.IsDir():
		return backend.Refuse(backend.ClassInvalid, "", "", "%s is a folder", file)
	case err == nil && !overwrite:
		return backend.Refuse(backend.ClassConflict, "", "", "%s exists", file)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return backend.Refuse(backend.ClassInvalid, "", "", "%v", err)
	}
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return backend.Refuse(backend.ClassInvalid, "", "", "%v", err)
	}
	return nil
}

// fetch copies a volume into a file, under a temporary name until it is whole.
func (t *transfer) fetch(v *volume, file string) (sum string, err error) {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*.part")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if sum, err = t.receive(v, f); err != nil {
		return "", err
	}
	if err = f.Close(); err != nil {
		return "", err
	}
	return sum, os.Rename(f.Name(), file)
}

func (t *transfer) receive(v *volume, f *os.File) (string, error) {
	sum := sha256.New()
	total := t.sizeOf(v)
	buf := make([]byte, t.piece(total))
	for at := int64(0); ; {
		n, err := t.take(v, buf, at)
		if errors.Is(err, io.EOF) {
			return hexOf(sum), nil
		}
		_, _ = sum.Write(buf[:n])
		if _, err := f.Write(buf[:n]); err != nil {
			return "", err
		}
		at += int64(n)
		if err := t.tell(at, max(total, at)); err != nil {
			return "", err
		}
	}
}

func (t *transfer) take(v *volume, buf []byte, at int64) (int, error) {
	t.h.mu.Lock()
	defer t.h.mu.Unlock()
	return v.data.readAt(buf, at)
}

func (t *transfer) sizeOf(v *volume) int64 {
	t.h.mu.Lock()
	defer t.h.mu.Unlock()
	return v.data.size
}

// sumWords is a checksum as a result has it; "" where none was wanted.
func sumWords(sum string, unwanted bool) string {
	if unwanted {
		return ""
	}
	return "SHA-256 " + sum
}
