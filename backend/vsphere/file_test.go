package vsphere_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// filesLab is a vCenter with a datastore to put files into, and govc beside.
type filesLab struct {
	t    *testing.T
	v    *lab.Vcsim
	b    backend.Backend
	pool backend.Ref
	dir  string
}

func newFilesLab(t *testing.T, args ...string) *filesLab {
	t.Helper()
	v := lab.StartVcsim(t, append([]string{"-vm", "1"}, args...)...)
	x := &filesLab{t: t, v: v, b: dial(t, vsphere.Options{URL: v.URL()}), dir: t.TempDir()}
	for _, o := range list(t, x.b, backend.Query{Kind: backend.KindPool}) {
		if p := o.(*backend.Pool); p.Name == "LocalDS_0" && p.Extra[0].Value == "DC0" {
			x.pool = p.ID
		}
	}
	return x
}

// random writes a file of n random bytes.
func (x *filesLab) random(name string, n int) (string, []byte) {
	x.t.Helper()
	data := make([]byte, n)
	_, _ = rand.Read(data)
	file := filepath.Join(x.dir, name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		x.t.Fatal(err)
	}
	return file, data
}

// byGovc is a file of the datastore as govc downloads it.
func (x *filesLab) byGovc(rel string) []byte {
	x.t.Helper()
	to := filepath.Join(x.dir, "govc")
	x.v.Govc("datastore.download", "-dc", "DC0", "-ds", "LocalDS_0", rel, to)
	data, err := os.ReadFile(to)
	if err != nil {
		x.t.Fatal(err)
	}
	return data
}

func (x *filesLab) volume(rel string) backend.Ref {
	return backend.Ref{Conn: conn, Kind: backend.KindVolume, ID: x.pool.ID + "/" + rel}
}

// at are the files of a folder by name; "" is the top.
func (x *filesLab) at(dir string) map[string]*backend.Volume {
	x.t.Helper()
	parent := x.pool
	if dir != "" {
		parent = x.volume(dir)
	}
	all := make(map[string]*backend.Volume)
	for _, o := range list(x.t, x.b, backend.Query{Kind: backend.KindVolume, Parent: parent}) {
		all[o.Title()] = o.(*backend.Volume)
	}
	return all
}

// refused wants an operation to fail in this class, with these words.
func (x *filesLab) refused(op backend.Op, class backend.Class, words ...string) {
	x.t.Helper()
	_, err := do(x.t, x.b, op)
	if backend.ClassOf(err) != class || err == nil {
		x.t.Errorf("%T: %v (%v)", op, err, backend.ClassOf(err))
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			x.t.Errorf("%T: %q lacks %q", op, err, w)
		}
	}
}

func TestFileTransfers(t *testing.T) {
	x := newFilesLab(t)
	mustDo(t, x.b, backend.FolderMakeOp{Pool: x.pool, Name: "deep/er"})
	for _, name := range []string{"plain.iso", "deep/er/x.iso", `a b%25 #?&+'"ü語;=.bin`, "100%.img", "y [x]*.txt"} {
		for _, n := range []int{0, 1, 1<<20 + 7} {
			file, data := x.random("up", n)
			made := mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: name, File: file})
			sum := sha256.Sum256(data)
			if made.Created != x.volume(name) || !strings.Contains(made.Text, hex.EncodeToString(sum[:])) {
				t.Errorf("%s: %+v", name, made)
			}
			v := x.at(strings.TrimSuffix(strings.TrimSuffix(name, filepath.Base(name)), "/"))[filepath.Base(name)]
			if v == nil || v.ID != made.Created || v.Capacity != uint64(n) || !v.UsedKnown || v.UsedBy != nil || time.Since(v.Modified) > time.Minute {
				t.Errorf("%s of %d bytes: %+v", name, n, v)
			}
			if got := x.byGovc(name); !bytes.Equal(got, data) {
				t.Errorf("%s: govc reads %d bytes, not the %d sent", name, len(got), n)
			}
			x.refused(backend.VolumeImportOp{Pool: x.pool, Name: name, File: file}, backend.ClassConflict, "exists already")
			file, data = x.random("again", n/2+1)
			mustDo(t, x.b, backend.VolumeUploadOp{Volume: made.Created, File: file})
			down := filepath.Join(x.dir, "down")
			told := mustDo(t, x.b, backend.VolumeDownloadOp{Volume: made.Created, File: down, Overwrite: true})
			got, err := os.ReadFile(down)
			if err != nil || !bytes.Equal(got, data) || !strings.HasPrefix(told.Text, down+", SHA-256 ") {
				t.Errorf("%s: %v, %d bytes of %d, %q", name, err, len(got), len(data), told.Text)
			}
			mustDo(t, x.b, backend.VolumeDeleteOp{Volume: made.Created})
		}
	}
	x.refused(backend.VolumeDownloadOp{Volume: x.volume("plain.iso"), File: filepath.Join(x.dir, "no")}, backend.ClassNotFound, "no file [LocalDS_0] plain.iso")
	x.refused(backend.VolumeDownloadOp{Volume: x.volume("deep"), File: filepath.Join(x.dir, "no")}, backend.ClassInvalid, "folder")
	if _, err := os.Stat(filepath.Join(x.dir, "no")); err == nil {
		t.Error("a refused download made a file")
	}
}

