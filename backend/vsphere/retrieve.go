package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// pageSize is how many objects one answer holds: enough to be few calls, few
// enough that the decoded page is small garbage.
const pageSize = 250

type moref = types.ManagedObjectReference

// createView makes a container view of the whole inventory, to be destroyed with
// destroyView. It belongs to the session.
func (c *Conn) createView(ctx context.Context, kinds []string) (moref, error) {
	res, err := methods.CreateContainerView(ctx, c.vc, &types.CreateContainerView{
		This: *c.vc.ServiceContent.ViewManager, Container: c.vc.ServiceContent.RootFolder, Type: kinds, Recursive: true,
	})
	if err != nil {
		return moref{}, err
	}
	return res.Returnval, nil
}

// destroyView is best effort: the session's end does it too.
func (c *Conn) destroyView(view moref) {
	ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
	defer cancel()
	stop := context.AfterFunc(c.life, cancel)
	defer stop()
	_, _ = methods.DestroyView(ctx, c.vc, &types.DestroyView{This: view})
}

// viewSpec selects the objects in a view.
func viewSpec(view moref, sets []types.PropertySpec) types.PropertyFilterSpec {
	skip := true
	return types.PropertyFilterSpec{
		PropSet: sets,
		ObjectSet: []types.ObjectSpec{{Obj: view, Skip: &skip, SelectSet: []types.BaseSelectionSpec{
			&types.TraversalSpec{Type: "ContainerView", Path: "view"},
		}}},
	}
}

// refSpec selects these objects.
func refSpec(refs []moref, sets []types.PropertySpec) types.PropertyFilterSpec {
	spec := types.PropertyFilterSpec{PropSet: sets}
	for _, r := range refs {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: r})
	}
	return spec
}

// leanSets are the property sets of these types, with more paths for all of them.
func leanSets(kinds []string, more ...string) []types.PropertySpec {
	var sets []types.PropertySpec
	for _, k := range kinds {
		sets = append(sets, types.PropertySpec{Type: k, PathSet: append(leanPaths(k), more...)})
	}
	return sets
}

// retrieve fetches properties and hands the objects over page by page. The error
// is the server's, for the caller to word.
func (c *Conn) retrieve(ctx context.Context, spec types.PropertyFilterSpec, page func([]types.ObjectContent)) error {
	pc := c.vc.ServiceContent.PropertyCollector
	first, err := methods.RetrievePropertiesEx(ctx, c.vc, &types.RetrievePropertiesEx{
		This: pc, SpecSet: []types.PropertyFilterSpec{spec}, Options: types.RetrieveOptions{MaxObjects: pageSize},
	})
	if err != nil || first.Returnval == nil {
		return err
	}
	if err := unread(first.Returnval.Objects); err != nil {
		return err
	}
	page(first.Returnval.Objects)
	for token := first.Returnval.Token; token != ""; {
		next, err := methods.ContinueRetrievePropertiesEx(ctx, c.vc, &types.ContinueRetrievePropertiesEx{This: pc, Token: token})
		if err != nil {
			return err
		}
		page(next.Returnval.Objects)
		token = next.Returnval.Token
	}
	return nil
}

// unread is the error when nothing at all could be read because the session has ended: the
// server then answers with objects that lack everything, in place of a fault.
func unread(objects []types.ObjectContent) error {
	var why *types.LocalizedMethodFault
	for _, o := range objects {
		if len(o.PropSet) > 0 {
			return nil
		}
		for _, m := range o.MissingSet {
			if _, ended := m.Fault.Fault.(*types.NotAuthenticated); ended {
				why = &m.Fault
			}
		}
	}
	if why == nil {
		return nil
	}
	return taskFault(why)
}

// props are the properties of one object by path.
type props map[string]any

// retrieveOne fetches properties of one object in one call.
func (c *Conn) retrieveOne(ctx context.Context, doing string, ref moref, paths ...string) (props, error) {
	got := make(props)
	spec := refSpec([]moref{ref}, []types.PropertySpec{{Type: ref.Type, PathSet: paths}})
	err := c.read(ctx, doing, c.names.name(ref.Value), func(ctx context.Context) error {
		return c.retrieve(ctx, spec, func(page []types.ObjectContent) {
			for _, o := range page {
				for _, p := range o.PropSet {
					got[p.Name] = p.Val
				}
			}
		})
	})
	return got, err
}

// decode makes an entity of a fetched object and learns its names; nil for places.
func (c *Conn) decode(o types.ObjectContent) entity {
	e := newEntity(o.Obj.Type)
	for _, p := range o.PropSet {
		if e != nil {
			e.set(c.names, p.Name, p.Val)
		}
		c.learn(o.Obj, p.Name, p.Val)
	}
	return e
}

// learn notes names; true when a known place was renamed.
func (c *Conn) learn(ref moref, path string, val any) bool {
	if path != "name" && path != "parent" {
		return false
	}
	if ref.Type != "VirtualMachine" {
		return c.names.learn(ref, path, val)
	}
	if path == "name" {
		c.names.learnVM(ref.Value, unescape(as[string](val)))
	}
	return false
}
