package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// seat is a placement as the API takes it; nil is left to the server.
type seat struct{ pool, host, datastore *moref }

// seatOf resolves a placement. now is the pool that the VM is in, which stays unless
// the place belongs to another host or cluster; zero for a VM that is in none.
func (a *action) seatOf(ctx context.Context, to backend.Placement, now moref) (seat, error) {
	var s seat
	if !to.Host.IsZero() {
		s.host = a.reference(to.Host)
	}
	if !to.Datastore.IsZero() {
		s.datastore = a.reference(to.Datastore)
	}
	if !to.ResourcePool.IsZero() {
		s.pool = a.reference(to.ResourcePool)
		return s, nil
	}
	if to.Host.IsZero() && to.Cluster.IsZero() {
		return s, nil
	}
	owner, err := a.computeOf(ctx, to)
	if err != nil {
		return s, err
	}
	if now.Value != "" {
		got, err := a.c.retrieveOne(ctx, a.doing, now, "owner")
		if err != nil {
			return s, err
		}
		if as[moref](got["owner"]) == owner {
			return s, nil
		}
	}
	got, err := a.c.retrieveOne(ctx, a.doing, owner, "resourcePool")
	if err != nil {
		return s, err
	}
	if root := as[moref](got["resourcePool"]); root.Value != "" {
		s.pool = &root
	}
	return s, nil
}

func (a *action) reference(r backend.Ref) *moref {
	ref := a.c.moref(r)
	return &ref
}

// computeOf is the cluster, or the compute resource of a single host, of a placement.
func (a *action) computeOf(ctx context.Context, to backend.Placement) (moref, error) {
	if to.Host.IsZero() {
		return a.c.moref(to.Cluster), nil
	}
	got, err := a.c.retrieveOne(ctx, a.doing, a.c.moref(to.Host), "parent")
	if err != nil {
		return moref{}, err
	}
	up := as[moref](got["parent"])
	if !to.Cluster.IsZero() && up.Value != to.Cluster.ID {
		return up, a.refuse(backend.ClassInvalid, "the host %s is not in the cluster %s",
			a.c.names.name(to.Host.ID), a.c.names.name(to.Cluster.ID))
	}
	return up, nil
}

// locators say how the copies of a VM's disks are provisioned; none where they stay as
// they are. Disks that are devices of a storage have no copy.
func (a *action) locators(how string, devices []types.BaseVirtualDevice, to *moref) ([]types.VirtualMachineRelocateSpecDiskLocator, error) {
	var thin, eager bool
	switch how {
	case "":
		return nil, nil
	case "thin":
		thin = true
	case "thick":
	case "eager":
		eager = true
	default:
		return nil, a.refuse(backend.ClassInvalid, "disks can't be provisioned as %q; thin, thick and eager are known", how)
	}
	var all []types.VirtualMachineRelocateSpecDiskLocator
	for _, dev := range devices {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		at, mode := to, ""
		switch b := disk.Backing.(type) {
		case *types.VirtualDiskFlatVer2BackingInfo:
			mode = b.DiskMode
			if at == nil {
				at = b.Datastore
			}
		case *types.VirtualDiskSeSparseBackingInfo:
			mode = b.DiskMode
			if at == nil {
				at = b.Datastore
			}
		}
		if mode == "" || at == nil {
			continue
		}
		backing := &types.VirtualDiskFlatVer2BackingInfo{DiskMode: mode, ThinProvisioned: &thin}
		if !thin {
			backing.EagerlyScrub = &eager
		}
		all = append(all, types.VirtualMachineRelocateSpecDiskLocator{DiskId: disk.Key, Datastore: *at, DiskBackingInfo: backing})
	}
	return all, nil
}
