package vcsim

import (
	"slices"
	"sync"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// frozen are the datastores whose storage does not answer. The zero value is ready.
type frozen struct {
	mu    sync.Mutex
	names []string
}

// FreezeDatastore makes the storage of the datastores of this name answer no more, as that
// of an NFS server that hangs: a search stays running until it is cancelled.
func (s *Server) FreezeDatastore(name string) {
	s.frozen.mu.Lock()
	defer s.frozen.mu.Unlock()
	s.frozen.names = append(s.frozen.names, name)
}

func (z *frozen) has(name string) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	return slices.Contains(z.names, name)
}

func (z *frozen) any() bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	return len(z.names) > 0
}

// hangingBrowser stands in for a datastore browser while some datastore is frozen.
type hangingBrowser struct {
	Self types.ManagedObjectReference
	srv  *Server
	own  *simulator.HostDatastoreBrowser
}

// Reference implements mo.Reference.
func (b *hangingBrowser) Reference() types.ManagedObjectReference { return b.Self }

func (s *Server) browserReceiver(call *simulator.Method) mo.Reference {
	if call.Name != "SearchDatastore_Task" || !s.frozen.any() {
		return nil
	}
	if own, ok := s.model.Map().Get(call.This).(*simulator.HostDatastoreBrowser); ok {
		return &hangingBrowser{Self: call.This, srv: s, own: own}
	}
	return nil
}

// SearchDatastoreTask searches, or hangs.
func (b *hangingBrowser) SearchDatastoreTask(ctx *simulator.Context, req *types.SearchDatastore_Task) soap.HasFault {
	var p object.DatastorePath
	if !p.FromString(req.DatastorePath) || !b.srv.frozen.has(p.Datastore) {
		return b.own.SearchDatastoreTask(ctx, req)
	}
	task := b.srv.run(ctx, b.own, "", job{
		id: "searchDatastore",
		before: func(_ *simulator.Context, _ *simulator.Task, stop <-chan struct{}) types.BaseMethodFault {
			select {
			case <-stop:
			case <-b.srv.ctx.Done():
			}
			return nil
		},
		finish: func(*simulator.Context) (types.AnyType, types.BaseMethodFault) {
			return nil, &types.CannotAccessFile{FileFault: types.FileFault{File: req.DatastorePath}}
		},
	})
	return &methods.SearchDatastore_TaskBody{Res: &types.SearchDatastore_TaskResponse{Returnval: task}}
}
