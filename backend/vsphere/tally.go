package vsphere

import "hvdeck/backend"

// tally counts VMs by host and by resource pool, which is cheaper than having the
// server send lists of references whenever one moves.
type tally struct {
	hosts, active, pools map[string]int
	dirty                map[string]bool // hosts and pools whose count changed
}

func newTally() *tally {
	return &tally{hosts: make(map[string]int), active: make(map[string]int), pools: make(map[string]int), dirty: make(map[string]bool)}
}

// vmPlace is where a VM was counted.
type vmPlace struct {
	host, pool string
	on         bool
}

// note moves a VM from its old place to its new; either may be nil.
func (t *tally) note(_ string, old, now entity) {
	if vm, ok := old.(*vmState); ok {
		t.count(vm.counted, -1)
	}
	if vm, ok := now.(*vmState); ok {
		vm.counted = vmPlace{host: vm.host, pool: vm.pool, on: vm.power == backend.PowerOn}
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
}

// fill puts the counts into a host, cluster or pool.
func (t *tally) fill(moid string, e entity, n *names) {
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
