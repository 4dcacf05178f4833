package libvirt

import (
	"context"
	"net"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// listPools lists storage pools (G1): two lists, and XML and state of each. Sources:
// virConnectListAllStoragePools, virStoragePoolGetXMLDesc, virStoragePoolGetInfo.
func (c *client) listPools(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	pools, err := c.pools(ctx, 0)
	if err != nil {
		return ignoreUnsupported(err)
	}
	auto, err := c.pools(ctx, libvirt.ConnectListStoragePoolsAutostart)
	if err != nil {
		return err
	}
	lasting, err := c.pools(ctx, libvirt.ConnectListStoragePoolsPersistent)
	if err != nil {
		return err
	}
	autostart, persistent := poolSet(auto), poolSet(lasting)
	id := func(p libvirt.StoragePool) string { return uuidText(p.UUID) }
	return emitEach(ctx, q, pools, id, func(ctx context.Context, p libvirt.StoragePool) (backend.Object, error) {
		o, _, err := c.pool(ctx, p)
		if err != nil {
			return nil, err
		}
		o.Autostart, o.Persistent = autostart[p.UUID], persistent[p.UUID]
		return o, nil
	}, emit)
}

func (c *client) pools(ctx context.Context, flags libvirt.ConnectListAllStoragePoolsFlags) ([]libvirt.StoragePool, error) {
	return read(ctx, c, "list pools", "", func(lv *libvirt.Libvirt) ([]libvirt.StoragePool, error) {
		all, _, err := lv.ConnectListAllStoragePools(1, flags)
		return all, err
	})
}

func poolSet(pools []libvirt.StoragePool) map[libvirt.UUID]bool {
	set := make(map[libvirt.UUID]bool, len(pools))
	for _, p := range pools {
		set[p.UUID] = true
	}
	return set
}

// ignoreGone is nil for an object that vanished between two calls.
func ignoreGone(err error) error {
	if backend.ClassOf(err) == backend.ClassNotFound {
		return nil
	}
	return err
}

// ignoreUnsupported is nil where the driver has no such objects at all.
func ignoreUnsupported(err error) error {
	if unsupported(err) {
		return nil
	}
	return err
}

// pool reads one pool; its XML comes along.
func (c *client) pool(ctx context.Context, p libvirt.StoragePool) (*backend.Pool, string, error) {
	o := &backend.Pool{
		Meta: backend.Meta{ID: c.poolRef(p.UUID), Name: p.Name},
		UUID: uuidText(p.UUID), Hosts: -1, VMs: -1,
	}
	_, err := read(ctx, c, "read pool", p.Name, func(lv *libvirt.Libvirt) (struct{}, error) {
		state, capacity, allocation, available, err := lv.StoragePoolGetInfo(p)
		o.State = poolState(state)
		if o.State != backend.PoolInactive {
			o.Capacity, o.Allocation, o.Available = capacity, allocation, available
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, "", err
	}
	o.Rev = c.poolRevs.of(p.UUID, c.volumeCount(ctx, p, o.State), o.Allocation)
	text, err := read(ctx, c, "read pool", p.Name, func(lv *libvirt.Libvirt) (string, error) {
		return lv.StoragePoolGetXMLDesc(p, 0)
	})
	if err != nil {
		return nil, "", err
	}
	describePool(o, text)
	return o, text, nil
}

// describePool takes over what the XML tells; XML of a kind we do not know still names
// a pool.
func describePool(o *backend.Pool, text string) {
	var x libvirtxml.StoragePool
	if x.Unmarshal(text) != nil {
		return
	}
	o.Type, o.Source = x.Type, sourceText(x.Source)
	if x.Target != nil {
		o.Path = x.Target.Path
	}
}

// volumeCount is how many volumes a pool has; 0 where that is not to be had.
func (c *client) volumeCount(ctx context.Context, p libvirt.StoragePool, state backend.PoolState) int32 {
	if state == backend.PoolInactive {
		return 0
	}
	n, err := read(ctx, c, "count volumes of", p.Name, func(lv *libvirt.Libvirt) (int32, error) {
		return lv.StoragePoolNumOfVolumes(p)
	})
	if err != nil {
		return 0
	}
	return n
}

// sourceText is where a pool comes from: "nas:/export", "/dev/sdb1", "vg0".
func sourceText(s *libvirtxml.StoragePoolSource) string {
	if s == nil {
		return ""
	}
	var hosts []string
	for _, h := range s.Host {
		if h.Port != "" {
			h.Name = net.JoinHostPort(h.Name, h.Port)
		}
		hosts = append(hosts, h.Name)
	}
	place := s.Name
	switch {
	case s.Dir != nil:
		place = s.Dir.Path
	case place != "":
	case len(s.Device) > 0:
		place = s.Device[0].Path
	case s.Adapter != nil:
		place = s.Adapter.Name
	}
	if len(hosts) == 0 {
		return place
	}
	return strings.TrimSuffix(strings.Join(hosts, ",")+":"+place, ":")
}

// poolState translates virStoragePoolState.
func poolState(state uint8) backend.PoolState {
	switch libvirt.StoragePoolState(state) {
	case libvirt.StoragePoolInactive:
		return backend.PoolInactive
	case libvirt.StoragePoolBuilding:
		return backend.PoolBuilding
	case libvirt.StoragePoolRunning:
		return backend.PoolRunning
	case libvirt.StoragePoolDegraded:
		return backend.PoolDegraded
	case libvirt.StoragePoolInaccessible:
		return backend.PoolInaccessible
	default:
		return backend.PoolUnknown
	}
}

func (c *client) poolRef(id libvirt.UUID) backend.Ref { return c.ref(backend.KindPool, uuidText(id)) }

// findPool looks a pool up by its reference.
func (c *client) findPool(ctx context.Context, r backend.Ref) (libvirt.StoragePool, error) {
	id, err := parseUUID(r.ID)
	if err != nil || r.Kind != backend.KindPool {
		return libvirt.StoragePool{}, backend.Refuse(backend.ClassNotFound, "find pool", "", "no pool has the id %q", r.ID)
	}
	return read(ctx, c, "find pool", r.ID, func(lv *libvirt.Libvirt) (libvirt.StoragePool, error) {
		return lv.StoragePoolLookupByUUID(id)
	})
}

func (c *client) getPool(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	p, err := c.findPool(ctx, r)
	if err != nil {
		return nil, err
	}
	_, text, err := c.pool(ctx, p)
	if err != nil {
		return nil, err
	}
	return &backend.Detail{Ref: r, At: time.Now(), Raw: text}, nil
}
