package libvirt

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// TestTransfer moves volumes both ways, with virsh as the second actor.
func TestTransfer(t *testing.T) {
	l := lab.StartLibvirtd(t)
	x := &transferLab{storageLab: storageLab{l: l, b: dial(t, l.URI("qemu"), false)}, dir: t.TempDir()}
	x.pool = x.newPool(t, "moved")
	t.Run("byte for byte", x.byteForByte)
	t.Run("progress", x.progress)
	t.Run("import", x.imports)
	t.Run("import refusals", x.importRefusals)
	t.Run("targets", x.targets)
	t.Run("full disk", x.fullDisk)
	t.Run("cancelled", x.cancelled)
	t.Run("file vanishes", x.vanishes)
	t.Run("daemon killed", x.killed)
}

type transferLab struct {
	storageLab
	dir  string
	pool backend.Ref
}

// random writes a file of n random bytes.
func (x *transferLab) random(t *testing.T, name string, n int) (path string, data []byte) {
	t.Helper()
	data = make([]byte, n)
	_, _ = rand.Read(data)
	path = filepath.Join(x.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, data
}

// raw makes a raw volume.
func (x *transferLab) raw(t *testing.T, name string, n int) backend.Ref {
	t.Helper()
	return mustDo(t, x.b, backend.VolumeCreateOp{Pool: x.pool, Name: name, Format: "raw", Capacity: uint64(n)}).Created
}

// file is where a volume of the pool lies.
func (x *transferLab) file(name string) string {
	return filepath.Join(x.l.Dir(), "images/moved", name)
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// parts are the temporary files in a directory.
func parts(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, ".*.part-*"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (x *transferLab) byteForByte(t *testing.T) {
	for _, n := range []int{1, 1000, transferPacket - 1, transferPacket, transferPacket + 1, 5<<20 + 3} {
		path, data := x.random(t, "up", n)
		v := x.raw(t, "v", n)
		r := mustDo(t, x.b, backend.VolumeUploadOp{Volume: v, File: path})
		if !strings.Contains(r.Text, sumOf(data)) {
			t.Errorf("%d bytes: %q", n, r.Text)
		}
		byVirsh := filepath.Join(x.dir, "virsh")
		x.l.Virsh("vol-download", "v", byVirsh, "--pool", "moved")
		if got, err := os.ReadFile(byVirsh); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: virsh reads something else: %v", n, err)
		}
		path, data = x.random(t, "virsh up", n)
		x.l.Virsh("vol-upload", "v", path, "--pool", "moved")
		down := filepath.Join(x.dir, "down")
		r = mustDo(t, x.b, backend.VolumeDownloadOp{Volume: v, File: down, Overwrite: true})
		info, err := os.Stat(down)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(down); err != nil || !bytes.Equal(got, data) || !strings.Contains(r.Text, sumOf(data)) || info.Mode().Perm() != 0o600 {
			t.Errorf("%d bytes: %v, %v, %q", n, err, info.Mode(), r.Text)
		}
		mustDo(t, x.b, backend.VolumeDeleteOp{Volume: v})
	}
	if left := parts(t, x.dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func (x *transferLab) progress(t *testing.T) {
	const n = 64 << 20
	path, _ := x.random(t, "big", n)
	v := x.raw(t, "big", n)
	defer mustDo(t, x.b, backend.VolumeDeleteOp{Volume: v})
	for _, op := range []backend.Op{
		backend.VolumeUploadOp{Volume: v, File: path},
		backend.VolumeDownloadOp{Volume: v, File: filepath.Join(x.dir, "big down")},
	} {
		var told []int64
		began := time.Now()
		_, err := x.b.Do(t.Context(), op, backend.Progress{Bytes: func(done, total int64) {
			if total != n {
				t.Errorf("%s: %d of %d", op.Title(), done, total)
			}
			told = append(told, done)
		}})
		if err != nil {
			t.Fatal(err)
		}
		most := int(time.Since(began)/tallyEvery) + 2
		if len(told) == 0 || len(told) > most || told[len(told)-1] != n {
			t.Errorf("%s: told %d times, %d at most: %v", op.Title(), len(told), most, told)
		}
	}
}

func (x *transferLab) imports(t *testing.T) {
	qcow := filepath.Join(x.dir, "i.qcow2")
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", qcow, "3G").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rawPath, _ := x.random(t, "i.raw", 3<<20+5)
	iso := filepath.Join(x.dir, "i.iso")
	disc := make([]byte, 64<<10)
	copy(disc[16*2048+1:], "CD001")
	if err := os.WriteFile(iso, disc, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file, format string
		capacity     uint64
	}{{qcow, "qcow2", 3 << 30}, {rawPath, "raw", 3<<20 + 5}, {iso, "iso", 64 << 10}} {
		name := "imported." + tt.format
		r := mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: name, File: tt.file})
		v := volumeNamed(t, x.b, x.pool, name)
		if v.ID != r.Created || v.Format != tt.format || v.Capacity != tt.capacity {
			t.Errorf("%+v", v)
		}
		want, err := os.ReadFile(tt.file)
		if err != nil {
			t.Fatal(err)
		}
		down := filepath.Join(x.dir, "i.down")
		x.l.Virsh("vol-download", name, down, "--pool", "moved")
		got, err := os.ReadFile(down)
		if err != nil || !bytes.HasPrefix(got, want) || len(bytes.Trim(got[len(want):], "\x00")) != 0 || !strings.Contains(r.Text, sumOf(want)) {
			t.Errorf("%s: %d bytes, want %d: %v %s", name, len(got), len(want), err, r.Text)
		}
	}
}

func (x *transferLab) importRefusals(t *testing.T) {
	empty := filepath.Join(x.dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	plain, _ := x.random(t, "plain", 100)
	onto := filepath.Join(x.dir, "onto.qcow2")
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", "-b", plain, "-F", "raw", onto).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	fifo := filepath.Join(x.dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	v := x.raw(t, "small", 50)
	for _, tt := range []struct {
		op    backend.Op
		words string
	}{
		{backend.VolumeImportOp{Pool: x.pool, Name: "n", File: empty}, "the file is empty"},
		{backend.VolumeImportOp{Pool: x.pool, Name: "n", File: plain, Format: "qcow2"}, "no qcow2 image"},
		{backend.VolumeImportOp{Pool: x.pool, Name: "n", File: onto}, "stands on another file"},
		{backend.VolumeImportOp{Pool: x.pool, Name: "n", File: onto, Format: "raw"}, "it is a qcow2 image"},
		{backend.VolumeImportOp{Pool: x.pool, Name: "../n", File: plain}, "must not contain '/'"},
		{backend.VolumeImportOp{Pool: x.pool, Name: "n", File: x.dir}, "no file that can be sent"},
		{backend.VolumeImportOp{Pool: x.pool, Name: "n", File: fifo}, "no file that can be sent"},
		{backend.VolumeImportOp{Pool: x.pool, Name: "n", File: filepath.Join(x.dir, "none")}, "no such file"},
		{backend.VolumeUploadOp{Volume: v, File: empty}, "the file is empty"},
		{backend.VolumeUploadOp{Volume: v, File: plain}, "the volume only"},
		{backend.VolumeUploadOp{Volume: v}, "say which file"},
	} {
		refused(t, x.b, tt.op, backend.ClassInvalid, tt.words)
	}
}

// targets: what a download never writes to.
func (x *transferLab) targets(t *testing.T) {
	v := x.raw(t, "t", 10)
	precious, data := x.random(t, "precious", 10)
	link := filepath.Join(x.dir, "link")
	if err := os.Symlink(precious, link); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		op    backend.VolumeDownloadOp
		class backend.Class
		words string
	}{
		{backend.VolumeDownloadOp{File: precious}, backend.ClassConflict, "the file exists"},
		{backend.VolumeDownloadOp{File: link, Overwrite: true}, backend.ClassInvalid, "a symbolic link"},
		{backend.VolumeDownloadOp{File: "/dev/null", Overwrite: true}, backend.ClassInvalid, "a device"},
		{backend.VolumeDownloadOp{File: x.dir, Overwrite: true}, backend.ClassInvalid, "it is a directory"},
		{backend.VolumeDownloadOp{}, backend.ClassInvalid, "say which file"},
		{backend.VolumeDownloadOp{File: filepath.Join(x.dir, "no/where")}, backend.ClassInvalid, "no such file"},
	} {
		tt.op.Volume = v
		refused(t, x.b, tt.op, tt.class, tt.words)
	}
	if got, err := os.ReadFile(precious); err != nil || !bytes.Equal(got, data) {
		t.Error("a file that was there has changed")
	}
	// A volume of no bytes is a file of no bytes.
	if err := os.Truncate(x.file("t"), 0); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(x.dir, "none at all")
	mustDo(t, x.b, backend.VolumeDownloadOp{Volume: v, File: none})
	if info, err := os.Stat(none); err != nil || info.Size() != 0 {
		t.Errorf("%v %v", info, err)
	}
}

func (x *transferLab) fullDisk(t *testing.T) {
	small := filepath.Join(x.dir, "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no tmpfs: %v", err)
	}
	defer func() { _ = syscall.Unmount(small, syscall.MNT_DETACH) }()
	const n = 4 << 20
	path, _ := x.random(t, "full", n)
	v := x.raw(t, "full", n)
	mustDo(t, x.b, backend.VolumeUploadOp{Volume: v, File: path})
	refused(t, x.b, backend.VolumeDownloadOp{Volume: v, File: filepath.Join(small, "f")}, backend.ClassOther,
		"no space left on device", "4 MiB", "free some room")
	// What fills up only while the volume is on its way.
	c, _ := backend.As[*client](x.b)
	found, _, err := c.findVolume(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	part, err := os.Create(filepath.Join(small, "part"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = part.Close() }()
	_, err = c.receive(t.Context(), backend.VolumeDownloadOp{Volume: v}, found, part, 0, backend.Progress{})
	e, ok := backendError(err)
	if !ok || !strings.Contains(e.Message, "no space left on device") || e.Remedy == "" {
		t.Errorf("%v", err)
	}
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: v})
}

// slowed starts an operation and gives its outcome; begun is closed when bytes move.
func (x *transferLab) slowed(ctx context.Context, op backend.Op) (begun chan struct{}, outcome chan error) {
	begun, outcome = make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		_, err := x.b.Do(ctx, op, backend.Progress{Bytes: func(done, _ int64) {
			if done > 0 {
				once.Do(func() { close(begun) })
			}
		}})
		outcome <- err
	}()
	return begun, outcome
}

