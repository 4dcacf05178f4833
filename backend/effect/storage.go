package effect

import (
	"context"

	"hvdeck/backend"
)

// pool is what becomes of storage pools. No server makes a second one of a name.
func pool(op backend.Op, was Known) (Trace, bool) {
	switch op := op.(type) {
	case backend.PoolNewOp:
		if op.Build && !op.Start && !op.Autostart {
			return hidden("look for the pool: when it is there and can be started, it was built")
		}
		return appears(was, backend.KindPool, backend.Ref{Conn: op.Target().Conn}, func(p *backend.Pool) bool { return p.Name == op.Name },
			func(p *backend.Pool) bool {
				return p.Autostart == op.Autostart && (!op.Start || p.State == backend.PoolRunning)
			})
	case backend.PoolBuildOp:
		return hidden("what a pool stands on can't be seen before it is started: start it, or look at the host")
	case backend.PoolRefreshOp:
		return hidden("a refresh leaves nothing to see; to do it again does no harm")
	case backend.PoolDeleteOp:
		return hidden("what an inactive pool stands on can't be seen: look at the host")
	default:
		return Trace{}, false
	}
}

// volume is what becomes of volumes and files. No server makes a second one of a name.
func volume(op backend.Op, was Known) (Trace, bool) {
	switch op := op.(type) {
	case backend.VolumeCreateOp:
		return created(op, was)
	case backend.VolumeDeleteOp:
		return when(func(ctx context.Context, s *server) bool { return s.volumeGone(ctx, op.Volume) })
	case backend.VolumeResizeOp:
		return changes(was, op.Volume, func(v *backend.Volume) bool {
			return v.Capacity == op.Capacity && (!op.Allocate || v.Allocation >= v.Capacity)
		})
	case backend.VolumeMoveOp:
		return moved(op)
	case backend.FolderMakeOp:
		return folderMade(inPool(op.Pool, op.Name), was)
	case backend.VolumeCloneOp:
		return hidden("a copy is listed from its beginning on, so nobody can tell whether it is whole: compare its size with the original's before you use it")
	case backend.VolumeWipeOp:
		return hidden("what is in a volume can't be seen: wipe it again before you rely on it")
	default:
		return Trace{}, false
	}
}

// inPool names a file of a pool by its path.
func inPool(pool backend.Ref, path string) backend.Ref {
	return backend.Ref{Conn: pool.Conn, Kind: backend.KindVolume, ID: pool.ID + "/" + path}
}

// created: the volume is just as it was to be, with all that had to be allocated: a volume
// is listed while that is going on.
func created(op backend.VolumeCreateOp, was Known) (Trace, bool) {
	return appears(was, backend.KindVolume, op.Pool, func(v *backend.Volume) bool { return v.Name == op.Name },
		func(v *backend.Volume) bool {
			return v.Capacity == op.Capacity && v.Backing == op.Backing && v.Allocation >= op.Allocation && (op.Format == "" || v.Format == op.Format)
		})
}

// folderMade: the folder is there, and was not before.
func folderMade(r backend.Ref, was Known) (Trace, bool) {
	if was.Object(r) != nil {
		return hidden(wasSo + lookThere)
	}
	return when(func(ctx context.Context, s *server) bool {
		o, _ := s.find(ctx, r)
		return o != nil
	})
}

// volumeGone: the pool runs and does not have it. One that is stopped shows no volumes.
func (s *server) volumeGone(ctx context.Context, r backend.Ref) bool {
	return s.poolRuns(ctx, r) && s.gone(ctx, r) && s.poolRuns(ctx, r)
}

func (s *server) poolRuns(ctx context.Context, volume backend.Ref) bool {
	o, _ := s.find(ctx, poolOf(volume))
	p, is := o.(*backend.Pool)
	return is && p.State == backend.PoolRunning
}

// moved: the file is where it goes, and no longer where it was.
func moved(op backend.VolumeMoveOp) (Trace, bool) {
	into := op.Pool
	if into.IsZero() {
		into = poolOf(op.Volume)
	}
	to := inPool(into, op.Name)
	return when(func(ctx context.Context, s *server) bool {
		o, _ := s.find(ctx, to)
		return o != nil && s.gone(ctx, op.Volume)
	})
}
