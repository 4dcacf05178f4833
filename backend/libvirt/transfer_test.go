package libvirt

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	t.Run("daemon killed during an import", x.importKilled)
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
