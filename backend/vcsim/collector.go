package vcsim

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// collector stands in for a property collector when it gets a filter.
type collector struct {
	unlocked
	Self types.ManagedObjectReference
	own  *simulator.PropertyCollector
	srv  *Server
}

// Reference implements mo.Reference.
func (c *collector) Reference() types.ManagedObjectReference { return c.Self }

// unlocked are objects that are called without a lock: what is behind them has its own.
type unlocked struct{}

func (unlocked) Lock()   {}
func (unlocked) Unlock() {}

func (s *Server) collectorReceiver(ctx *simulator.Context, call *simulator.Method) mo.Reference {
	if call.Name != "CreateFilter" {
		return nil
	}
	own, ok := ctx.Session.Get(call.This).(*simulator.PropertyCollector)
	if !ok {
		return nil
	}
	return &collector{Self: own.Self, own: own, srv: s}
}

// CreateFilter implements the method of the PropertyCollector.
func (c *collector) CreateFilter(ctx *simulator.Context, req *types.CreateFilter) soap.HasFault {
	body := c.own.CreateFilter(ctx, req)
	made, ok := body.(*methods.CreateFilterBody)
	if !ok || made.Res == nil {
		return body
	}
	if f, ok := ctx.Session.Get(made.Res.Returnval).(*simulator.PropertyFilter); ok {
		ctx.Map.AddHandler(&filter{PropertyFilter: f, of: c.own, srv: c.srv})
	}
	return body
}

// filter hears in place of a filter of the simulator's that something has changed from
// where it finds its objects. That one waits for its lock then, and whoever changes has
// others locked, of a VM or of the task manager; a filter that is just being collected has
// itself locked and wants those: both wait for ever.
type filter struct {
	*simulator.PropertyFilter
	of  *simulator.PropertyCollector
	srv *Server
}

// UpdateObject implements simulator.RegisterObject. It does not wait; the collector
// looks once more when the filter knows.
func (f *filter) UpdateObject(ctx *simulator.Context, o mo.Reference, _ []types.PropertyChange) {
	ref := o.Reference() // the object itself is its owner's
	from := func(set types.ObjectSpec) bool { return set.Obj == ref && len(set.SelectSet) > 0 }
	if !slices.ContainsFunc(f.Spec.ObjectSet, from) {
		return
	}
	bg := &simulator.Context{Context: f.srv.ctx, Map: ctx.Map}
	guard.Go("simulated filter", nil, func() {
		f.PropertyFilter.UpdateObject(bg, ref, nil)
		f.of.UpdateObject(bg, ref, nil)
	})
}