func TestFileRefusals(t *testing.T) {
	x := newFilesLab(t)
	file, _ := x.random("up", 10)
	before := len(x.at(""))
	for _, name := range []string{"", "../up", "a/../../up", "/etc/up", "a//b", "a/.", " up", "a\nb", "a\xff", strings.Repeat("x", 256)} {
		x.refused(backend.VolumeImportOp{Pool: x.pool, Name: name, File: file}, backend.ClassInvalid)
		x.refused(backend.FolderMakeOp{Pool: x.pool, Name: name}, backend.ClassInvalid)
	}
	x.refused(backend.VolumeImportOp{Pool: x.pool, Name: "none/up", File: file}, backend.ClassNotFound, "there is no folder [LocalDS_0] none")
	x.refused(backend.VolumeImportOp{Pool: x.pool, Name: "up", File: file + ".none"}, backend.ClassInvalid)
	x.refused(backend.VolumeImportOp{Pool: x.pool, Name: "up", File: x.dir}, backend.ClassInvalid)
	x.refused(backend.VolumeDeleteOp{Volume: x.volume("")}, backend.ClassInvalid)
	x.refused(backend.VolumeDeleteOp{Volume: x.volume("none")}, backend.ClassNotFound)
	if got := len(x.at("")); got != before {
		t.Errorf("%d files, want %d", got, before)
	}
}

// TestFilesInUse: what a VM needs is not overwritten, moved or deleted.
func TestFilesInUse(t *testing.T) {
	x := newFilesLab(t)
	file, data := x.random("image.iso", 1000)
	iso := mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "image.iso", File: file}).Created
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: mustDo(t, x.b, backend.VolumeCloneOp{Volume: iso, Name: "copy.iso"}).Created})
	x.v.Govc("device.cdrom.insert", "-vm", "DC0_H0_VM0", "-ds", "LocalDS_0", "image.iso")
	if v := x.at("")["image.iso"]; !v.UsedKnown || !slices.Equal(v.UsedBy, []string{"DC0_H0_VM0"}) {
		t.Fatalf("%+v", v)
	}
	if v := x.at("")["DC0_H0_VM0"]; !slices.Equal(v.UsedBy, []string{"DC0_H0_VM0"}) {
		t.Errorf("%+v", v)
	}
	used := []backend.Ref{iso}
	for name, v := range x.at("DC0_H0_VM0") {
		if len(v.UsedBy) == 0 {
			t.Errorf("nobody uses %s", name)
		}
		if strings.HasSuffix(name, ".vmdk") || strings.HasSuffix(name, ".vmx") {
			used = append(used, v.ID)
		}
	}
	if len(used) < 3 {
		t.Fatalf("%d files in use", len(used))
	}
	for _, r := range used {
		x.refused(backend.VolumeUploadOp{Volume: r, File: file}, backend.ClassConflict, "DC0_H0_VM0 uses it")
		x.refused(backend.VolumeMoveOp{Volume: r, Name: "moved.vmdk"}, backend.ClassConflict, "DC0_H0_VM0 uses it")
		x.refused(backend.VolumeDeleteOp{Volume: r}, backend.ClassConflict, "DC0_H0_VM0 uses it")
	}
	folder := x.volume("DC0_H0_VM0")
	x.refused(backend.VolumeDeleteOp{Volume: folder}, backend.ClassConflict, "DC0_H0_VM0 has files in it")
	x.refused(backend.VolumeMoveOp{Volume: folder, Name: "moved"}, backend.ClassConflict, "DC0_H0_VM0 has files in it")
	if got := x.byGovc("image.iso"); !bytes.Equal(got, data) {
		t.Error("a refused operation changed the file")
	}
	x.v.Govc("device.cdrom.eject", "-vm", "DC0_H0_VM0")
	if v := x.at("")["image.iso"]; v.UsedBy != nil {
		t.Errorf("ejected, and still used by %v", v.UsedBy)
	}
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: iso})
	// What lies in the VM's folder and is not the VM's may go.
	stray := mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "DC0_H0_VM0/stray.txt", File: file}).Created
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: stray})
}

