package vcsim

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// filer does what FileManager and VirtualDiskManager do, with tasks that take their time,
// tell their progress and can be cancelled. Faults are those of the API reference:
// FileNotFound, FileAlreadyExists, InvalidDatastorePath, InvalidDatastore. It stands in
// for a manager for a single call.
type filer struct {
	Self types.ManagedObjectReference
	srv  *Server
}

// Reference implements mo.Reference.
func (f *filer) Reference() types.ManagedObjectReference { return f.Self }

func (s *Server) fileReceiver(call *simulator.Method) mo.Reference {
	switch call.Name {
	case "MakeDirectory", "CopyDatastoreFile_Task", "MoveDatastoreFile_Task", "DeleteDatastoreFile_Task",
		"CopyVirtualDisk_Task", "MoveVirtualDisk_Task", "DeleteVirtualDisk_Task":
		return &filer{Self: call.This, srv: s}
	default:
		return s.browserReceiver(call)
	}
}

// spot is a path in a datastore, and where the simulator keeps it.
type spot struct{ name, file string }

// find is a datastore path of a datacenter.
func (f *filer) find(ctx *simulator.Context, dc *types.ManagedObjectReference, name string) (spot, types.BaseMethodFault) {
	store, rel, ok := strings.Cut(strings.TrimPrefix(name, "["), "]")
	rel = strings.TrimSpace(rel)
	if !ok || !strings.HasPrefix(name, "[") || rel != "" && !filepath.IsLocal(rel) {
		return spot{}, &types.InvalidDatastorePath{InvalidDatastore: types.InvalidDatastore{Name: name}, DatastorePath: name}
	}
	for _, e := range ctx.Map.All("Datastore") {
		ds := e.(*simulator.Datastore)
		if ds.Name == store && (dc == nil || f.in(ctx, ds.Parent, *dc)) {
			return spot{name: name, file: path.Join(ds.Summary.Url, rel)}, nil
		}
	}
	return spot{}, &types.InvalidDatastore{Name: store}
}

// in tells whether a place is in a datacenter.
func (f *filer) in(ctx *simulator.Context, up *types.ManagedObjectReference, dc types.ManagedObjectReference) bool {
	for up != nil && *up != dc {
		e, ok := ctx.Map.Get(*up).(mo.Entity)
		if !ok {
			return false
		}
		up = e.Entity().Parent
	}
	return up != nil
}

// fileFault is the API's fault for an error of the file system.
func fileFault(name string, err error) types.BaseMethodFault {
	where := types.FileFault{File: name}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return &types.FileNotFound{FileFault: where}
	case errors.Is(err, fs.ErrExist):
		return &types.FileAlreadyExists{FileFault: where}
	default:
		return &types.CannotAccessFile{FileFault: where}
	}
}

// MakeDirectory makes a folder, with those above it where that is asked for. One that
// exists is a FileAlreadyExists in both cases.
func (f *filer) MakeDirectory(ctx *simulator.Context, req *types.MakeDirectory) soap.HasFault {
	body := &methods.MakeDirectoryBody{}
	at, fault := f.find(ctx, req.Datacenter, req.Name)
	if fault == nil {
		if req.CreateParentDirectories != nil && *req.CreateParentDirectories {
			fault = fileFault(at.name, os.MkdirAll(path.Dir(at.file), 0o700))
		}
		if fault == nil {
			fault = fileFault(at.name, os.Mkdir(at.file, 0o700))
		}
	}
	if fault != nil {
		body.Fault_ = simulator.Fault("", fault)
		return body
	}
	body.Res = &types.MakeDirectoryResponse{}
	return body
}

// errand is a file task: what it does when its time has passed, and what it takes back
// when it is cancelled before.
type errand struct {
	id string
	// begin checks, and may make what is seen half-made.
	begin  func() types.BaseMethodFault
	finish func() types.BaseMethodFault
	undo   func()
}

