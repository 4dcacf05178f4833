package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// firstRows is how many VMs are fetched before everything else: a screen full, from at
// most so many hosts.
const (
	firstRows  = 50
	firstHosts = 5
)

// views are the container views that the filters follow.
type views struct{ infra, vms moref }

// begin makes the views and brings the first screen: hosts and places, and the
// first VMs, at the same time. The complete set follows through the collector.
func (w *watch) begin(ctx context.Context) (views, error) {
	ctx, cancel := w.c.bounded(promptly(ctx), pageTimeout)
	defer cancel()
	var v views
	var rows, infra []types.ObjectContent
	first := make(chan error, 1)
	guard.Go("first page", func(err error) { first <- err }, func() {
		var err error
		rows, err = w.c.firstVMs(ctx)
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
	v.vms, err = w.c.createView(ctx, []string{"VirtualMachine"}) // after the first rows: the server walks all it has
	return v, err
}

// firstVMs fetches the first rows by reference, which does not make the server collect
// the rest. The references are those of the first hosts: a list of all VMs of a large
// inventory would be megabytes before the first row.
func (c *Conn) firstVMs(ctx context.Context) ([]types.ObjectContent, error) {
	hosts, err := c.firstHosts(ctx)
	if err != nil {
		return nil, err
	}
	var refs []moref
	for _, h := range hosts {
		err := c.retrieve(ctx, refSpec([]moref{h}, []types.PropertySpec{{Type: h.Type, PathSet: []string{"vm"}}}), func(page []types.ObjectContent) {
			for _, o := range page {
				refs = append(refs, as[types.ArrayOfManagedObjectReference](propsOf(o)["vm"]).ManagedObjectReference...)
			}
		})
		if err != nil {
			return nil, unlessGone(err)
		}
		if len(refs) >= firstRows {
			break
		}
	}
	if len(refs) == 0 {
		return nil, nil
	}
	refs = refs[:min(len(refs), firstRows)]
	var rows []types.ObjectContent
	err = c.retrieve(ctx, refSpec(refs, leanSets([]string{"VirtualMachine"})), func(page []types.ObjectContent) { rows = append(rows, page...) })
	return rows, unlessGone(err)
}

// unlessGone forgives that something was deleted meanwhile: the collector brings the rest.
func unlessGone(err error) error {
	if notFound(err) {
		return nil
	}
	return err
}

// firstHosts are some hosts, found through the folders of hosts only.
func (c *Conn) firstHosts(ctx context.Context) ([]moref, error) {
	var hosts []moref
	err := c.retrieve(ctx, hostSpec(c.vc.ServiceContent.RootFolder), func(page []types.ObjectContent) {
		for _, o := range page {
			hosts = append(hosts, o.Obj)
		}
	})
	return hosts[:min(len(hosts), firstHosts)], unlessGone(err)
}

// hostSpec selects the hosts below a folder of datacenters or of hosts.
func hostSpec(root moref) types.PropertyFilterSpec {
	skip := true
	again := func(names ...string) []types.BaseSelectionSpec {
		var out []types.BaseSelectionSpec
		for _, n := range names {
			out = append(out, &types.SelectionSpec{Name: n})
		}
		return out
	}
	walk := func(name, kind, path string, next ...string) *types.TraversalSpec {
		return &types.TraversalSpec{SelectionSpec: types.SelectionSpec{Name: name}, Type: kind, Path: path, Skip: &skip, SelectSet: again(next...)}
	}
	last := walk("hosts", "ComputeResource", "host")
	last.Skip = nil
	return types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{{Type: "HostSystem", PathSet: []string{"name"}}},
		ObjectSet: []types.ObjectSpec{{Obj: root, Skip: &skip, SelectSet: []types.BaseSelectionSpec{
			walk("below", "Folder", "childEntity", "below", "datacenter", "hosts"),
			walk("datacenter", "Datacenter", "hostFolder", "below"),
			last,
		}}},
	}
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
