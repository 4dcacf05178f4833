package libvirt

import (
	"context"
	"slices"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// listVolumes lists the volumes of one pool, or of all that are active (G3): one
// list a pool, and the XML of each volume, as libvirt has no bulk call. Sources:
// virStoragePoolListAllVolumes, virStorageVolGetXMLDesc.
func (c *client) listVolumes(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	pools, err := c.volumeOwners(ctx, q)
	if err != nil {
		return err
	}
	want := wanted(q)
	c.learnUsers()
	for _, p := range pools {
		if err := c.volumesOf(ctx, p, want, emit); err != nil {
			if q.Parent.IsZero() && ignoreGone(err) == nil {
				continue
			}
			return err
		}
	}
	return nil
}

func (c *client) volumeOwners(ctx context.Context, q backend.Query) ([]libvirt.StoragePool, error) {
	if !q.Parent.IsZero() {
		p, err := c.findPool(ctx, q.Parent)
		return []libvirt.StoragePool{p}, err
	}
	all, err := c.pools(ctx, libvirt.ConnectListStoragePoolsActive)
	return all, ignoreUnsupported(err)
}

// volumesOf emits a pool's volumes page by page; an inactive pool has none to show.
func (c *client) volumesOf(ctx context.Context, p libvirt.StoragePool, want map[string]bool, emit func([]backend.Object)) error {
	began := time.Now()
	volumes, err := read(ctx, c, "list volumes of", p.Name, func(lv *libvirt.Libvirt) ([]libvirt.StorageVol, error) {
		all, _, err := lv.StoragePoolListAllVolumes(p, 1, 0)
		if hasCode(err, libvirt.ErrOperationInvalid) {
			return nil, nil
		}
		return all, err
	})
	if err != nil {
		return err
	}
	target, err := c.poolTarget(ctx, p)
	if err != nil {
		return err
	}
	there := make(map[string]bool, len(volumes))
	news, known := false, c.knownIn(target)
	for chunk := range slices.Chunk(volumes, pageSize) {
		page, err := c.volumePage(ctx, p, chunk, want)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			continue
		}
		news = c.bookVolumes(p, target, page, there) || news
		emit(asObjects(page))
	}
	if want != nil {
		return nil
	}
	c.book.keep(p.UUID, there, began)
	if news || c.knownIn(target) != known {
		// Earlier pages did not know what stands on them, or which disks are volumes.
		c.poolRevs.bump(p.UUID)
	}
	return nil
}

// bookVolumes remembers what these volumes stand on, and writes in who uses them and
// what stands on them; true when something new was learnt.
func (c *client) bookVolumes(p libvirt.StoragePool, target string, page []*backend.Volume, there map[string]bool) (news bool) {
	for _, v := range page {
		there[v.Path] = true
		news = c.book.note(p.UUID, v.Path, standing{v.Name, v.Backing}) || news
	}
	users, known := c.diskUsers.index(c.book.below(), libvirt.UUID{}), c.knownIn(target)
	above := c.book.above(p.UUID)
	for _, v := range page {
		v.UsedBy, v.UsedKnown, v.Under = usedBy(users, p.Name, v), known, above[v.Path]
	}
	return news
}

func asObjects(page []*backend.Volume) []backend.Object {
	all := make([]backend.Object, 0, len(page))
	for _, v := range page {
		all = append(all, v)
	}
	return all
}

func (c *client) volumePage(ctx context.Context, p libvirt.StoragePool, volumes []libvirt.StorageVol, want map[string]bool) ([]*backend.Volume, error) {
	id := func(v libvirt.StorageVol) string { return c.volumeRef(p.UUID, v.Key).ID }
	return readEach(ctx, want, volumes, id, func(ctx context.Context, v libvirt.StorageVol) (*backend.Volume, error) {
		o, _, err := c.volume(ctx, p.UUID, v)
		return o, err
	})
}

// volume reads one volume; its XML comes along.
func (c *client) volume(ctx context.Context, pool libvirt.UUID, v libvirt.StorageVol) (*backend.Volume, string, error) {
	text, err := read(ctx, c, "read volume", v.Name, func(lv *libvirt.Libvirt) (string, error) {
		return lv.StorageVolGetXMLDesc(v, 0)
	})
	if err != nil {
		return nil, "", err
	}
	o := &backend.Volume{Meta: backend.Meta{ID: c.volumeRef(pool, v.Key), Name: v.Name, Parent: c.poolRef(pool)}}
	describeVolume(o, text)
	return o, text, nil
}

// describeVolume takes over what the XML tells; XML of a kind we do not know still
// names a volume.
func describeVolume(o *backend.Volume, text string) {
	var x libvirtxml.StorageVolume
	if x.Unmarshal(text) != nil {
		return
	}
	o.Type = x.Type
	if x.Capacity != nil {
		o.Capacity = x.Capacity.Value
	}
	if x.Allocation != nil {
		o.Allocation = x.Allocation.Value
	}
	if x.Target != nil {
		o.Path = x.Target.Path
		if x.Target.Format != nil {
			o.Format = x.Target.Format.Type
		}
	}
	if x.BackingStore != nil {
		o.Backing = x.BackingStore.Path
	}
}

func (c *client) volumeRef(pool libvirt.UUID, key string) backend.Ref {
	return c.ref(backend.KindVolume, uuidText(pool)+"/"+key)
}

func (c *client) getVolume(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	v, pool, err := c.findVolume(ctx, r)
	if err != nil {
		return nil, err
	}
	_, text, err := c.volume(ctx, pool.UUID, v)
	if err != nil {
		return nil, err
	}
	return &backend.Detail{Ref: r, At: time.Now(), Raw: text}, nil
}
