package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// searcher looks a datastore path up in the datacenter that was named, as the API says;
// the simulator takes the first one of any. It stands in for SearchIndex for one call.
type searcher struct{ Self types.ManagedObjectReference }

// Reference implements mo.Reference.
func (i *searcher) Reference() types.ManagedObjectReference { return i.Self }

func (s *Server) searchReceiver(call *simulator.Method) mo.Reference {
	if call.Name != "FindByDatastorePath" {
		return nil
	}
	return &searcher{Self: call.This}
}

// FindByDatastorePath gives the VM whose .vmx file is at the path; nothing for none.
func (i *searcher) FindByDatastorePath(ctx *simulator.Context, req *types.FindByDatastorePath) soap.HasFault {
	body := &methods.FindByDatastorePathBody{Res: &types.FindByDatastorePathResponse{}}
	for _, e := range ctx.Map.All("VirtualMachine") {
		vm := e.(*simulator.VirtualMachine)
		dc := datacenterOf(ctx.Map, vm.Parent)
		if vm.Config.Files.VmPathName == req.Path && dc != nil && dc.Datacenter == req.Datacenter {
			ref := vm.Self
			body.Res.Returnval = &ref
			break
		}
	}
	return body
}