func TestFilesAreCopiedAndMoved(t *testing.T) {
	x := newFilesLab(t, "-dc", "2")
	file, data := x.random("up", 5000)
	other := backend.Ref{}
	for _, o := range list(t, x.b, backend.Query{Kind: backend.KindPool}) {
		if o.Title() == "LocalDS_0" && o.Ref() != x.pool {
			other = o.Ref()
		}
	}
	mustDo(t, x.b, backend.FolderMakeOp{Pool: x.pool, Name: "box/in"})
	x.refused(backend.FolderMakeOp{Pool: x.pool, Name: "box/in"}, backend.ClassConflict)
	mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "box/in/a.txt", File: file})
	mustDo(t, x.b, backend.VolumeCloneOp{Volume: x.volume("box"), Name: "box2"})
	if got := x.byGovc("box2/in/a.txt"); !bytes.Equal(got, data) {
		t.Error("the copy of a folder lacks a file")
	}
	moved := mustDo(t, x.b, backend.VolumeMoveOp{Volume: x.volume("box2"), Name: "box/three"}).Created
	if moved != x.volume("box/three") || x.at("")["box2"] != nil || x.at("box")["three"] == nil {
		t.Errorf("%v", x.at("box"))
	}
	x.refused(backend.VolumeMoveOp{Volume: x.volume("box"), Name: "box/in/box"}, backend.ClassInvalid, "into itself")
	x.refused(backend.VolumeMoveOp{Volume: x.volume("box/in/a.txt"), Name: "box/three"}, backend.ClassConflict, "exists already")
	there := mustDo(t, x.b, backend.VolumeCloneOp{Volume: x.volume("box/in/a.txt"), Pool: other, Name: "b.txt"}).Created
	if there.ID != other.ID+"/b.txt" {
		t.Errorf("%v", there)
	}
	x.v.Govc("datastore.disk.create", "-dc", "DC0", "-ds", "LocalDS_0", "-size", "1M", "box/d.vmdk")
	mustDo(t, x.b, backend.VolumeCloneOp{Volume: x.volume("box/d.vmdk"), Name: "box/e.vmdk"})
	x.refused(backend.VolumeCloneOp{Volume: x.volume("box/d.vmdk"), Name: "box/e"}, backend.ClassInvalid, ".vmdk")
	mustDo(t, x.b, backend.VolumeMoveOp{Volume: x.volume("box/d.vmdk"), Name: "box/f.vmdk"})
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: x.volume("box/e.vmdk")})
	out := x.v.Govc("datastore.ls", "-dc", "DC0", "-ds", "LocalDS_0", "box")
	if !strings.Contains(out, "f-flat.vmdk") || strings.Contains(out, "d-flat") || strings.Contains(out, "e.vmdk") || strings.Contains(out, "e-flat") {
		t.Errorf("govc lists %s", out)
	}
	// Only the name of a disk: no data beside it.
	mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "box/g.vmdk", File: file})
	mustDo(t, x.b, backend.VolumeMoveOp{Volume: x.volume("box/g.vmdk"), Name: "box/h.vmdk"})
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: x.volume("box/h.vmdk")})
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: x.volume("box")})
	if x.at("")["box"] != nil {
		t.Error("the folder stayed")
	}
}

