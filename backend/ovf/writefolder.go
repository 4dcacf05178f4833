package ovf

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// folderOutput is an .ovf with its files beside it.
type folderOutput struct {
	dir        string
	descriptor string
	names      []string
}

const copyBuffer = 1 << 20

func (f *folderOutput) file(name string, r io.Reader) (int64, error) {
	out, err := create(filepath.Join(f.dir, name))
	if err != nil {
		return 0, err
	}
	n, err := copyTo(out, r)
	if err == nil {
		err = out.Sync()
	}
	f.names = append(f.names, name)
	return n, errors.Join(err, out.Close())
}

// copyTo hides what r and w could do by themselves: the sum is made on the way.
func copyTo(w io.Writer, r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, copyBuffer))
}

func (f *folderOutput) finish(descriptor []byte, manifest func([]byte) []byte) error {
	if m := manifest(descriptor); m != nil {
		name := strings.TrimSuffix(f.descriptor, filepath.Ext(f.descriptor)) + ".mf"
		if _, err := f.file(name, strings.NewReader(string(m))); err != nil {
			return err
		}
	}
	_, err := f.file(f.descriptor, strings.NewReader(string(descriptor)))
	return err
}

func (f *folderOutput) results() []string { return f.names }
func (f *folderOutput) close() error      { return syncDirIfThere(f.dir) }

func syncDirIfThere(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return nil //nolint:nilerr // it is gone: there is nothing to sync
	}
	return syncDir(dir)
}
