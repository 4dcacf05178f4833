package ovf

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// soon fails what takes longer than any input of a fuzzer should.
func soon(t *testing.T, start time.Time) {
	t.Helper()
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

// mostFuzzed bounds the inputs, bytes: a fuzzer that makes them longer and longer only
// repeats itself, at some hundred a second. What is long is tried in hostile_test.go.
const mostFuzzed = 64 << 10

func FuzzDescriptor(f *testing.F) {
	f.Add([]byte(descriptorOf(fileElement("f0", "disk0.vmdk", 5, `ovf:compression="gzip" ovf:chunkSize="2"`))))
	f.Add([]byte(`<Envelope><Content type="x:VirtualSystem_Type" id="a"><Section type="ProductSection_Type"><Property key="k" type="int" qualifiers='ValueMap{"a","b"}'/></Section></Content></Envelope>`))
	for name, text := range fixtures(f) {
		if len(text) < 8<<10 && len(name)%16 == 0 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > mostFuzzed {
			return
		}
		defer soon(t, time.Now())
		d, err := Parse(text)
		if err != nil {
			return
		}
		if !utf8.Valid(d.source) {
			t.Error("the text is not UTF-8")
		}
		for _, o := range d.Options {
			if u, err := d.Under(o.ID); err == nil && len(u.Options) != len(d.Options) {
				t.Errorf("%d options under %q, %d without", len(u.Options), o.ID, len(d.Options))
			}
		}
		for _, p := range d.Properties {
			p.Check(p.Default)
			p.Check("")
			p.Check("1e999")
		}
		for _, file := range d.Files {
			if names, err := file.names(); err == nil && len(names) > MaxEntries {
				t.Errorf("%d names", len(names))
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte("SHA256(a.ovf)= 0000000000000000000000000000000000000000000000000000000000000000\r\n"))
	f.Add([]byte("SHA1 (a (1).vmdk) = da39a3ee5e6b4b0d3255bfef95601890afd80709\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > mostFuzzed {
			return
		}
		defer soon(t, time.Now())
		m, err := ParseManifest(text)
		if err != nil {
			return
		}
		for name, s := range m.Sums {
			if h := hasher(s.Algorithm); h == nil || len(s.Hex) != 2*h.Size() || s.Hex != strings.ToLower(s.Hex) || name == "" {
				t.Errorf("%q: %+v", name, s)
			}
		}
	})
}

func FuzzArchive(f *testing.F) {
	f.Add(good(f, []byte("a disk")))
	packed := gzipped([]byte("a disk"))
	d := []byte(descriptorOf(fileElement("f0", "d.gz", len(packed), `ovf:compression="gzip"`)))
	f.Add(archiveOf(f, entry{"vm.ovf", d, nil}, entry{"d.gz", packed, nil}))
	f.Add(sparse(f, entry{"vm.ovf", d, nil}, entry{"d.gz", packed, nil}))
	f.Add(archiveOf(f, entry{"vm.ovf", d, nil}, entry{strings.Repeat("n/", 90) + "x", packed, nil}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > mostFuzzed {
			return
		}
		defer soon(t, time.Now())
		x, m, err := localArchive(context.Background(), inMemory{bytes.NewReader(data)}, int64(len(data)))
		if err != nil {
			return
		}
		p := &Package{Source: "x.ova", src: x}
		if _, err := p.opened(context.Background(), p.fromArchive(context.Background(), m)); err != nil {
			return
		}
		defer p.Close()
		p.Verify(context.Background(), nil)
		for i, one := range p.Descriptor.Files {
			if i > 5 {
				break
			}
			r, _, err := p.OpenFile(context.Background(), one)
			if err != nil {
				continue
			}
			io.Copy(io.Discard, io.LimitReader(r, 1<<20))
			r.Close()
		}
		streamed(t, data, p)
	})
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// streamed reads the same archive in one pass: what it finds must be the same.
func streamed(t *testing.T, data []byte, p *Package) {
	t.Helper()
	if !p.Archive {
		return
	}
	m := newMembers(bytes.NewReader(data))
	for _, want := range p.src.list() {
		got, err := m.next()
		if err != nil || got != want {
			t.Errorf("%+v and %+v, %v", got, want, err)
			return
		}
		if n, err := io.Copy(io.Discard, m.tar); err != nil || n != want.size {
			t.Errorf("%s: %d bytes of %d, %v", filepath.Base(want.name), n, want.size, err)
		}
	}
}