// sparse makes a file too large to be moved in a moment.
func (x *transferLab) sparse(t *testing.T, path string) uint64 {
	t.Helper()
	const n = 40 << 30
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(n); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	return n
}

// endless is a volume of so many bytes that a download has to be stopped, on a file
// system of its own that the download does not fill.
func (x *transferLab) endless(t *testing.T) backend.Ref {
	t.Helper()
	v := x.raw(t, "endless", 1<<20)
	if err := os.Truncate(x.file("endless"), 40<<30); err != nil {
		t.Fatal(err)
	}
	return v
}

func (x *transferLab) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	down := filepath.Join(x.dir, "cancelled")
	v := x.endless(t)
	begun, outcome := x.slowed(ctx, backend.VolumeDownloadOp{Volume: v, File: down})
	x.stop(t, begun, outcome, cancel)
	if _, err := os.Stat(down); err == nil || len(parts(t, x.dir)) != 0 {
		t.Errorf("left behind: %q", parts(t, x.dir))
	}
	ctx, cancel = context.WithCancel(t.Context())
	big := filepath.Join(x.dir, "big sparse")
	x.sparse(t, big)
	begun, outcome = x.slowed(ctx, backend.VolumeUploadOp{Volume: v, File: big})
	err := x.stop(t, begun, outcome, cancel)
	if !strings.Contains(err.Error(), "the volume holds part of the file") {
		t.Errorf("%v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	begun, outcome = x.slowed(ctx, backend.VolumeImportOp{Pool: x.pool, Name: "cancelled", File: big})
	err = x.stop(t, begun, outcome, cancel)
	if !strings.Contains(err.Error(), "the new volume was deleted again") || strings.Contains(x.l.Virsh("vol-list", "moved"), "cancelled") {
		t.Errorf("%v", err)
	}
	// Nothing else was cut.
	list[*backend.VM](t, x.b, backend.Query{Kind: backend.KindVM})
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: v})
}

