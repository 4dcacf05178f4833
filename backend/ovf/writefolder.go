package ovf

import (
	"bytes"
	"errors"
	"hash"
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

func (f *folderOutput) file(name string, r io.Reader, h hash.Hash) (int64, error) {
	out, err := create(filepath.Join(f.dir, name))
	if err != nil {
		return 0, err
	}
	n, err := pass(out, r, h, nil)
	if err == nil {
		err = out.Sync()
	}
	f.names = append(f.names, name)
	return n, errors.Join(err, out.Close())
}

func (f *folderOutput) finish(descriptor []byte, manifest func([]byte) []byte) error {
	if m := manifest(descriptor); m != nil {
		name := strings.TrimSuffix(f.descriptor, filepath.Ext(f.descriptor)) + ".mf"
		if _, err := f.file(name, bytes.NewReader(m), nil); err != nil {
			return err
		}
	}
	_, err := f.file(f.descriptor, bytes.NewReader(descriptor), nil)
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
