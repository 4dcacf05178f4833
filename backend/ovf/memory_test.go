package ovf

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"hvdeck/backend/guard"
)

// large writes an archive whose disk is a hole, with a second file behind it. The sizes
// are in the headers as format has them.
func large(t testing.TB, size int64, format tar.Format) string {
	t.Helper()
	tail := []byte("the end")
	d := []byte(descriptorOf(fileElement("f0", "disk0.vmdk", int(size), ""), fileElement("f1", "tail.iso", len(tail), "")))
	m := manifestOf(map[string][]byte{"vm.ovf": d, "tail.iso": tail})
	m = fmt.Appendf(m, "SHA256(disk0.vmdk)= %s\n", zerosSum)
	f, err := os.Create(filepath.Join(t.TempDir(), "large.ova"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Write(bytes.TrimSuffix(archiveOf(t, entry{"vm.ovf", d, nil}, entry{"vm.mf", m, nil}), make([]byte, 1024)))
	if err := tar.NewWriter(f).WriteHeader(&tar.Header{Name: "disk0.vmdk", Size: size, Typeflag: tar.TypeReg, Format: format}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(padded(size), io.SeekCurrent); err != nil {
		t.Fatal(err)
	}
	f.Write(archiveOf(t, entry{"tail.iso", tail, nil}))
	return f.Name()
}

// A hole of this size has this sum: head -c 1073754169 /dev/zero | sha256sum
const (
	holeSize = 1<<30 + 12345
	zerosSum = "b2f39f9c493164dff073a5c2f6b62a1e1efd764c31c6d3b6932188b1f37aaca3"
)

// peak is the largest heap while fn runs.
func peak(fn func()) uint64 {
	runtime.GC()
	stop, done := make(chan struct{}), make(chan uint64)
	guard.Go("heap watch", nil, func() {
		most := uint64(0)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-stop:
				done <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	fn()
	close(stop)
	return <-done
}

func TestALargePackageTakesNoMemory(t *testing.T) {
	const size = holeSize
	path := large(t, size, tar.FormatUSTAR)
	target := filepath.Join(t.TempDir(), "copy.ova")
	most := peak(func() {
		p := mustOpen(t, path, Options{})
		if err := p.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
		r, n, err := p.OpenFile(t.Context(), p.Descriptor.Files[0])
		if err != nil || n != size {
			t.Fatal(n, err)
		}
		defer r.Close()
		w, err := Create(target, WriteOptions{Digest: "none"})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		// Enough to show that it streams; all of it would only wear the disk.
		if _, err := w.File("a.vmdk", io.LimitReader(r, 64<<20)); err != nil {
			t.Error(err)
		}
	})
	t.Logf("the heap had %.1f MiB at most", float64(most)/(1<<20))
	if most > 64<<20 {
		t.Errorf("the heap had %d bytes", most)
	}
}

// TestSizesOfMoreThan8GiB are written in two ways.
func TestSizesOfMoreThan8GiB(t *testing.T) {
	const size = 9<<30 + 7
	for _, format := range []tar.Format{tar.FormatGNU, tar.FormatPAX} {
		p := mustOpen(t, large(t, size, format), Options{})
		if len(p.Descriptor.Findings) != 0 {
			t.Errorf("%s: %v", format, p.Descriptor.Findings)
		}
		_, n, err := p.OpenFile(t.Context(), p.Descriptor.Files[0])
		if err != nil || n != size {
			t.Errorf("%s: %d, %v", format, n, err)
		}
		if got, err := contents(t, p, p.Descriptor.Files[1]); err != nil || string(got) != "the end" {
			t.Errorf("%s: %q, %v", format, got, err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	path := large(b, holeSize, tar.FormatUSTAR)
	b.SetBytes(holeSize)
	for b.Loop() {
		p := mustOpen(b, path, Options{})
		if err := p.Verify(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
