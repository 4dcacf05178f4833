package vsphere

import (
	"context"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// spot is something that a VM is to be in, or stays in.
type spot struct {
	what string // in words: "cluster"
	ref  moref
}

// spotsOf are what a placement names, and of what it leaves out what the VM has: now has
// its resourcePool, runtime.host and datastore; nil for a VM that is not there yet.
func (a *action) spotsOf(to backend.Placement, now props) []spot {
	var all []spot
	add := func(what string, r backend.Ref) {
		if !r.IsZero() {
			all = append(all, spot{what, a.c.moref(r)})
		}
	}
	add("cluster", to.Cluster)
	add("host", to.Host)
	add("resource pool", to.ResourcePool)
	if host := as[moref](now["runtime.host"]); len(all) == 0 && host.Value != "" {
		all = append(all, spot{"VM's host", host})
	}
	if own := as[types.ArrayOfManagedObjectReference](now["datastore"]).ManagedObjectReference; to.Datastore.IsZero() && len(own) > 0 {
		all = append(all, spot{"VM's datastore", own[0]})
	}
	add("datastore", to.Datastore)
	add("folder", to.Folder)
	return all
}

// oneDatacenter refuses what is not in one datacenter, and names that; "" where it is
// not known. A server may take such a request, and fail when all data are copied.
func (a *action) oneDatacenter(ctx context.Context, all []spot) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	if err := a.c.learnPlaces(ctx); err != nil {
		return "", err
	}
	var first spot
	dc := ""
	for _, s := range all {
		id, _ := a.c.names.above(s.ref.Value, "Datacenter")
		switch {
		case id == "":
		case dc == "":
			first, dc = s, id
		case id != dc:
			n := a.c.names
			return "", a.refuse(backend.ClassConflict, "the %s %s is in the datacenter %s, the %s %s in %s; choose them in one datacenter",
				first.what, n.name(first.ref.Value), n.name(dc), s.what, n.name(s.ref.Value), n.name(id))
		}
	}
	return dc, nil
}

// otherFolder is the top folder of VMs of a datacenter, for a VM that comes there from
// another and was given no folder; nil when it stays in its own.
func (a *action) otherFolder(ctx context.Context, dc string, own moref) (*moref, error) {
	if dc == "" {
		return nil, nil
	}
	if id, _ := a.c.names.above(own.Value, "Datacenter"); id == "" || id == dc {
		return nil, nil
	}
	top, err := a.vmFolder(ctx, a.c.ref(backend.KindFolder, dc))
	if err != nil {
		return nil, err
	}
	return &top, nil
}

// checkBases refuses a linked clone where its place does not reach the disks that it
// stands on. What it writes itself may lie in any datastore. Source:
// VirtualMachineRelocateDiskMoveOptions.createNewChildDiskBacking.
func (a *action) checkBases(ctx context.Context, s seat, now props) error {
	at, err := a.reachedFrom(ctx, s, now)
	if err != nil || at.ref.Value == "" {
		return err
	}
	got, err := a.c.retrieveOne(ctx, a.doing, at.ref, "datastore")
	if err != nil {
		return err
	}
	reached := as[types.ArrayOfManagedObjectReference](got["datastore"]).ManagedObjectReference
	for _, base := range a.bases(now) {
		if !slices.Contains(reached, base) {
			n := a.c.names
			return a.refuse(backend.ClassConflict,
				"a linked clone reads the disks of the original, which are in the datastore %s; the %s %s does not reach it; choose one that does, or a full clone",
				n.name(base.Value), at.what, n.name(at.ref.Value))
		}
	}
	return nil
}

// reachedFrom is the host or the cluster that has to reach the disks of a clone.
func (a *action) reachedFrom(ctx context.Context, s seat, now props) (spot, error) {
	if s.host != nil {
		return spot{"host", *s.host}, nil
	}
	if s.pool == nil {
		return spot{"host", as[moref](now["runtime.host"])}, nil
	}
	got, err := a.c.retrieveOne(ctx, a.doing, *s.pool, "owner")
	return spot{"cluster", as[moref](got["owner"])}, err
}

// bases are the datastores of the VM's disks.
func (a *action) bases(now props) []moref {
	own := as[types.ArrayOfManagedObjectReference](now["datastore"]).ManagedObjectReference
	var all []moref
	for _, dev := range as[types.ArrayOfVirtualDevice](now["config.hardware.device"]).VirtualDevice {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		file, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo)
		if !ok {
			continue
		}
		for _, ds := range own {
			if strings.HasPrefix(file.GetVirtualDeviceFileBackingInfo().FileName, "["+a.c.names.name(ds.Value)+"] ") {
				all = append(all, ds)
			}
		}
	}
	return all
}
