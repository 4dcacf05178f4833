package vsphere

import (
	"slices"

	"hvdeck/backend"
)

// tally counts VMs by host, resource pool, datastore and network, which is cheaper than
// having the server send lists of references whenever one moves. Until all VMs are there
// it knows what the tally before it counted, or nothing.
type tally struct {
	hosts, active, pools map[string]int
	uses                 map[string]int  // of datastores and networks
	dirty                map[string]bool // places whose count changed
	whole                bool            // all VMs are counted
	before               *tally          // of the feed before; nil for the first
}

func newTally(before *tally) *tally {
	if before != nil && !before.whole {
		before = before.before
	}
	return &tally{
		hosts: make(map[string]int), active: make(map[string]int), pools: make(map[string]int), uses: make(map[string]int),
		dirty: make(map[string]bool), before: before,
	}
}

// complete says that all VMs are counted: what was not known of these places now is.
func (t *tally) complete(entities map[string]entity) {
	t.whole, t.before = true, nil
	for moid, e := range entities {
		switch e.(type) {
		case *clusterState, *hostState, *resourcePoolState, *datastoreState, *networkState:
			t.dirty[moid] = true
		}
	}
}

// vmPlace is where a VM was counted.
type vmPlace struct {
	host, pool string
	uses       []string // datastores, then networks
	on         bool
}

// note moves a VM from its old place to its new; either may be nil.
func (t *tally) note(_ string, old, now entity) {
	if vm, ok := old.(*vmState); ok {
		t.count(vm.counted, -1)
	}
	if vm, ok := now.(*vmState); ok {
		vm.counted = vmPlace{host: vm.host, pool: vm.pool, uses: slices.Concat(vm.stores, vm.nets), on: vm.power == backend.PowerOn}
		t.count(vm.counted, 1)
	}
}

func (t *tally) count(p vmPlace, by int) {
	if p.host != "" {
		t.hosts[p.host] += by
		t.dirty[p.host] = true
		if p.on {
			t.active[p.host] += by
		}
	}
	if p.pool != "" {
		t.pools[p.pool] += by
		t.dirty[p.pool] = true
	}
	for _, moid := range p.uses {
		t.uses[moid] += by
		t.dirty[moid] = true
	}
}

// fill puts the counts into a place; -1 is not known yet.
func (t *tally) fill(moid string, e entity, n *names) {
	if !t.whole && t.before != nil {
		t.before.fill(moid, e, n)
		return
	}
	if !t.whole {
		unknown(e)
		return
	}
	switch e := e.(type) {
	case *clusterState:
		e.vms = 0
		for host, vms := range t.hosts {
			if id, _ := n.above(host, "ClusterComputeResource"); id == moid {
				e.vms += vms
			}
		}
	case *hostState:
		e.vms, e.active = t.hosts[moid], t.active[moid]
	case *resourcePoolState:
		e.vms = 0
		for pool, vms := range t.pools {
			if vms != 0 && n.within(pool, moid) {
				e.vms += vms
			}
		}
	case *datastoreState:
		e.vms = t.uses[moid]
	case *networkState:
		e.vms = t.uses[moid]
	}
}

func unknown(e entity) {
	switch e := e.(type) {
	case *clusterState:
		e.vms = -1
	case *hostState:
		e.vms, e.active = -1, -1
	case *resourcePoolState:
		e.vms = -1
	case *datastoreState:
		e.vms = -1
	case *networkState:
		e.vms = -1
	}
}

// within tells whether moid is that place, or a place in it.
func (n *names) within(moid, in string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for range 64 {
		if moid == in {
			return true
		}
		p, ok := n.places[moid]
		if !ok {
			return false
		}
		moid = p.parent
	}
	return false
}

// changed are the hosts, clusters and pools whose count has changed since the last call.
func (t *tally) changed(w *watch) []backend.Object {
	var list []backend.Object
	dirty := make(map[string]bool, len(t.dirty))
	for moid := range t.dirty {
		for up := moid; up != "" && !dirty[up]; {
			dirty[up] = true
			p, _ := w.c.names.at(up)
			if up = p.parent; w.c.names.folder(up) != "" {
				break // counts are not kept of folders
			}
		}
	}
	for moid := range dirty {
		if e, ok := w.entities[moid]; ok {
			if o := w.object(moid, e); o != nil {
				list = append(list, o)
			}
		}
	}
	clear(t.dirty)
	return list
}
