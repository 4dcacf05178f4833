package poll

import (
	"context"
	"slices"
	"strings"

	"hvdeck/backend"
)

// storageEffect reports whether a pool, volume, network, interface or secret is for
// certain what the operation should have made of it.
func storageEffect(ctx context.Context, b backend.Backend, op backend.Op) bool {
	switch op := op.(type) {
	case backend.StartOp:
		return activeIs(ctx, b, op.Object, true)
	case backend.StopOp:
		return activeIs(ctx, b, op.Object, false)
	case backend.AutostartOp:
		return autostartIs(ctx, b, op.Object, op.On)
	case backend.UndefineOp:
		return wasUndefined(ctx, b, op.Object)
	case backend.VolumeDeleteOp:
		return volumeGone(ctx, b, op.Volume)
	case backend.VolumeResizeOp:
		return volumeHas(ctx, b, op.Volume, op.Capacity)
	case backend.VolumeCreateOp:
		return wasCreated(ctx, b, op)
	default:
		return false
	}
}

// found lists one object; nil when it is not there, ok false when nobody can tell.
func found(ctx context.Context, b backend.Backend, r backend.Ref, parent backend.Ref) (o backend.Object, ok bool) {
	err := b.List(ctx, backend.Query{Kind: r.Kind, Parent: parent, Refs: []backend.Ref{r}}, func(page []backend.Object) {
		if i := slices.IndexFunc(page, func(o backend.Object) bool { return o.Ref() == r }); i >= 0 {
			o = page[i]
		}
	})
	return o, err == nil
}

// activeIs reports whether a pool, network or interface is there and runs, or not.
func activeIs(ctx context.Context, b backend.Backend, r backend.Ref, want bool) bool {
	o, _ := found(ctx, b, r, backend.Ref{})
	switch o := o.(type) {
	case *backend.Pool:
		if want {
			return o.State == backend.PoolRunning
		}
		return o.State == backend.PoolInactive
	case *backend.Network:
		return o.Active == want
	case *backend.Interface:
		return o.Active == want
	default:
		return false
	}
}

func autostartIs(ctx context.Context, b backend.Backend, r backend.Ref, want bool) bool {
	o, _ := found(ctx, b, r, backend.Ref{})
	switch o := o.(type) {
	case *backend.Pool:
		return o.Autostart == want
	case *backend.Network:
		return o.Autostart == want
	default:
		return false
	}
}

// wasUndefined: the server answers, and the object is not there, or runs on without a
// lasting definition.
func wasUndefined(ctx context.Context, b backend.Backend, r backend.Ref) bool {
	switch r.Kind {
	case backend.KindPool, backend.KindNetwork, backend.KindInterface, backend.KindSecret:
	default:
		return false
	}
	o, ok := found(ctx, b, r, backend.Ref{})
	switch o := o.(type) {
	case *backend.Pool:
		return !o.Persistent
	case *backend.Network:
		return !o.Persistent
	default:
		return ok && o == nil
	}
}

// poolOf is the pool in a volume's reference.
func poolOf(volume backend.Ref) backend.Ref {
	id, _, _ := strings.Cut(volume.ID, "/")
	return backend.Ref{Conn: volume.Conn, Kind: backend.KindPool, ID: id}
}

// volumeGone: the pool runs and does not have it. One that is stopped shows no volumes.
func volumeGone(ctx context.Context, b backend.Backend, r backend.Ref) bool {
	pool := poolOf(r)
	if !activeIs(ctx, b, pool, true) {
		return false
	}
	o, ok := found(ctx, b, r, pool)
	return ok && o == nil && activeIs(ctx, b, pool, true)
}

func volumeHas(ctx context.Context, b backend.Backend, r backend.Ref, capacity uint64) bool {
	o, _ := found(ctx, b, r, poolOf(r))
	v, is := o.(*backend.Volume)
	return is && v.Capacity == capacity
}

// wasCreated asks for a volume just as it was to be: no server makes a second one of
// the same name.
func wasCreated(ctx context.Context, b backend.Backend, op backend.VolumeCreateOp) bool {
	is := false
	err := b.List(ctx, backend.Query{Kind: backend.KindVolume, Parent: op.Pool}, func(page []backend.Object) {
		for _, o := range page {
			v, ok := o.(*backend.Volume)
			is = is || ok && v.Name == op.Name && v.Capacity == op.Capacity && v.Backing == op.Backing &&
				(op.Format == "" || v.Format == op.Format)
		}
	})
	return err == nil && is
}
