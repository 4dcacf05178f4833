package vsphere

import (
	"context"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// register makes a VM of a .vmx file in a datastore. Source: RegisterVM_Task.
func (a *action) register(ctx context.Context, op backend.VMRegisterOp) (backend.Result, error) {
	req, err := a.registerRequest(ctx, op)
	if err != nil {
		return backend.Result{}, err
	}
	made, err := a.task(ctx, func(ctx context.Context) (moref, error) {
		res, err := methods.RegisterVM_Task(ctx, a.c.vc, req)
		if err != nil {
			return moref{}, err
		}
		return res.Returnval, nil
	})
	return a.madeVM(made), err
}

// madeVM is the result of a task that makes a VM.
func (a *action) madeVM(made types.AnyType) backend.Result {
	if moid := moidOf(made); moid != "" {
		return backend.Result{Created: a.c.ref(backend.KindVM, moid)}
	}
	return backend.Result{}
}

func (a *action) registerRequest(ctx context.Context, op backend.VMRegisterOp) (*types.RegisterVM_Task, error) {
	store, file, ok := strings.Cut(op.File.ID, "/")
	ending := ".vmx"
	if op.Template {
		ending = ".vmtx"
	}
	if !ok || file == "" {
		return nil, a.refuse(backend.ClassInvalid, "no file was named")
	}
	if op.To.Datastore != (backend.Ref{}) && op.To.Datastore.ID != store {
		return nil, a.refuse(backend.ClassInvalid, "the file is in another datastore")
	}
	if lower := strings.ToLower(file); !strings.HasSuffix(lower, ".vmx") && !strings.HasSuffix(lower, ending) {
		return nil, a.refuse(backend.ClassInvalid, "it is no %s file", ending)
	}
	if op.Name != "" {
		if err := a.checkVMName(op.Name); err != nil {
			return nil, err
		}
	}
	got, err := a.c.retrieveOne(ctx, a.doing, moref{Type: "Datastore", Value: store}, "name")
	if err != nil {
		return nil, err
	}
	folder := a.folder(op.To.Folder)
	if op.To.Folder.IsZero() {
		if folder, err = a.vmFolderOf(ctx, store); err != nil {
			return nil, err
		}
	}
	req := &types.RegisterVM_Task{
		This: folder, Name: escape(op.Name), AsTemplate: op.Template,
		Path: "[" + unescape(as[string](got["name"])) + "] " + file,
	}
	return req, a.registerAt(ctx, op, req)
}

// registerAt fills in where the VM goes: a template is on a host and in no pool, any
// other VM is in a pool.
func (a *action) registerAt(ctx context.Context, op backend.VMRegisterOp, req *types.RegisterVM_Task) error {
	to := op.To
	if to.ResourcePool.IsZero() && to.Cluster.IsZero() && to.Host.IsZero() && !a.c.vc.IsVC() {
		host, err := a.onlyHost(ctx)
		if err != nil {
			return err
		}
		to.Host = host
	}
	if op.Template && to.Host.IsZero() {
		return a.refuse(backend.ClassInvalid, "a template needs a host; none was chosen")
	}
	s, err := a.seatOf(ctx, to, moref{})
	if err != nil {
		return err
	}
	req.Host, req.Pool = s.host, s.pool
	if op.Template {
		req.Pool = nil
	} else if s.pool == nil {
		return a.refuse(backend.ClassInvalid, "a VM needs a host, a cluster or a resource pool; none was chosen")
	}
	return nil
}

// vmFolderOf is the folder of all VMs in the datacenter of a datastore.
func (a *action) vmFolderOf(ctx context.Context, store string) (moref, error) {
	if err := a.c.learnPlaces(ctx); err != nil {
		return moref{}, err
	}
	id, _ := a.c.names.above(store, "Datacenter")
	if id == "" {
		return moref{}, a.refuse(backend.ClassInvalid, "the datacenter of the datastore is not known; choose a folder")
	}
	got, err := a.c.retrieveOne(ctx, a.doing, moref{Type: "Datacenter", Value: id}, "vmFolder")
	return as[moref](got["vmFolder"]), err
}

// onlyHost is the host of a connection to a single one.
func (a *action) onlyHost(ctx context.Context) (backend.Ref, error) {
	var host backend.Ref
	err := a.c.List(ctx, backend.Query{Kind: backend.KindHost}, func(page []backend.Object) {
		for _, o := range page {
			host = o.Ref()
		}
	})
	return host, err
}
