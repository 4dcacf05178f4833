package ovf

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
)

// disk is what a test package holds: bytes that no zero hides.
func diskBytes(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

// descriptorOf is a minimal descriptor with these File elements and one disk in file "f0".
func descriptorOf(files ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
<References>` + strings.Join(files, "") + `</References>
<DiskSection><Info/><Disk ovf:diskId="d0" ovf:fileRef="f0" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^20"/></DiskSection>
<NetworkSection><Info/></NetworkSection>
<VirtualSystem ovf:id="vm"><Info/><VirtualHardwareSection><Info/>
<Item><rasd:HostResource>ovf:/disk/d0</rasd:HostResource><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>17</rasd:ResourceType></Item>
</VirtualHardwareSection></VirtualSystem></Envelope>`
}

func fileElement(id, href string, size int, more string) string {
	return fmt.Sprintf(`<File ovf:id=%q ovf:href=%q ovf:size="%d" %s/>`, id, href, size, more)
}

// entry is one member of a test archive.
type entry struct {
	name string
	data []byte
	edit func(*tar.Header)
}

func archiveOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.data)), Typeflag: tar.TypeReg}
		if e.edit != nil {
			e.edit(h)
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write(e.data)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func manifestOf(files map[string][]byte) []byte {
	var b strings.Builder
	for name, data := range files {
		fmt.Fprintf(&b, "SHA256(%s)= %x\n", name, sha256.Sum256(data))
	}
	return []byte(b.String())
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// good is an archive with a manifest and one disk.
func good(t testing.TB, disk []byte) []byte {
	t.Helper()
	d := []byte(descriptorOf(fileElement("f0", "disk0.vmdk", len(disk), "")))
	return archiveOf(t, entry{"vm.ovf", d, nil},
		entry{"vm.mf", manifestOf(map[string][]byte{"vm.ovf": d, "disk0.vmdk": disk}), nil}, entry{"disk0.vmdk", disk, nil})
}

func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t testing.TB, source string, o Options) *Package {
	t.Helper()
	p, err := Open(t.Context(), source, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func contents(t testing.TB, p *Package, f File) ([]byte, error) {
	t.Helper()
	r, _, err := p.OpenFile(t.Context(), f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// refused checks that the error is of the class, and names what it has to.
func refused(t testing.TB, err error, class backend.Class, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("it was taken; it should be refused for %q", words)
		return
	}
	if got := backend.ClassOf(err); got != class {
		t.Errorf("the class is %s, not %s: %v", got, class, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

// whole opens, verifies and reads all files: the first error of all that an import does.
func whole(ctx context.Context, source string, o Options) error {
	p, err := Open(ctx, source, o)
	if err != nil {
		return err
	}
	defer p.Close()
	if e := p.Descriptor.Errors(); len(e) > 0 {
		return invalid("read", p.label(), "%s", e[0].Text)
	}
	if err := p.Verify(ctx, nil); err != nil {
		return err
	}
	for _, f := range p.Descriptor.Files {
		r, _, err := p.OpenFile(ctx, f)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
