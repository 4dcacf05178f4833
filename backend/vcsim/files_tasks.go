package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// way is a request's source and destination.
type way struct {
	from, to     string
	fromDC, toDC *types.ManagedObjectReference
	force        *bool
	disk         bool
}

// plan makes an errand of a way.
func (f *filer) plan(ctx *simulator.Context, id string, w way, make func(string, []pair, bool) errand) types.ManagedObjectReference {
	if w.toDC == nil {
		w.toDC = w.fromDC
	}
	from, fault := f.find(ctx, w.fromDC, w.from)
	if fault != nil {
		return f.run(ctx, fails(id, fault))
	}
	to, fault := f.find(ctx, w.toDC, w.to)
	if fault != nil {
		return f.run(ctx, fails(id, fault))
	}
	return f.run(ctx, make(id, pairs(from, to, w.disk), w.force != nil && *w.force))
}

// CopyDatastoreFileTask copies a file or folder.
func (f *filer) CopyDatastoreFileTask(ctx *simulator.Context, r *types.CopyDatastoreFile_Task) soap.HasFault {
	w := way{from: r.SourceName, fromDC: r.SourceDatacenter, to: r.DestinationName, toDC: r.DestinationDatacenter, force: r.Force}
	return &methods.CopyDatastoreFile_TaskBody{Res: &types.CopyDatastoreFile_TaskResponse{
		Returnval: f.plan(ctx, "copyDatastoreFile", w, f.copy),
	}}
}

// MoveDatastoreFileTask moves a file or folder.
func (f *filer) MoveDatastoreFileTask(ctx *simulator.Context, r *types.MoveDatastoreFile_Task) soap.HasFault {
	w := way{from: r.SourceName, fromDC: r.SourceDatacenter, to: r.DestinationName, toDC: r.DestinationDatacenter, force: r.Force}
	return &methods.MoveDatastoreFile_TaskBody{Res: &types.MoveDatastoreFile_TaskResponse{
		Returnval: f.plan(ctx, "moveDatastoreFile", w, f.move),
	}}
}

// CopyVirtualDiskTask copies a disk's descriptor and data.
func (f *filer) CopyVirtualDiskTask(ctx *simulator.Context, r *types.CopyVirtualDisk_Task) soap.HasFault {
	w := way{from: r.SourceName, fromDC: r.SourceDatacenter, to: r.DestName, toDC: r.DestDatacenter, force: r.Force, disk: true}
	return &methods.CopyVirtualDisk_TaskBody{Res: &types.CopyVirtualDisk_TaskResponse{
		Returnval: f.plan(ctx, "copyVirtualDisk", w, f.copy),
	}}
}

// MoveVirtualDiskTask moves a disk's descriptor and data.
func (f *filer) MoveVirtualDiskTask(ctx *simulator.Context, r *types.MoveVirtualDisk_Task) soap.HasFault {
	w := way{from: r.SourceName, fromDC: r.SourceDatacenter, to: r.DestName, toDC: r.DestDatacenter, force: r.Force, disk: true}
	return &methods.MoveVirtualDisk_TaskBody{Res: &types.MoveVirtualDisk_TaskResponse{
		Returnval: f.plan(ctx, "moveVirtualDisk", w, f.move),
	}}
}

// DeleteDatastoreFileTask deletes a file, or a folder with all in it.
func (f *filer) DeleteDatastoreFileTask(ctx *simulator.Context, r *types.DeleteDatastoreFile_Task) soap.HasFault {
	return &methods.DeleteDatastoreFile_TaskBody{Res: &types.DeleteDatastoreFile_TaskResponse{
		Returnval: f.drop(ctx, "deleteDatastoreFile", r.Datacenter, r.Name, false),
	}}
}

// DeleteVirtualDiskTask deletes a disk's descriptor and data.
func (f *filer) DeleteVirtualDiskTask(ctx *simulator.Context, r *types.DeleteVirtualDisk_Task) soap.HasFault {
	return &methods.DeleteVirtualDisk_TaskBody{Res: &types.DeleteVirtualDisk_TaskResponse{
		Returnval: f.drop(ctx, "deleteVirtualDisk", r.Datacenter, r.Name, true),
	}}
}

func (f *filer) drop(ctx *simulator.Context, id string, dc *types.ManagedObjectReference, name string, disk bool) types.ManagedObjectReference {
	at, fault := f.find(ctx, dc, name)
	if fault != nil {
		return f.run(ctx, fails(id, fault))
	}
	all := []spot{at}
	if disk {
		all = append(all, dataOf(at))
	}
	return f.run(ctx, f.remove(id, all))
}
