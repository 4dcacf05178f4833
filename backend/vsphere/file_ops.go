package vsphere

import (
	"context"
	"path"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// Operations on files of datastores. A virtual disk is its descriptor ("web.vmdk"): what
// is done to it by the API is done to the files with its data ("web-flat.vmdk") as well.
// A transfer moves the bytes of the one file that was named.

func fileVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbVolumeUpload, backend.VerbVolumeDownload, backend.VerbVolumeDelete,
		backend.VerbVolumeClone, backend.VerbVolumeMove, backend.VerbFolderMake,
	}
}

func (a *action) fileWork(op backend.Op) work {
	switch op := op.(type) {
	case backend.VolumeUploadOp:
		return bind(op, a.upload)
	case backend.VolumeImportOp:
		return bind(op, a.importFile)
	case backend.VolumeDownloadOp:
		return bind(op, a.download)
	case backend.VolumeCloneOp:
		return bind(op, a.copyFile)
	case backend.VolumeMoveOp:
		return bind(op, a.moveFile)
	case backend.VolumeDeleteOp:
		return bind(op, a.deleteFile)
	case backend.FolderMakeOp:
		return bind(op, a.makeFolder)
	default:
		return nil
	}
}

// makeFolder makes a folder and those above it. Source: MakeDirectory.
func (a *action) makeFolder(ctx context.Context, op backend.FolderMakeOp) (backend.Result, error) {
	if err := a.checkPath(op.Name); err != nil {
		return backend.Result{}, err
	}
	s, err := a.c.store(ctx, a.doing, op.Pool)
	if err != nil {
		return backend.Result{}, err
	}
	all := true
	err = a.call(ctx, func(ctx context.Context) error {
		_, err := methods.MakeDirectory(ctx, a.c.vc, &types.MakeDirectory{
			This: a.fileManager(), Name: s.path(op.Name), Datacenter: s.dc(), CreateParentDirectories: &all,
		})
		return err
	})
	if err != nil {
		return backend.Result{}, err
	}
	return backend.Result{Created: a.c.volumeRef(s.pool, op.Name)}, nil
}

func (a *action) fileManager() moref { return *a.c.vc.ServiceContent.FileManager }
func (a *action) diskManager() moref { return *a.c.vc.ServiceContent.VirtualDiskManager }

