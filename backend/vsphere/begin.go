package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// firstRows is how many VMs are fetched before everything else: a screen full.
const firstRows = 50

// views are the container views that the filters follow.
type views struct{ infra, vms moref }

// begin makes the views and brings the first screen: hosts and places, and the
// first VMs, at the same time. The complete set follows through the collector.
func (w *watch) begin(ctx context.Context) (views, error) {
	ctx, cancel := w.c.bounded(ctx, pageTimeout)
	defer cancel()
	var v views
	var rows, infra []types.ObjectContent
	first := make(chan error, 1)
	guard.Go("first page", func(err error) { first <- err }, func() {
		var err error
		v.vms, rows, err = w.c.firstVMs(ctx)
		first <- err
	})
	view, infra, err := w.c.firstInfra(ctx)
	if err != nil {
		cancel()
		<-first
		return v, err
	}
	if err := <-first; err != nil {
		return v, err
	}
	v.infra = view
	all := append(infra, rows...)
	made := make([]entity, len(all))
	for i, o := range all {
		made[i] = w.c.decode(o) // names of all places first
	}
	for i, e := range made {
		if e != nil {
			w.keep(all[i].Obj.Value, e)
			w.early[all[i].Obj.Value] = all[i].Obj
		}
	}
	w.flush()
	return v, nil
}

// firstVMs fetches the first rows by reference, which does not make the server
// collect the rest.
func (c *Conn) firstVMs(ctx context.Context) (moref, []types.ObjectContent, error) {
	view, err := c.createView(ctx, []string{"VirtualMachine"})
	if err != nil {
		return view, nil, err
	}
	res, err := methods.RetrieveProperties(ctx, c.vc, &types.RetrieveProperties{
		This:    c.vc.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{refSpec([]moref{view}, []types.PropertySpec{{Type: "ContainerView", PathSet: []string{"view"}}})},
	})
	if err != nil {
		return view, nil, err
	}
	var refs []moref
	for _, o := range res.Returnval {
		for _, p := range o.PropSet {
			refs = as[types.ArrayOfManagedObjectReference](p.Val).ManagedObjectReference
		}
	}
	if len(refs) == 0 {
		return view, nil, nil
	}
	refs = refs[:min(len(refs), firstRows)]
	var rows []types.ObjectContent
	err = c.retrieve(ctx, refSpec(refs, leanSets([]string{"VirtualMachine"})), func(page []types.ObjectContent) { rows = append(rows, page...) })
	if _, gone := faultOf(err).(*types.ManagedObjectNotFound); gone {
		return view, nil, nil // one was deleted meanwhile; the collector brings the rest
	}
	return view, rows, err
}

func (c *Conn) firstInfra(ctx context.Context) (moref, []types.ObjectContent, error) {
	view, err := c.createView(ctx, infraTypes())
	if err != nil {
		return view, nil, err
	}
	var all []types.ObjectContent
	err = c.retrieve(ctx, viewSpec(view, leanSets(infraTypes())), func(page []types.ObjectContent) { all = append(all, page...) })
	return view, all, err
}
