package vsphere

import (
	"testing"

	"hvdeck/backend"
)

// counts are what a tally says of a host, a datastore and a network.
func counts(t *tally) [4]int {
	n := newNames()
	host, store, net := &hostState{}, &datastoreState{}, &networkState{}
	t.fill("host-1", host, n)
	t.fill("datastore-1", store, n)
	t.fill("network-1", net, n)
	return [4]int{host.vms, host.active, store.vms, net.vms}
}

func TestATallyIsUnknownUntilAllVMsAreThere(t *testing.T) {
	vm := func(power backend.PowerState) *vmState {
		return &vmState{host: "host-1", power: power, stores: []string{"datastore-1"}, nets: []string{"network-1", "network-2"}}
	}
	first := newTally(nil)
	a := vm(backend.PowerOn)
	first.note("vm-1", nil, a)
	if got := counts(first); got != [4]int{-1, -1, -1, -1} {
		t.Errorf("half a tally says %v", got)
	}
	first.note("vm-2", nil, vm(backend.PowerOff))
	first.complete(map[string]entity{"datastore-9": &datastoreState{}})
	if got := counts(first); got != [4]int{2, 1, 2, 2} {
		t.Errorf("a whole tally says %v", got)
	}
	if !first.dirty["datastore-9"] {
		t.Error("a datastore without VMs is not told that it has none")
	}
	again := newTally(first)
	if got := counts(again); got != [4]int{2, 1, 2, 2} {
		t.Errorf("while the VMs are counted anew: %v, want what was known", got)
	}
	again = newTally(again) // broken off before it was whole
	if got := counts(again); got != [4]int{2, 1, 2, 2} {
		t.Errorf("after a second beginning: %v", got)
	}
	again.complete(nil)
	if got := counts(again); got != [4]int{0, 0, 0, 0} {
		t.Errorf("when all are gone: %v", got)
	}
	first.note("vm-1", a, nil)
	if got := counts(first); got != [4]int{1, 0, 1, 1} {
		t.Errorf("after one has gone: %v", got)
	}
}
