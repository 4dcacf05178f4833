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
		e.vms = t.pools[moid]
	}
}

// changed are the hosts, clusters and pools whose count has changed since the last call.
func (t *tally) changed(w *watch) []backend.Object {
	var list []backend.Object
	for moid := range t.dirty {
		if id, _ := w.c.names.above(moid, "ClusterComputeResource"); id != "" {
			t.dirty[id] = true
		}
	}
	for moid := range t.dirty {
		if e, ok := w.entities[moid]; ok {
			list = append(list, w.object(moid, e))
		}
	}
	clear(t.dirty)
	return list
}