// TestFilesCancelled: nothing half is left on either side.
func TestFilesCancelled(t *testing.T) {
	x := newFilesLab(t, "-task-time", "1s")
	file, _ := x.random("big", 64<<20)
	err := x.cancel(backend.VolumeImportOp{Pool: x.pool, Name: "half", File: file})
	if !strings.Contains(err.Error(), "nothing of it was left") || x.at("")["half"] != nil {
		t.Errorf("%v, %v", err, x.at("")["half"])
	}
	x.v.Govc("datastore.upload", "-ds", "LocalDS_0", file, "big")
	err = x.cancel(backend.VolumeUploadOp{Volume: x.volume("big"), File: file})
	if !strings.Contains(err.Error(), "holds part of what was sent") {
		t.Error(err)
	}
	x.v.Govc("datastore.upload", "-ds", "LocalDS_0", file, "big")
	down := filepath.Join(x.dir, "down")
	_ = x.cancel(backend.VolumeDownloadOp{Volume: x.volume("big"), File: down})
	if left, _ := filepath.Glob(filepath.Join(x.dir, "*down*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(x.dir, ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	_ = x.cancel(backend.VolumeCloneOp{Volume: x.volume("big"), Name: "copy"})
	if x.at("")["copy"] != nil {
		t.Error("half a copy stayed")
	}
}

// cancel cancels an operation at the first sign of progress.
func (x *filesLab) cancel(op backend.Op) error {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), 20*time.Second)
	defer cancel()
	p := backend.Progress{
		Bytes:   func(int64, int64) { cancel() },
		Percent: func(int) { cancel() },
	}
	_, err := x.b.Do(ctx, op, p)
	if backend.ClassOf(err) != backend.ClassCancelled || err == nil {
		x.t.Fatalf("%T: %v (%v)", op, err, backend.ClassOf(err))
	}
	return err
}

// TestFilesOfADatacenterInAFolder: the server wants the whole path of the datacenter, with
// what a name may not hold escaped.
func TestFilesOfADatacenterInAFolder(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1", "-dc", "2")
	v.Govc("folder.create", "/50% north")
	v.Govc("object.mv", "/DC1", "/50%25 north")
	x := &filesLab{t: t, v: v, b: dial(t, vsphere.Options{URL: v.URL()}), dir: t.TempDir()}
	for _, o := range list(t, x.b, backend.Query{Kind: backend.KindPool}) {
		if p := o.(*backend.Pool); p.Name == "LocalDS_0" && p.Extra[0].Value == "DC1" {
			x.pool = p.ID
		}
	}
	x.thereAndBack()
}

func TestFilesOfASingleHost(t *testing.T) {
	s := sim(t, vcsim.Options{ESX: true})
	x := &filesLab{t: t, b: dial(t, vsphere.Options{URL: s.URL()}), dir: t.TempDir()}
	x.pool = list(t, x.b, backend.Query{Kind: backend.KindPool})[0].Ref()
	x.thereAndBack()
}

// thereAndBack sends a file, moves it into a folder, reads it, and deletes all of it.
func (x *filesLab) thereAndBack() {
	x.t.Helper()
	file, data := x.random("up", 3000)
	mustDo(x.t, x.b, backend.FolderMakeOp{Pool: x.pool, Name: "hvdt dir"})
	mustDo(x.t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "hvdt file", File: file})
	mustDo(x.t, x.b, backend.VolumeMoveOp{Volume: x.volume("hvdt file"), Name: "hvdt dir/file"})
	down := filepath.Join(x.dir, "down")
	mustDo(x.t, x.b, backend.VolumeDownloadOp{Volume: x.volume("hvdt dir/file"), File: down, NoChecksum: true})
	if got, err := os.ReadFile(down); err != nil || !bytes.Equal(got, data) {
		x.t.Errorf("%d bytes came back: %v", len(got), err)
	}
	mustDo(x.t, x.b, backend.VolumeDeleteOp{Volume: x.volume("hvdt dir")})
	if x.at("")["hvdt dir"] != nil {
		x.t.Error("the folder stayed")
	}
}
