package libvirt

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// importVolume makes a volume of a file: it is made in the file's format and size,
// filled, and deleted again when not all of it arrived. Sources:
// virStorageVolCreateXML, virStorageVolUpload.
func (c *client) importVolume(ctx context.Context, o backend.VolumeImportOp, progress backend.Progress) (backend.Result, error) {
	if err := checkFileName(o.Title(), "volume", o.Name); err != nil {
		return backend.Result{}, err
	}
	if !slices.Contains([]string{"", "raw", "qcow2", "iso"}, o.Format) {
		return backend.Result{}, backend.Refuse(backend.ClassInvalid, o.Title(), "", "%q is no format to import; there are raw, qcow2 and iso", clip(o.Format))
	}
	file, size, err := openUpload(o, o.File)
	if err != nil {
		return backend.Result{}, err
	}
	defer func() { _ = file.Close() }()
	image, err := sniffImage(file, size)
	if err != nil {
		return backend.Result{}, fileError(o, "", err)
	}
	if err := checkImage(o, image, size); err != nil {
		return backend.Result{}, err
	}
	pool, err := c.findPool(ctx, o.Pool)
	if err != nil {
		return backend.Result{}, err
	}
	format := image.format
	if o.Format != "" {
		format = o.Format
	}
	x := &libvirtxml.StorageVolume{Name: o.Name, Capacity: bytesOf(image.capacity), Allocation: bytesOf(0), Target: formatOf(format)}
	v, err := c.makeVolume(ctx, deed{doing: o.Title()}, pool, x, false, progress)
	if err != nil {
		return backend.Result{}, err
	}
	sum, err := c.send(ctx, o, v, file, size, progress)
	c.volumesChanged(pool.UUID)
	if err == nil {
		return backend.Result{Created: c.volumeRef(pool.UUID, v.Key), Text: sumWords(sum)}, nil
	}
	return backend.Result{}, c.dropImport(v, err)
}

// sourceImage is what the beginning of a file tells.
type sourceImage struct {
	format   string // "raw", "qcow2", "iso"
	capacity uint64 // bytes that a guest sees
	backing  bool   // it needs another file below it
}

// sniffImage looks at what a file is. Sources: QEMU's docs/interop/qcow2.txt; ECMA-119.
func sniffImage(file *os.File, size uint64) (sourceImage, error) {
	head := make([]byte, 32)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return sourceImage{}, err
	}
	if n == len(head) && string(head[:4]) == "QFI\xfb" {
		return sourceImage{format: "qcow2", capacity: binary.BigEndian.Uint64(head[24:]), backing: binary.BigEndian.Uint64(head[8:]) != 0}, nil
	}
	const volumeDescriptor = 16*2048 + 1
	mark := make([]byte, 5)
	if _, err := file.ReadAt(mark, volumeDescriptor); err == nil && string(mark) == "CD001" {
		return sourceImage{format: "iso", capacity: size}, nil
	}
	return sourceImage{format: "raw", capacity: size}, nil
}

// checkImage refuses what would become something else than was asked for.
func checkImage(o backend.VolumeImportOp, i sourceImage, size uint64) error {
	refuse := func(format string, args ...any) error {
		return backend.Refuse(backend.ClassInvalid, o.Title(), clip(o.File), format, args...)
	}
	switch {
	case size == 0:
		return refuse("the file is empty")
	case o.Format == "qcow2" && i.format != "qcow2":
		return refuse("it is no qcow2 image")
	case o.Format != "" && o.Format != "qcow2" && i.format == "qcow2":
		return refuse("it is a qcow2 image, not %s", o.Format)
	case i.backing:
		return refuse("the image stands on another file, which would be missing: convert it to a whole one first")
	case i.capacity == 0 || i.capacity > maxSize:
		return refuse("its header says that it has %d bytes", i.capacity)
	default:
		return nil
	}
}
