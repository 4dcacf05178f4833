package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"
)

// A server that is busy may tell of an object once more behind its end, and then nobody
// tells that it is gone: it would stay on the screen for good. The whole round of states
// reads every object there is; what is shown and not among them is asked for by itself.

// mostDoubted is how many objects are asked for in one round, any of them; others have their
// turn in later ones.
const mostDoubted = 100

// farewell removes what is shown and no longer there. It is called by the goroutine of
// the round, with all objects that there are.
func (w *watch) farewell(ctx context.Context, feed chan<- func(context.Context) error, there []types.ObjectContent) error {
	doubted := make(chan []moref, 1)
	if err := send(ctx, feed, func(context.Context) error { doubted <- w.unseen(there); return nil }); err != nil {
		return err
	}
	gone := w.departed(ctx, <-doubted)
	if len(gone) == 0 {
		return nil
	}
	return send(ctx, feed, func(ctx context.Context) error {
		for _, ref := range gone {
			w.leave(ref)
		}
		return w.tell(ctx)
	})
}

// unseen are objects that are shown and not among those that there are: just made, just
// gone, or told of behind their end.
func (w *watch) unseen(there []types.ObjectContent) []moref {
	if !w.synced {
		return nil
	}
	seen := make(map[string]bool, len(there))
	for _, o := range there {
		seen[o.Obj.Value] = true
	}
	var refs []moref
	for moid, e := range w.entities {
		if seen[moid] || len(refs) == mostDoubted {
			continue
		}
		if kind := w.typeOf(moid, e); kind != "" {
			refs = append(refs, moref{Type: kind, Value: moid})
		}
	}
	return refs
}

// typeOf is the managed object type of an entity; "" when it is not known.
func (w *watch) typeOf(moid string, e entity) string {
	if _, ok := e.(*vmState); ok {
		return "VirtualMachine"
	}
	return w.c.names.kind(moid)
}

// departed are those that the server does not have.
func (w *watch) departed(ctx context.Context, refs []moref) []moref {
	var gone []moref
	for _, ref := range refs {
		spec := refSpec([]moref{ref}, []types.PropertySpec{{Type: ref.Type, PathSet: []string{"name"}}})
		err := w.c.once(ctx, callTimeout, func(ctx context.Context) error {
			return w.c.retrieve(ctx, spec, func([]types.ObjectContent) {})
		})
		if notFound(err) {
			gone = append(gone, ref)
			continue
		}
		if err != nil {
			return gone
		}
	}
	return gone
}