// deleteFile deletes a file, a virtual disk, or a folder with all in it, unless a VM uses
// some of it. Sources: DeleteDatastoreFile_Task, DeleteVirtualDisk_Task.
func (a *action) deleteFile(ctx context.Context, op backend.VolumeDeleteOp) (backend.Result, error) {
	f, err := a.file(ctx, op.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	if err := a.unused(ctx, f); err != nil {
		return backend.Result{}, err
	}
	name := f.store.path(f.rel)
	asFile := startOf(a.c, methods.DeleteDatastoreFile_Task, &types.DeleteDatastoreFile_Task{
		This: a.fileManager(), Name: name, Datacenter: f.store.dc(),
	})
	asDisk := startOf(a.c, methods.DeleteVirtualDisk_Task, &types.DeleteVirtualDisk_Task{
		This: a.diskManager(), Name: name, Datacenter: f.store.dc(),
	})
	return backend.Result{}, a.either(ctx, f, asDisk, asFile)
}

// moveFile moves or renames a file, a virtual disk or a folder, unless a VM uses some of
// it. Sources: MoveDatastoreFile_Task, MoveVirtualDisk_Task.
func (a *action) moveFile(ctx context.Context, op backend.VolumeMoveOp) (backend.Result, error) {
	f, err := a.file(ctx, op.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	if err := a.unused(ctx, f); err != nil {
		return backend.Result{}, err
	}
	to, err := a.target(ctx, f, op.Pool, op.Name)
	if err != nil {
		return backend.Result{}, err
	}
	from, into, no := f.store.path(f.rel), to.path(op.Name), false
	asFile := startOf(a.c, methods.MoveDatastoreFile_Task, &types.MoveDatastoreFile_Task{
		This: a.fileManager(), SourceName: from, SourceDatacenter: f.store.dc(),
		DestinationName: into, DestinationDatacenter: to.dc(), Force: &no,
	})
	asDisk := startOf(a.c, methods.MoveVirtualDisk_Task, &types.MoveVirtualDisk_Task{
		This: a.diskManager(), SourceName: from, SourceDatacenter: f.store.dc(),
		DestName: into, DestDatacenter: to.dc(), Force: &no,
	})
	if err := a.either(ctx, f, asDisk, asFile); err != nil {
		return backend.Result{}, err
	}
	return backend.Result{Created: a.c.volumeRef(to.pool, op.Name)}, nil
}

// copyFile copies a file, a virtual disk or a folder. What was copied of it goes again
// when it is cancelled, for which Close waits; when the connection ends before that, the
// server goes on copying, and the outcome is unknown here. Sources: CopyDatastoreFile_Task, CopyVirtualDisk_Task.
func (a *action) copyFile(ctx context.Context, op backend.VolumeCloneOp) (backend.Result, error) {
	f, err := a.file(ctx, op.Volume)
	if err != nil {
		return backend.Result{}, err
	}
	if op.Format != "" || op.Metadata {
		return backend.Result{}, a.refuse(backend.ClassUnsupported, "a file of a datastore is copied as it is")
	}
	to, err := a.target(ctx, f, op.Pool, op.Name)
	if err != nil {
		return backend.Result{}, err
	}
	defer a.c.hold()()
	from, into, no := f.store.path(f.rel), to.path(op.Name), false
	asFile := startOf(a.c, methods.CopyDatastoreFile_Task, &types.CopyDatastoreFile_Task{
		This: a.fileManager(), SourceName: from, SourceDatacenter: f.store.dc(),
		DestinationName: into, DestinationDatacenter: to.dc(), Force: &no,
	})
	asDisk := startOf(a.c, methods.CopyVirtualDisk_Task, &types.CopyVirtualDisk_Task{
		This: a.diskManager(), SourceName: from, SourceDatacenter: f.store.dc(),
		DestName: into, DestDatacenter: to.dc(), Force: &no,
	})
	err = a.either(ctx, f, asDisk, asFile)
	if backend.ClassOf(err) == backend.ClassCancelled {
		disk := !f.facts.dir && isDescriptor(f.rel)
		return backend.Result{}, a.withoutHalf(err, to, op.Name, func(ctx context.Context) error {
			return a.c.dropCopy(ctx, to, op.Name, disk)
		})
	}
	if err != nil {
		return backend.Result{}, err
	}
	return backend.Result{Created: a.c.volumeRef(to.pool, op.Name)}, nil
}

// target checks where a file goes: to the same datastore, or another one.
func (a *action) target(ctx context.Context, f *file, pool backend.Ref, name string) (*store, error) {
	if pool.IsZero() {
		pool = f.store.pool
	}
	if isDescriptor(f.rel) && !f.facts.dir && !isDescriptor(name) {
		e := a.refuse(backend.ClassInvalid, "a virtual disk needs a name that ends in .vmdk")
		e.Remedy = "add .vmdk to the name"
		return nil, e
	}
	if f.facts.dir && pool == f.store.pool && within(name, f.rel) {
		return nil, a.refuse(backend.ClassInvalid, "a folder can't go into itself")
	}
	to, err := a.newFile(ctx, pool, name)
	if err == nil && !f.facts.dir && isDescriptor(f.rel) {
		_, err = a.newFile(ctx, pool, strings.TrimSuffix(name, ".vmdk")+"-flat.vmdk")
	}
	return to, err
}

// within tells whether a path is that folder, or in it.
func within(rel, dir string) bool {
	for ; rel != "" && rel != "."; rel = path.Dir(rel) {
		if rel == dir {
			return true
		}
	}
	return false
}

// either does a virtual disk's descriptor by the virtual disk manager, and all else by the
// file manager. A file that only has the name of a disk, or whose data is missing, is
// done as a file after all.
func (a *action) either(ctx context.Context, f *file, asDisk, asFile func(context.Context) (moref, error)) error {
	if f.facts.dir || !isDescriptor(f.rel) {
		_, err := a.task(ctx, asFile)
		return err
	}
	_, err := a.task(ctx, asDisk)
	if err == nil || !noDisk(err) {
		return err
	}
	still, look := a.c.stat(ctx, a.doing, f.store, f.rel)
	if look != nil || still == nil {
		return err
	}
	_, err = a.task(ctx, asFile)
	return err
}

// noDisk tells whether the server found no whole virtual disk behind a name.
func noDisk(err error) bool {
	switch faultOf(err).(type) {
	case *types.FileNotFound, *types.InvalidDiskFormat, *types.FileFault, *types.CannotAccessFile, *types.NotSupported:
		return true
	default:
		return false
	}
}
