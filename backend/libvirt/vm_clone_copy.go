package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

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
		stop := k.follow(one, done, total, progress)
		v, err := k.copyDisk(ctx, r, one, progress)
		stop()
		if err != nil {
			return made, err
		}
		made = append(made, v)
		done += one.bytes()
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

// lookAtCopy is how often the size of a growing copy is asked for.
const lookAtCopy = time.Second

// follow tells how much of a copy is there, by the allocation of the new volume, until
// the function that it gives is called. Source: virStorageVolGetInfo.
func (k *cloning) follow(one diskCopy, before, total uint64, progress backend.Progress) (stop func()) {
	if progress.Bytes == nil || total == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	guard.Go("libvirt copy progress", k.c.poll.fence.fail, func() {
		defer close(ended)
		t := time.NewTicker(lookAtCopy)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			if n, ok := k.written(ctx, one); ok {
				progress.Bytes(int64(before+min(n, one.bytes())), int64(total)) //nolint:gosec // sizes of disks
			}
		}
	})
	return func() {
		cancel()
		<-ended
		progress.Bytes(int64(before+one.bytes()), int64(total)) //nolint:gosec // sizes of disks
	}
}

func (k *cloning) written(ctx context.Context, one diskCopy) (uint64, bool) {
	n, err := read(ctx, k.c, "read volume", one.wish.Name, func(lv *libvirt.Libvirt) (uint64, error) {
		v, err := lv.StorageVolLookupByName(one.pool, one.wish.Name)
		if err != nil {
			return 0, err
		}
		_, _, allocation, err := lv.StorageVolGetInfo(v)
		return allocation, err
	})
	return n, err == nil
}
