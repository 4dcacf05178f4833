package vcsim_test

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/vcsim"
)

// TestClonesAcrossDatacentersAreFaults: a folder that is not with the host, and disks
// that the host does not reach; the original can be used all the while.
func TestClonesAcrossDatacentersAreFaults(t *testing.T) {
	_, c := start(t, vcsim.Options{Demo: true, TaskTime: 20 * time.Millisecond})
	ctx := t.Context()
	vm := vmNamed(t, c, "/fra1/vm/Build/build-7")
	finder := find.NewFinder(c.Client)
	pool, err := finder.ResourcePool(ctx, "/dub2/host/dub2-prod/Resources")
	if err != nil {
		t.Fatal(err)
	}
	ds, err := finder.Datastore(ctx, "/dub2/datastore/dub2-archive")
	if err != nil {
		t.Fatal(err)
	}
	task, err := vm.CreateSnapshot(ctx, "base", "", false, false)
	wait(t, task, err)
	base, err := vm.FindSnapshot(ctx, "base")
	if err != nil {
		t.Fatal(err)
	}
	poolRef, dsRef := pool.Reference(), ds.Reference()
	spec := types.VirtualMachineCloneSpec{Snapshot: base, Location: types.VirtualMachineRelocateSpec{
		Pool: &poolRef, Datastore: &dsRef, DiskMoveType: string(types.VirtualMachineRelocateDiskMoveOptionsCreateNewChildDiskBacking),
	}}
	clone := func(folder string) (*object.Task, error) {
		f, err := finder.Folder(ctx, folder)
		if err != nil {
			t.Fatal(err)
		}
		return vm.Clone(ctx, f, "far", spec)
	}
	task, err = clone("/fra1/vm/Build")
	failsWith(t, task, err, &types.InvalidArgument{})
	task, err = clone("/dub2/vm/Build")
	failsWith(t, task, err, &types.InaccessibleDatastore{})
	astray := spec.Location
	build, err := finder.Folder(ctx, "/fra1/vm/Build")
	if err != nil {
		t.Fatal(err)
	}
	there := build.Reference()
	astray.Folder, astray.DiskMoveType = &there, ""
	task, err = vm.Relocate(ctx, astray, types.VirtualMachineMovePriorityDefaultPriority)
	failsWith(t, task, err, &types.InvalidArgument{})
	task, err = vm.CreateSnapshot(ctx, "after", "", false, false)
	wait(t, task, err)
}
