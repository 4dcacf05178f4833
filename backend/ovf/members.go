package ovf

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// member is a file of an archive.
type member struct {
	name string
	size int64
}

// errMissing is what a source says of a file that it does not have.
var errMissing = errors.New("it is not there")

// members reads the headers of an archive and refuses what no package has. It trusts no
// header: names, kinds, sizes and the number of them are checked before they are used.
type members struct {
	tar        *tar.Reader
	seen       map[string]bool
	headers    int
	descriptor string
	manifest   string
	signed     bool
}

func newMembers(r io.Reader) *members {
	return &members{tar: tar.NewReader(r), seen: map[string]bool{}}
}

// next is the next file; io.EOF after the last one.
func (m *members) next() (member, error) {
	for {
		h, err := m.tar.Next()
		if errors.Is(err, io.EOF) && m.descriptor == "" {
			return member{}, errors.New("it holds no files")
		}
		if err != nil {
			return member{}, m.broken(err)
		}
		if m.headers++; m.headers > MaxEntries {
			return member{}, fmt.Errorf("it holds more than %d files", MaxEntries)
		}
		name := strings.TrimPrefix(h.Name, "./")
		if h.Typeflag == tar.TypeXGlobalHeader || (h.Typeflag == tar.TypeDir && strings.Trim(name, "./") == "") {
			continue
		}
		if reason := refuseHeader(h, name); reason != "" {
			return member{}, fmt.Errorf("the member %q %s", shorten(h.Name), reason)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if err := m.place(path.Clean(name)); err != nil {
			return member{}, err
		}
		return member{name: path.Clean(name), size: h.Size}, nil
	}
}

// broken puts the library's error in words; an end is no error.
func (m *members) broken(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends in the middle of a file: it was cut off")
	case errors.Is(err, tar.ErrFieldTooLong):
		return fmt.Errorf("the header of its file %d is too large", m.headers+1)
	case errors.Is(err, tar.ErrHeader):
		return fmt.Errorf("the header of its file %d is no valid one of a tar archive", m.headers+1)
	default:
		return err
	}
}

func refuseHeader(h *tar.Header, name string) string {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir:
	case tar.TypeLink, tar.TypeSymlink:
		return "is a link to " + shorten(h.Linkname)
	case tar.TypeChar, tar.TypeBlock:
		return "is a device"
	case tar.TypeFifo:
		return "is a named pipe"
	case tar.TypeGNUSparse:
		return "is a sparse file"
	default:
		return fmt.Sprintf("is of the kind %q, which packages do not have", h.Typeflag)
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return "is a sparse file"
		}
	}
	if h.Size < 0 {
		return "has a negative size"
	}
	return badName(strings.TrimSuffix(name, "/"))
}

// place sees to it that there is one descriptor, first, and each name once.
func (m *members) place(name string) error {
	if m.seen[name] {
		return fmt.Errorf("the member %q is there twice", name)
	}
	m.seen[name] = true
	ext := strings.ToLower(path.Ext(name))
	switch {
	case ext == ".ovf" && m.descriptor != "":
		return fmt.Errorf("there are two descriptors, %q and %q", m.descriptor, name)
	case ext == ".ovf" && len(m.seen) > 1, ext != ".ovf" && m.descriptor == "":
		return fmt.Errorf("the member %q is in the first place, where the descriptor has to be", name)
	case ext == ".ovf":
		m.descriptor = name
	case ext == ".mf" && m.manifest != "":
		return fmt.Errorf("there are two manifests, %q and %q", m.manifest, name)
	case ext == ".mf":
		m.manifest = name
	case ext == ".cert":
		m.signed = true
	}
	return nil
}
