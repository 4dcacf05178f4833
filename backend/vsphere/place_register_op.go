package vsphere

import (
	"context"
	"path"
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
	made, err := a.task(ctx, startOf(a.c, methods.RegisterVM_Task, req))
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
	pool, file := a.c.splitVolume(op.File)
	if file == "" {
		return nil, a.refuse(backend.ClassInvalid, "no file was named")
	}
	if !op.To.Datastore.IsZero() && op.To.Datastore.ID != pool.ID {
		return nil, a.refuse(backend.ClassInvalid, "the file is in another datastore")
	}
	s, err := a.c.store(ctx, a.doing, pool)
	if err != nil {
		return nil, err
	}
	if err := a.checkRegister(op, file); err != nil {
		return nil, err
	}
	to := op.To
	to.Datastore = pool
	if _, err := a.oneDatacenter(ctx, a.spotsOf(to, nil)); err != nil {
		return nil, err
	}
	in := op.To.Folder
	if in.IsZero() {
		if in, err = a.datacenterOf(ctx, pool.ID); err != nil {
			return nil, err
		}
	}
	folder, err := a.vmFolder(ctx, in)
	if err != nil {
		return nil, err
	}
	req := &types.RegisterVM_Task{This: folder, Name: escape(op.Name), AsTemplate: op.Template, Path: s.path(file)}
	return req, a.registerAt(ctx, op, req)
}

// checkRegister refuses what is no VM's file, and a name that is none.
func (a *action) checkRegister(op backend.VMRegisterOp, file string) error {
	switch ending := strings.ToLower(path.Ext(file)); {
	case ending != ".vmx" && ending != ".vmtx":
		return a.refuse(backend.ClassInvalid, "a VM is registered by its .vmx file, a template by its .vmtx file")
	case op.Name == "":
		return nil
	}
	return a.checkVMName(op.Name)
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

// datacenterOf is the datacenter that an object is in.
func (a *action) datacenterOf(ctx context.Context, moid string) (backend.Ref, error) {
	if err := a.c.learnPlaces(ctx); err != nil {
		return backend.Ref{}, err
	}
	id, _ := a.c.names.above(moid, "Datacenter")
	if id == "" {
		return backend.Ref{}, a.refuse(backend.ClassInvalid, "the datacenter is not known; choose a folder")
	}
	return a.c.ref(backend.KindFolder, id), nil
}
