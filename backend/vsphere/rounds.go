package vsphere

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// roundEvery is how often what no collector tells is asked for again.
const roundEvery = time.Minute

// rounds fetches what the change feed does not bring: tags, the use of clusters that
// don't sum it up, the VLANs of standard port groups. What fails is left as it was: the
// pulse notices a connection that is lost.
func (w *watch) rounds(ctx context.Context, feed chan<- func(context.Context) error) error {
	tick := time.NewTicker(roundEvery)
	defer tick.Stop()
	for {
		for _, round := range []func(context.Context) (func(context.Context) error, error){
			w.tagRound, w.useRound, w.portGroupRound,
		} {
			apply, err := round(ctx)
			if err != nil || apply == nil {
				continue
			}
			if err := send(ctx, feed, apply); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// use is what runs at a cluster's hosts. Sources: HostSystem.summary.quickStats.
type use struct {
	vms         int
	cpu, memory uint64 // MHz, bytes
}

// clusterUse sums up the hosts of each cluster in one call.
func (c *Conn) clusterUse(ctx context.Context) (map[string]use, error) {
	sums := make(map[string]use)
	view, err := c.createView(ctx, []string{"HostSystem"})
	if err != nil {
		return nil, err
	}
	defer c.destroyView(view)
	sets := []types.PropertySpec{{Type: "HostSystem", PathSet: []string{"parent", "vm", "summary.quickStats"}}}
	err = c.retrieve(ctx, viewSpec(view, sets), func(page []types.ObjectContent) {
		for _, o := range page {
			got := propsOf(o)
			stats := as[types.HostListSummaryQuickStats](got["summary.quickStats"])
			up := moidOf(got["parent"])
			sum := sums[up]
			sum.vms += len(as[types.ArrayOfManagedObjectReference](got["vm"]).ManagedObjectReference)
			sum.cpu += uint64(max(stats.OverallCpuUsage, 0))
			sum.memory += uint64(max(stats.OverallMemoryUsage, 0)) << 20
			sums[up] = sum
		}
	})
	return sums, err
}

// useRound refreshes the use of clusters for which the server has no usage summary.
func (w *watch) useRound(ctx context.Context) (func(context.Context) error, error) {
	if !w.c.vc.IsVC() {
		return nil, nil
	}
	var sums map[string]use
	err := w.c.once(ctx, pageTimeout, func(ctx context.Context) error {
		var err error
		sums, err = w.c.clusterUse(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return func(context.Context) error {
		for moid, e := range w.entities {
			s, ok := e.(*clusterState)
			if !ok || s.told || s.cpuUsed == sums[moid].cpu && s.memUsed == sums[moid].memory {
				continue
			}
			s.cpuUsed, s.memUsed = sums[moid].cpu, sums[moid].memory
			w.put(moid, s)
		}
		w.flush()
		return nil
	}, nil
}

// listCounted lists clusters or resource pools. How many VMs are in one, or below it, is
// known when all have been read.
func (c *Conn) listCounted(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	if err := c.learnPlaces(ctx); err != nil {
		return err
	}
	want := make(map[string]bool, len(q.Refs))
	for _, r := range q.Refs {
		if r.Kind != q.Kind {
			return backend.Refuse(backend.ClassInvalid, "list "+q.Kind.String()+"s of", "", "%s is not a %s", r.ID, q.Kind)
		}
		want[r.ID] = true
	}
	var found []counted
	err := c.readWithin(ctx, pageTimeout, "list "+q.Kind.String()+"s of", c.end.shown(), func(ctx context.Context) error {
		var err error
		found, err = c.count(ctx, typesOf(q.Kind))
		return err
	})
	if err != nil {
		return err
	}
	var page []backend.Object
	for _, f := range found {
		if len(want) == 0 || want[f.moid] {
			page = append(page, f.entity.object(c, f.moid))
		}
	}
	if len(page) > 0 {
		emit(page)
	}
	return nil
}

// counted is a cluster or pool of a list.
type counted struct {
	moid   string
	entity entity
}

// count fetches all objects of these types with how many VMs they have.
func (c *Conn) count(ctx context.Context, kinds []string) ([]counted, error) {
	view, err := c.createView(ctx, kinds)
	if err != nil {
		return nil, err
	}
	defer c.destroyView(view)
	var more []string
	if kindOf(kinds[0]) == backend.KindResourcePool {
		more = []string{"vm"}
	}
	var found []counted
	err = c.retrieve(ctx, viewSpec(view, leanSets(kinds, more...)), func(page []types.ObjectContent) {
		for _, o := range page {
			if e := c.decode(o); e != nil {
				found = append(found, counted{moid: o.Obj.Value, entity: e})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if more != nil {
		c.countPools(found)
		return found, nil
	}
	return found, c.countClusters(ctx, found)
}

// countPools adds up what is in a pool and in those in it.
func (c *Conn) countPools(found []counted) {
	for _, f := range found {
		all := f.entity.(*resourcePoolState)
		for _, g := range found {
			if below := g.entity.(*resourcePoolState); below.direct > 0 && c.names.within(g.moid, f.moid) {
				all.vms += below.direct
			}
		}
	}
}

func (c *Conn) countClusters(ctx context.Context, found []counted) error {
	sums, err := c.clusterUse(ctx)
	if err != nil {
		return err
	}
	for _, f := range found {
		s := f.entity.(*clusterState)
		sum := sums[f.moid]
		s.vms = sum.vms
		if !s.told {
			s.cpuUsed, s.memUsed = sum.cpu, sum.memory
		}
	}
	return nil
}