// run starts the task of an errand. Its time passes before the end of it, so that what a
// cancel leaves can be taken back.
func (f *filer) run(ctx *simulator.Context, e errand) types.ManagedObjectReference {
	return f.srv.run(ctx, ctx.Map.Get(f.Self), "", job{
		id: e.id,
		before: func(bg *simulator.Context, t *simulator.Task, stop <-chan struct{}) types.BaseMethodFault {
			if fault := e.begin(); fault != nil {
				return fault
			}
			if !f.srv.pass(bg, t, f.srv.opts.TaskTime, stop) && e.undo != nil {
				e.undo()
			}
			return nil
		},
		finish: func(*simulator.Context) (types.AnyType, types.BaseMethodFault) { return nil, e.finish() },
	})
}

// pair is where something comes from and where it goes.
type pair struct{ from, to spot }

// pairs are the files of one name: a virtual disk has one with its data, besides.
func pairs(from, to spot, disk bool) []pair {
	all := []pair{{from, to}}
	if disk {
		all = append([]pair{{dataOf(from), dataOf(to)}}, all...)
	}
	return all
}

// dataOf is the file with the data of a virtual disk.
func dataOf(s spot) spot {
	return spot{name: flat(s.name), file: flat(s.file)}
}

func flat(name string) string { return strings.TrimSuffix(name, ".vmdk") + "-flat.vmdk" }

// free checks that all of it exists, and nothing where it goes.
func free(all []pair, force bool) types.BaseMethodFault {
	for _, p := range all {
		if _, err := os.Lstat(p.from.file); err != nil {
			return fileFault(p.from.name, err)
		}
		if _, err := os.Lstat(path.Dir(p.to.file)); err != nil {
			return fileFault(p.to.name, err)
		}
		if _, err := os.Lstat(p.to.file); err == nil && !force {
			return fileFault(p.to.name, fs.ErrExist)
		}
	}
	return nil
}

// move is the errand of MoveDatastoreFile_Task and MoveVirtualDisk_Task.
func (f *filer) move(id string, all []pair, force bool) errand {
	return errand{
		id: id, begin: func() types.BaseMethodFault { return free(all, force) },
		finish: func() types.BaseMethodFault {
			for _, p := range all {
				if err := os.Rename(p.from.file, p.to.file); err != nil {
					return fileFault(p.from.name, err)
				}
			}
			return nil
		},
	}
}

// copy is the errand of CopyDatastoreFile_Task and CopyVirtualDisk_Task. The copy is
// seen, empty, while it is being made.
func (f *filer) copy(id string, all []pair, force bool) errand {
	drop := func() {
		for _, p := range all {
			_ = os.RemoveAll(p.to.file)
		}
	}
	return errand{
		id: id, undo: drop,
		begin: func() types.BaseMethodFault {
			if fault := free(all, force); fault != nil {
				return fault
			}
			for _, p := range all {
				if info, err := os.Stat(p.from.file); err == nil && info.Mode().IsRegular() {
					if err := os.WriteFile(p.to.file, nil, 0o600); err != nil {
						return fileFault(p.to.name, err)
					}
				}
			}
			return nil
		},
		finish: func() types.BaseMethodFault {
			for _, p := range all {
				if err := copyTree(p.from.file, p.to.file); err != nil {
					drop()
					return fileFault(p.to.name, err)
				}
			}
			return nil
		},
	}
}

// copyTree copies a file or a folder with all in it.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if e.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		return copyOne(name, target)
	})
}

// copyOne copies a file, holes as holes where the file system knows them.
func copyOne(from, to string) error {
	r, err := os.Open(from) //nolint:gosec // below the simulator's own directory
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	w, err := os.Create(to) //nolint:gosec // as above
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		_ = w.Close()
		return err
	}
	return w.Close()
}

// remove is the errand of DeleteDatastoreFile_Task and DeleteVirtualDisk_Task.
func (f *filer) remove(id string, all []spot) errand {
	return errand{
		id: id,
		begin: func() types.BaseMethodFault {
			for _, s := range all {
				if _, err := os.Lstat(s.file); err != nil {
					return fileFault(s.name, err)
				}
			}
			return nil
		},
		finish: func() types.BaseMethodFault {
			for _, s := range all {
				if err := os.RemoveAll(s.file); err != nil {
					return fileFault(s.name, err)
				}
			}
			return nil
		},
	}
}

// fails is an errand that ends with a fault found before it began.
func fails(id string, fault types.BaseMethodFault) errand {
	return errand{id: id, begin: func() types.BaseMethodFault { return fault }}
}
