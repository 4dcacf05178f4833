package libvirt

import (
	"context"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// copyDisks copies one disk after the other on a connection aside. libvirt can't stop
// a copy that it has begun; a cancel counts once that is finished. What was made comes
// back also with an error.
func (k *cloning) copyDisks(ctx context.Context, progress backend.Progress) ([]libvirt.StorageVol, error) {
	if len(k.copies) == 0 {
		return nil, nil
	}
	r, end, err := k.c.sideline(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	var total, done uint64
	for _, one := range k.copies {
		total += one.bytes()
	}
	var made []libvirt.StorageVol
	for _, one := range k.copies {
		if err := k.ch.cancelled(ctx); err != nil {
			return made, err
		}
		stop := k.c.followGrowth(growing{one.pool, one.wish.Name, one.bytes(), done, total}, progress)
		v, err := k.copyDisk(ctx, r, one, progress)
		stop()
		if err != nil {
			return made, err
		}
		made = append(made, v)
		done += one.bytes()
		if progress.Bytes != nil {
			progress.Bytes(int64(done), int64(total)) //nolint:gosec // sizes of disks
		}
		if err := k.use(ctx, one, v); err != nil {
			return made, err
		}
	}
	return made, nil
}

// bytes is about how much a copy has to write.
func (one diskCopy) bytes() uint64 {
	if a := one.sourceXML.Allocation; a != nil && a.Value > 0 {
		return a.Value
	}
	if one.sourceXML.Capacity != nil {
		return one.sourceXML.Capacity.Value
	}
	return 0
}

// copyDisk copies one volume. Source: virStorageVolCreateXMLFrom.
func (k *cloning) copyDisk(ctx context.Context, r *rpcConn, one diskCopy, progress backend.Progress) (libvirt.StorageVol, error) {
	text, err := written(one.wish)
	if err != nil {
		return libvirt.StorageVol{}, err
	}
	var v libvirt.StorageVol
	ch := k.ch
	ch.deed.doing, ch.deed.object, ch.deed.limit = k.Title()+": copy volume", one.source.Name, longLimit
	copied := make(chan libvirt.StorageVol, 1)
	ch.run = func(lv *libvirt.Libvirt) (backend.Result, error) {
		v, err := lv.StorageVolCreateXMLFrom(one.pool, text, one.source, 0)
		copied <- v
		return backend.Result{}, err
	}
	_, err = k.c.carryOutOn(ctx, r, ch, progress)
	k.c.volumesChanged(one.pool.UUID)
	if err == nil {
		v = <-copied
	}
	return v, err
}

// use puts the copy into the clone's definition.
func (k *cloning) use(ctx context.Context, one diskCopy, v libvirt.StorageVol) error {
	x, err := k.c.volumeXML(context.WithoutCancel(ctx), v)
	if err != nil {
		return err
	}
	disk := &k.x.Devices.Disks[one.disk]
	source := volumeSource(v, x)
	if disk.Source != nil {
		source.StartupPolicy, source.Encryption = disk.Source.StartupPolicy, disk.Source.Encryption
	}
	disk.Source, disk.BackingStore, disk.Mirror = source, nil, nil
	if disk.Driver != nil {
		disk.Driver.Type = volumeFormat(x)
	}
	return nil
}
