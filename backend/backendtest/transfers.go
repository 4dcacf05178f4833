package backendtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"hvdeck/backend"
)

func transferCases() []testCase {
	up, down := []backend.Op{backend.VolumeUploadOp{}}, []backend.Op{backend.VolumeDownloadOp{}}
	in := []backend.Op{backend.VolumeImportOp{}}
	return []testCase{
		{name: "transfer/upload", ops: up, run: uploadBytes},
		{name: "transfer/upload-refused", ops: up, run: uploadRefused},
		{name: "transfer/upload-used", ops: up, run: uploadUsed},
		{name: "transfer/download", ops: down, run: downloadBytes},
		{name: "transfer/download-exists", ops: down, run: downloadExists},
		{name: "transfer/download-cancel", ops: down, run: downloadCancel},
		{name: "transfer/import", ops: in, run: importBytes},
		{name: "transfer/import-refused", ops: in, run: importRefused},
		{name: "transfer/import-cancel", ops: in, run: importCancel},
	}
}

// file writes a file of random bytes.
func (r *run) file(size int) string {
	name := filepath.Join(r.t.TempDir(), "file")
	buf := make([]byte, size)
	rnd := rand.NewChaCha8([32]byte{1, 2, 3})
	_, _ = rnd.Read(buf) // never fails
	if err := os.WriteFile(name, buf, 0o600); err != nil {
		r.fatalf("write a file: %v", err)
	}
	return name
}

func (r *run) bytesOf(file string) []byte {
	got, err := os.ReadFile(file)
	if err != nil {
		r.fatalf("read a file: %v", err)
	}
	return got
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// moved runs a transfer, and holds its progress and its checksum to the contract.
func (r *run) moved(op backend.Op, content []byte) backend.Result {
	ctx, cancel := r.ctx()
	defer cancel()
	p := &progress{run: r, what: op.Title()}
	result, err := r.b.Do(ctx, op, p.callbacks())
	p.end()
	if err != nil {
		r.contractual(op.Title(), err)
		r.fatalf("%s: %v", op.Title(), err)
	}
	if p.moved != int64(len(content)) {
		r.errorf("%s: the last progress was %d bytes, want %d", op.Title(), p.moved, len(content))
	}
	if !strings.Contains(strings.ToLower(result.Text), sumOf(content)) {
		r.errorf("%s: the result %q lacks the SHA-256 %s", op.Title(), result.Text, sumOf(content))
	}
	return result
}

// download gives the bytes of a volume.
func (r *run) download(volume backend.Ref) []byte {
	r.needs(backend.VerbVolumeDownload)
	file := filepath.Join(r.t.TempDir(), "down")
	r.do(backend.VolumeDownloadOp{Volume: volume, File: file})
	return r.bytesOf(file)
}

// oddSize is no multiple of any block.
const oddSize = 3*mib + 1234*512

func uploadBytes(r *run) {
	r.needs(backend.VerbVolumeUpload)
	p := r.pool()
	file := r.file(oddSize)
	want := r.bytesOf(file)
	v := r.rawVolume(p, "v", oddSize)
	r.moved(backend.VolumeUploadOp{Volume: v.ID, File: file}, want)
	if got := r.download(v.ID); !bytes.Equal(got, want) {
		r.errorf("%d bytes came back, not the %d that were sent", len(got), len(want))
	}
}

func uploadRefused(r *run) {
	r.needs(backend.VerbVolumeUpload)
	p := r.pool()
	v := r.rawVolume(p, "v", mib)
	dir := r.t.TempDir()
	for _, file := range []string{filepath.Join(dir, "missing"), dir} {
		r.refused(backend.VolumeUploadOp{Volume: v.ID, File: file}, backend.ClassInvalid, backend.ClassNotFound)
	}
	if got := r.download(v.ID); !bytes.Equal(got, make([]byte, mib)) {
		r.errorf("a refused upload changed the volume")
	}
}

// uploadUsed: what a VM has or another volume stands on is not overwritten.
func uploadUsed(r *run) {
	r.needs(backend.VerbVolumeUpload)
	_, all := r.neededVolumes()
	for _, v := range all {
		r.refused(backend.VolumeUploadOp{Volume: v.ID, File: r.file(mib)}, backend.ClassConflict)
		if got := r.download(v.ID); !bytes.Equal(got, make([]byte, 2*mib)) {
			r.errorf("a refused upload changed the volume")
		}
	}
}

func downloadBytes(r *run) {
	r.needs(backend.VerbVolumeDownload)
	r.needs(backend.VerbVolumeUpload)
	p := r.pool()
	up := r.file(oddSize)
	want := r.bytesOf(up)
	v := r.rawVolume(p, "v", oddSize)
	r.do(backend.VolumeUploadOp{Volume: v.ID, File: up})
	dir := r.t.TempDir()
	r.moved(backend.VolumeDownloadOp{Volume: v.ID, File: filepath.Join(dir, "down")}, want)
	if !bytes.Equal(r.bytesOf(filepath.Join(dir, "down")), want) {
		r.errorf("the file is not the volume")
	}
	r.holds(dir, "down")
}

// holds asserts what a folder holds.
func (r *run) holds(dir string, names ...string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		r.fatalf("read a folder: %v", err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		r.errorf("the folder holds %q, want %q", got, names)
	}
}

func downloadExists(r *run) {
	r.needs(backend.VerbVolumeDownload)
	p := r.pool()
	v := r.rawVolume(p, "v", mib)
	dir := r.t.TempDir()
	file := filepath.Join(dir, "mine")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		r.fatalf("write a file: %v", err)
	}
	r.refused(backend.VolumeDownloadOp{Volume: v.ID, File: file}, backend.ClassConflict, backend.ClassInvalid)
	if string(r.bytesOf(file)) != "mine" {
		r.errorf("a refused download overwrote the file")
	}
	r.refused(backend.VolumeDownloadOp{Volume: v.ID, File: filepath.Join(dir, "no", "folder")},
		backend.ClassInvalid, backend.ClassNotFound, backend.ClassOther)
	r.do(backend.VolumeDownloadOp{Volume: v.ID, File: file, Overwrite: true})
	if len(r.bytesOf(file)) != mib {
		r.errorf("the file was not replaced")
	}
	r.holds(dir, "mine")
}

