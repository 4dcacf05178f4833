package vsphere

import (
	"context"
	"fmt"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// List implements backend.Backend.
func (c *Conn) List(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	ctx = promptly(ctx)
	switch q.Kind {
	case backend.KindSnapshot:
		return c.listSnapshots(ctx, q, emit)
	case backend.KindVolume:
		return c.listFiles(ctx, q, emit)
	case backend.KindAlarm:
		return c.listAlarms(ctx, q, emit)
	case backend.KindCluster, backend.KindResourcePool:
		return c.listCounted(ctx, q, emit)
	case backend.KindHost, backend.KindVM, backend.KindPool, backend.KindNetwork, backend.KindFolder:
		return c.listKind(ctx, q, emit)
	default:
		return backend.Refuse(backend.ClassInvalid, "list", "", "vSphere has no objects of the kind %q", q.Kind)
	}
}

// listKind lists a kind by a view, or the given objects.
func (c *Conn) listKind(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	doing := "list " + q.Kind.String() + "s of"
	if q.Kind == backend.KindFolder && !c.vc.IsVC() {
		return nil
	}
	if err := c.learnPlaces(ctx); err != nil {
		return err
	}
	if len(q.Refs) > 0 {
		return c.listRefs(ctx, doing, q, emit)
	}
	return c.listView(ctx, doing, q.Kind, nil, emit)
}

// learnPlaces fetches the names of what VMs and hosts are in, once; Watch keeps
// them fresh.
func (c *Conn) learnPlaces(ctx context.Context) error {
	if c.names.known() {
		return nil
	}
	return c.readWithin(ctx, pageTimeout, "list the folders of", c.end.shown(), func(ctx context.Context) error {
		view, err := c.createView(ctx, infraTypes())
		if err != nil {
			return err
		}
		defer c.destroyView(view)
		sets := make([]types.PropertySpec, 0, len(infraTypes()))
		for _, t := range infraTypes() {
			sets = append(sets, types.PropertySpec{Type: t, PathSet: []string{"name", "parent"}})
		}
		return c.retrieve(ctx, viewSpec(view, sets), func(page []types.ObjectContent) {
			for _, o := range page {
				c.decode(o)
			}
		})
	})
}

func (n *names) known() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.places) > 0
}

// listView hands over all objects of the kind, or those wanted.
func (c *Conn) listView(ctx context.Context, doing string, k backend.Kind, want map[string]bool, emit func([]backend.Object)) error {
	kinds := typesOf(k)
	return c.readWithin(ctx, pageTimeout, doing, c.end.shown(), func(ctx context.Context) error {
		view, err := c.createView(ctx, kinds)
		if err != nil {
			return err
		}
		defer c.destroyView(view)
		return c.retrieve(ctx, viewSpec(view, leanSets(kinds, moreForList(k)...)), func(page []types.ObjectContent) {
			c.emitPage(page, want, emit)
		})
	})
}

// moreForList are properties that the watch works out by itself.
func moreForList(k backend.Kind) []string {
	switch k {
	case backend.KindHost, backend.KindPool, backend.KindNetwork:
		return []string{"vm"}
	default:
		return nil
	}
}

func (c *Conn) emitPage(page []types.ObjectContent, want map[string]bool, emit func([]backend.Object)) {
	objects := make([]backend.Object, 0, len(page))
	for _, o := range page {
		if want != nil && !want[o.Obj.Value] {
			continue
		}
		e := c.decode(o)
		if e == nil {
			continue
		}
		if made := e.object(c, o.Obj.Value); made != nil {
			objects = append(objects, made)
		}
	}
	if len(objects) > 0 {
		emit(objects)
	}
}

// listRefs fetches these objects in one call. The server refuses the whole call
// when one of them is gone; then all are listed and the wanted picked.
func (c *Conn) listRefs(ctx context.Context, doing string, q backend.Query, emit func([]backend.Object)) error {
	refs := make([]moref, 0, len(q.Refs))
	want := make(map[string]bool, len(q.Refs))
	kinds := make(map[string]bool)
	for _, r := range q.Refs {
		if r.Kind != q.Kind {
			return backend.Refuse(backend.ClassInvalid, doing, "", "%s is not a %s", r.ID, q.Kind)
		}
		ref := c.moref(r)
		refs, want[r.ID], kinds[ref.Type] = append(refs, ref), true, true
	}
	var sets []types.PropertySpec
	for k := range kinds {
		sets = append(sets, leanSets([]string{k}, moreForList(q.Kind)...)...)
	}
	err := c.readWithin(ctx, pageTimeout, doing, fmt.Sprintf("%d objects", len(refs)), func(ctx context.Context) error {
		return c.retrieve(ctx, refSpec(refs, sets), func(page []types.ObjectContent) { c.emitPage(page, nil, emit) })
	})
	if backend.ClassOf(err) == backend.ClassNotFound {
		return c.listView(ctx, doing, q.Kind, want, emit)
	}
	return err
}
