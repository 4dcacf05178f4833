package libvirt

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// gather is how long events are collected before they are reported: one operation
// makes several.
const gather = 30 * time.Millisecond

// Watch implements backend.Backend. It never reports objects itself: it names what
// has changed, for List. Sources: virConnectDomainEventRegisterAny,
// virConnectNetworkEventRegisterAny, virConnectStoragePoolEventRegisterAny,
// virConnectSecretEventRegisterAny, virConnectNodeDeviceEventRegisterAny.
func (c *client) Watch(ctx context.Context, emit func(backend.Delta)) error {
	box := newEventBox(c)
	receive := box.receive
	c.poll.fence.onEvent.Store(&receive)
	if err := c.register(ctx); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // ended as asked
		}
		return err
	}
	for _, k := range c.caps.Kinds {
		emit(backend.Invalidate{Query: backend.Query{Kind: k}})
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.poll.fence.done:
			return c.gone()
		case <-box.ready:
		}
		if !pause(ctx, gather) {
			return nil
		}
		n := box.take()
		if n.skipped > 0 {
			c.flooded(&n)
		}
		for _, delta := range c.deltas(n) {
			emit(delta)
		}
		if n.skipped > 0 && !pause(ctx, floodPause) {
			return nil
		}
	}
}

// gone is the error for a connection that ended.
func (c *client) gone() error {
	return c.transport.Explain(deed{doing: "watch"}.unreachable(c.poll.fence.cause))
}

// pause waits; false means that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// deltas puts what was gathered in words, kinds in a fixed order.
func (c *client) deltas(n news) []backend.Delta {
	var all []backend.Delta
	for _, k := range backend.Kinds() {
		ids, ok := n.changed[k]
		if !ok {
			continue
		}
		q := backend.Query{Kind: k}
		for id := range ids {
			q.Refs = append(q.Refs, c.ref(k, id))
		}
		slices.SortFunc(q.Refs, func(a, b backend.Ref) int { return cmp.Compare(a.ID, b.ID) })
		all = append(all, backend.Invalidate{Query: q})
	}
	for _, id := range slices.Sorted(maps.Keys(n.pools)) {
		all = append(all, backend.Invalidate{Query: backend.Query{Kind: backend.KindVolume, Parent: c.ref(backend.KindPool, id)}})
	}
	for _, e := range n.happened {
		all = append(all, backend.Happened{Event: e})
	}
	return all
}

// register asks for events. Only lifecycle events have to be there: older daemons
// lack some, and small drivers have no networks or pools.
func (c *client) register(ctx context.Context) error {
	for i, id := range domainEvents() {
		_, err := c.subscribe(ctx, func(lv *libvirt.Libvirt) (int32, error) {
			return lv.ConnectDomainEventCallbackRegisterAny(int32(id), nil)
		})
		switch {
		case err == nil:
		case i == 0 && unsupported(err):
			return backend.ErrNoWatch
		case i == 0 || fatal(err):
			return err
		}
	}
	others := []func(*libvirt.Libvirt) (int32, error){
		func(lv *libvirt.Libvirt) (int32, error) {
			return lv.ConnectNetworkEventRegisterAny(int32(libvirt.NetworkEventIDLifecycle), nil)
		},
		func(lv *libvirt.Libvirt) (int32, error) {
			return lv.ConnectStoragePoolEventRegisterAny(int32(libvirt.StoragePoolEventIDLifecycle), nil)
		},
		func(lv *libvirt.Libvirt) (int32, error) {
			return lv.ConnectStoragePoolEventRegisterAny(int32(libvirt.StoragePoolEventIDRefresh), nil)
		},
		func(lv *libvirt.Libvirt) (int32, error) {
			return lv.ConnectSecretEventRegisterAny(int32(libvirt.SecretEventIDLifecycle), nil)
		},
		func(lv *libvirt.Libvirt) (int32, error) {
			return lv.ConnectSecretEventRegisterAny(int32(libvirt.SecretEventIDValueChanged), nil)
		},
		func(lv *libvirt.Libvirt) (int32, error) {
			return lv.ConnectNodeDeviceEventRegisterAny(int32(libvirt.NodeDeviceEventIDLifecycle), nil)
		},
		func(lv *libvirt.Libvirt) (int32, error) {
			return lv.ConnectNodeDeviceEventRegisterAny(int32(libvirt.NodeDeviceEventIDUpdate), nil)
		},
	}
	for _, fn := range others {
		if _, err := c.subscribe(ctx, fn); fatal(err) {
			return err
		}
	}
	return nil
}

func (c *client) subscribe(ctx context.Context, fn func(*libvirt.Libvirt) (int32, error)) (int32, error) {
	return read(ctx, c, "watch", "", fn)
}

// fatal reports whether there is no use in going on.
func fatal(err error) bool {
	if err == nil || errors.Is(err, backend.ErrNoWatch) {
		return false
	}
	c := backend.ClassOf(err)
	return c == backend.ClassUnreachable || c == backend.ClassCancelled
}