// bigSize takes long enough to be cancelled.
const bigSize = 48 * mib

// cancelled runs a transfer and cancels it at the first bytes; true when it stopped,
// false when it was over first.
func (r *run) cancelled(op backend.Op) bool {
	ctx, cancel := context.WithTimeout(context.Background(), r.Patience)
	defer cancel()
	var told atomic.Bool
	p := &progress{run: r, what: op.Title()}
	watch := p.callbacks()
	count := watch.Bytes
	watch.Bytes = func(done, total int64) {
		count(done, total)
		if done > 0 && done < total && told.CompareAndSwap(false, true) {
			cancel()
		}
	}
	_, err := r.b.Do(ctx, op, watch)
	p.end()
	if err == nil {
		return false
	}
	r.class(op.Title()+", cancelled", err, backend.ClassCancelled)
	return true
}

func downloadCancel(r *run) {
	r.needs(backend.VerbVolumeDownload)
	p := r.pool()
	v := r.rawVolume(p, "v", bigSize)
	dir := r.t.TempDir()
	if r.cancelled(backend.VolumeDownloadOp{Volume: v.ID, File: filepath.Join(dir, "down")}) {
		r.holds(dir)
	}
}

func importBytes(r *run) {
	r.needs(backend.VerbVolumeUpload)
	p := r.pool()
	file := r.file(oddSize)
	want := r.bytesOf(file)
	made := r.moved(backend.VolumeImportOp{Pool: p, Name: prefix + "in.raw", File: file}, want).Created
	v := byRef[*backend.Volume](r, made, p)
	if v.Name != prefix+"in.raw" || v.Capacity != oddSize || v.Format != "raw" {
		r.errorf("the imported volume is %+v", v)
	}
	if got := r.download(v.ID); !bytes.Equal(got, want) {
		r.errorf("%d bytes came back, not the %d that were sent", len(got), len(want))
	}
	r.refused(backend.VolumeImportOp{Pool: p, Name: prefix + "in.raw", File: file}, backend.ClassConflict)
	if got := r.download(v.ID); !bytes.Equal(got, want) {
		r.errorf("a refused import changed the volume")
	}
}

func importRefused(r *run) {
	r.needs(backend.VerbVolumeUpload)
	p := r.pool()
	file := r.file(4096)
	before := len(r.seen(backend.KindVolume, p))
	for _, name := range r.badVolumeNames() {
		r.refused(backend.VolumeImportOp{Pool: p, Name: name, File: file}, backend.ClassInvalid)
	}
	r.refused(backend.VolumeImportOp{Pool: p, Name: prefix + "in", File: file + ".missing"}, backend.ClassInvalid, backend.ClassNotFound)
	if got := len(r.seen(backend.KindVolume, p)); got != before {
		r.errorf("refused imports left %d volumes behind", got-before)
	}
}

func importCancel(r *run) {
	r.needs(backend.VerbVolumeUpload)
	p := r.pool()
	if r.cancelled(backend.VolumeImportOp{Pool: p, Name: prefix + "in", Format: "raw", File: r.file(bigSize)}) {
		r.absent(backend.KindVolume, p, prefix+"in")
	}
}