// stop cancels what has begun and wants it to have stopped.
func (x *transferLab) stop(t *testing.T, begun chan struct{}, outcome chan error, cancel func()) error {
	t.Helper()
	defer cancel()
	select {
	case <-begun:
	case err := <-outcome:
		t.Fatalf("ended before it was cancelled: %v", err)
	}
	cancel()
	select {
	case err := <-outcome:
		if backend.ClassOf(err) != backend.ClassCancelled {
			t.Errorf("%v (%v)", err, backend.ClassOf(err))
		}
		return err
	case <-time.After(15 * time.Second):
		t.Fatal("it does not stop")
		return nil
	}
}

// vanishes: the file of the volume is gone when it is asked for.
func (x *transferLab) vanishes(t *testing.T) {
	v := x.raw(t, "gone", 10)
	if err := os.Remove(x.file("gone")); err != nil {
		t.Fatal(err)
	}
	down := filepath.Join(x.dir, "gone")
	_, err := do(t, x.b, backend.VolumeDownloadOp{Volume: v, File: down})
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(down); err == nil || len(parts(t, x.dir)) != 0 {
		t.Errorf("left behind: %q", parts(t, x.dir))
	}
}

// killed comes last: it leaves no daemon.
func (x *transferLab) killed(t *testing.T) {
	v := x.endless(t)
	down := filepath.Join(x.dir, "killed")
	begun, outcome := x.slowed(t.Context(), backend.VolumeDownloadOp{Volume: v, File: down})
	<-begun
	x.l.Kill()
	if err := <-outcome; backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "broke off after") {
		t.Errorf("%v (%v)", err, backend.ClassOf(err))
	}
	if _, err := os.Stat(down); err == nil || len(parts(t, x.dir)) != 0 {
		t.Errorf("left behind: %q", parts(t, x.dir))
	}
	x.l.Restart()
	x.b = dial(t, x.l.URI("qemu"), false)
	if poolNamed(t, x.b, "moved").State != backend.PoolRunning {
		x.l.Virsh("pool-start", "moved")
	}
	big := filepath.Join(x.dir, "big sparse")
	begun, outcome = x.slowed(t.Context(), backend.VolumeUploadOp{Volume: v, File: big})
	<-begun
	x.l.Kill()
	if err := <-outcome; backend.ClassOf(err) != backend.ClassLost || !strings.Contains(err.Error(), "the volume holds part of the file") {
		t.Errorf("%v (%v)", err, backend.ClassOf(err))
	}
}
