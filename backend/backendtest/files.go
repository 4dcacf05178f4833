package backendtest

import (
	"bytes"
	"path"
	"strings"

	"hvdeck/backend"
)

func fileCases() []testCase {
	move, folder := []backend.Op{backend.VolumeMoveOp{}}, []backend.Op{backend.FolderMakeOp{}}
	return []testCase{
		{name: "file/move", ops: move, run: fileMove},
		{name: "file/move-refused", ops: move, run: fileMoveRefused},
		{name: "file/folder", ops: folder, run: folderMake},
		{name: "file/used", ops: move, run: fileUsed},
	}
}

// fileMove moves a file into a folder and back, under another name, and the folder.
func fileMove(r *run) {
	r.needs(backend.VerbVolumeMove)
	p := r.pool()
	file := r.file(oddSize)
	want := r.bytesOf(file)
	v := r.do(backend.VolumeImportOp{Pool: p, Name: prefix + "v", File: file}).Created
	dir := r.do(backend.FolderMakeOp{Pool: p, Name: prefix + "dir"}).Created
	moved := r.do(backend.VolumeMoveOp{Volume: v, Name: prefix + "dir/in"}).Created
	r.absent(backend.KindVolume, p, prefix+"v")
	if got := r.inFolder(dir, moved); got.Name != "in" || got.Parent != p || got.Capacity != oddSize {
		r.errorf("the file that was moved is %+v", got)
	}
	r.do(backend.VolumeMoveOp{Volume: dir, Name: prefix + "other"})
	r.absent(backend.KindVolume, p, prefix+"dir")
	other := byRef[*backend.Volume](r, backend.Ref{Conn: p.Conn, Kind: backend.KindVolume, ID: p.ID + "/" + prefix + "other"}, p)
	inside := r.seen(backend.KindVolume, other.ID)
	if len(inside) != 1 || !bytes.Equal(r.download(inside[0].Ref()), want) {
		r.errorf("the folder that was moved holds %d files", len(inside))
	}
}

// inFolder reads a file of a folder.
func (r *run) inFolder(dir, ref backend.Ref) *backend.Volume {
	return byRef[*backend.Volume](r, ref, dir)
}

func fileMoveRefused(r *run) {
	r.needs(backend.VerbVolumeMove)
	p := r.pool()
	v := r.rawVolume(p, "v", mib)
	r.rawVolume(p, "taken", 4096)
	r.refused(backend.VolumeMoveOp{Volume: v.ID, Name: prefix + "taken"}, backend.ClassConflict)
	r.refused(backend.VolumeMoveOp{Volume: v.ID, Name: prefix + "none/v"}, backend.ClassNotFound)
	for _, name := range r.badVolumeNames() {
		r.refused(backend.VolumeMoveOp{Volume: v.ID, Name: name}, backend.ClassInvalid)
	}
	if got := byRef[*backend.Volume](r, v.ID, p); got.Capacity != mib {
		r.errorf("after refused moves the file is %+v", got)
	}
}

// folderMake makes a folder with those above it, and deletes it with what is in it.
func folderMake(r *run) {
	r.needs(backend.VerbFolderMake)
	p := r.pool()
	op := backend.FolderMakeOp{Pool: p, Name: prefix + "a/b"}
	made := r.do(op).Created
	top := byRef[*backend.Volume](r, backend.Ref{Conn: p.Conn, Kind: backend.KindVolume, ID: p.ID + "/" + prefix + "a"}, p)
	if got := r.inFolder(top.ID, made); got.Type != "dir" || got.Name != "b" || top.Type != "dir" {
		r.errorf("the folders are %+v and %+v", top, got)
	}
	r.refused(op, backend.ClassConflict)
	for _, name := range r.badVolumeNames() {
		r.refused(backend.FolderMakeOp{Pool: p, Name: name}, backend.ClassInvalid)
	}
	r.do(backend.VolumeImportOp{Pool: p, Name: prefix + "a/b/file", File: r.file(4096)})
	r.do(backend.VolumeDeleteOp{Volume: top.ID})
	r.absent(backend.KindVolume, p, top.Name)
}

// fileUsed: the files of a VM are not moved, overwritten or deleted.
func fileUsed(r *run) {
	r.needs(backend.VerbVolumeMove)
	vm := r.vm(r.Off)
	name, rel, ok := strings.Cut(strings.TrimPrefix(vm.Path, "["), "] ")
	if !ok {
		r.fatalf("the VM says that it is at %q", vm.Path)
	}
	pool := r.named(backend.KindPool, backend.Ref{}, name)
	if pool == nil {
		r.fatalf("there is no pool %q", name)
	}
	file := func(rel string) backend.Ref {
		return backend.Ref{Conn: vm.ID.Conn, Kind: backend.KindVolume, ID: pool.Ref().ID + "/" + rel}
	}
	dir := file(path.Dir(rel))
	if got := r.inFolder(dir, file(rel)); len(got.UsedBy) != 1 || got.UsedBy[0] != vm.Name || !got.UsedKnown {
		r.errorf("the VM's file is %+v", got)
	}
	r.refused(backend.VolumeUploadOp{Volume: file(rel), File: r.file(4096)}, backend.ClassConflict)
	for _, ref := range []backend.Ref{file(rel), dir} {
		r.refused(backend.VolumeMoveOp{Volume: ref, Name: prefix + "moved"}, backend.ClassConflict)
		r.refused(backend.VolumeDeleteOp{Volume: ref}, backend.ClassConflict)
	}
	r.inFolder(dir, file(rel))
}
