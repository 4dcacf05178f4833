package vsphere

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// nursery is where an import makes something, and what was there before. It tells what to
// look for when an import ends before the server has said what it makes.
type nursery struct {
	at     landing
	name   string // of what is made
	before map[moref]bool
}

// look is what is in the folder, or in the vApp.
func (n *nursery) look(ctx context.Context, l *nfcLease) (map[moref]string, error) {
	holder, paths := n.at.pool, []string{"vm", "resourcePool"}
	if n.at.folder != nil {
		holder, paths = *n.at.folder, []string{"childEntity"}
	}
	var refs []moref
	err := l.retry(ctx, func(ctx context.Context) error {
		refs = nil
		spec := refSpec([]moref{holder}, []types.PropertySpec{{Type: holder.Type, PathSet: paths}})
		return l.a.c.retrieve(ctx, spec, func(page []types.ObjectContent) {
			for _, o := range page {
				for _, v := range propsOf(o) {
					refs = append(refs, as[types.ArrayOfManagedObjectReference](v).ManagedObjectReference...)
				}
			}
		})
	})
	if err != nil || n.before == nil {
		all := make(map[moref]string, len(refs))
		for _, ref := range refs {
			all[ref] = ""
		}
		return all, err
	}
	return n.named(ctx, l, refs)
}

// named are the names of what was not there before.
func (n *nursery) named(ctx context.Context, l *nfcLease, refs []moref) (map[moref]string, error) {
	all := map[moref]string{}
	for _, ref := range refs {
		if n.before[ref] || ref.Type != "VirtualMachine" && ref.Type != "VirtualApp" {
			continue
		}
		err := l.retry(ctx, func(ctx context.Context) error {
			spec := refSpec([]moref{ref}, []types.PropertySpec{{Type: ref.Type, PathSet: []string{"name"}}})
			return l.a.c.retrieve(ctx, spec, func(page []types.ObjectContent) {
				for _, o := range page {
					all[ref] = as[string](propsOf(o)["name"])
				}
			})
		})
		if err != nil && !notFound(err) {
			return nil, err
		}
	}
	return all, nil
}

// remember notes what is there before anything is made.
func (n *nursery) remember(ctx context.Context, l *nfcLease) error {
	all, err := n.look(ctx, l)
	if err != nil {
		return fail(l.a.doing, l.a.object, err)
	}
	n.before = make(map[moref]bool, len(all))
	for ref := range all {
		n.before[ref] = true
	}
	return nil
}

// untold waits until nothing of the name is there that was not before. What is still there
// then is not removed: nobody has said whose it is.
func (n *nursery) untold(ctx context.Context, l *nfcLease) error {
	limit := time.Now().Add(sweepTimeout)
	for pause := lookFirst; ; pause = min(pause*3/2, lookLater) {
		all, err := n.look(ctx, l)
		if err != nil {
			return err
		}
		there := false
		for _, name := range all {
			there = there || name == n.name || unescaped(name) == n.name
		}
		if !there {
			return nil
		}
		if time.Now().After(limit) || l.a.c.life.Err() != nil {
			return fmt.Errorf("one of this name has come since, and the server did not say whether it is of this import")
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// unescaped is a name with what the server escapes: %, / and \.
func unescaped(name string) string {
	if plain, err := url.PathUnescape(name); err == nil {
		return plain
	}
	return name
}
