package backendtest

import "hvdeck/backend"

func networkCases() []testCase {
	return []testCase{
		{name: "network/new", ops: []backend.Op{backend.NetworkNewOp{}}, run: networkNew},
		{name: "network/new-refused", ops: []backend.Op{backend.NetworkNewOp{}}, run: networkNewRefused},
		{name: "network/start", ops: []backend.Op{backend.StartOp{}}, run: networkStart},
		{name: "network/autostart", ops: []backend.Op{backend.AutostartOp{}}, run: networkAutostart},
		{name: "network/watched", run: networkWatched},
		{name: "network/undefine", ops: []backend.Op{backend.UndefineOp{}}, run: networkUndefine},
	}
}

// plainNetwork is a new network, not started.
func (r *run) plainNetwork() backend.NetworkNewOp {
	mode := r.NetworkMode
	if mode == "" {
		mode = "isolated"
	}
	return backend.NetworkNewOp{Host: r.hostRef(), Name: prefix + "net", Mode: mode, Bridge: "hvdtbr0"}
}

// makeNetwork defines a network that goes with the case.
func (r *run) makeNetwork(op backend.NetworkNewOp) backend.Ref {
	r.needs(op.Verb())
	r.dropNetwork(op.Name)
	r.later(func() { r.dropNetwork(op.Name) })
	made := r.do(op).Created
	if n := r.network(made); n.Name != op.Name {
		r.errorf("the new network is called %q, want %q", n.Name, op.Name)
	}
	return made
}

func (r *run) dropNetwork(name string) {
	n := r.named(backend.KindNetwork, backend.Ref{}, name)
	if n == nil {
		return
	}
	r.quietly(backend.StopOp{Object: n.Ref()})
	r.quietly(backend.UndefineOp{Object: n.Ref()})
	r.absent(backend.KindNetwork, backend.Ref{}, name)
}

func (r *run) network(ref backend.Ref) *backend.Network {
	return byRef[*backend.Network](r, ref, backend.Ref{})
}

func (r *run) networkIs(ref backend.Ref, active bool) {
	if got := r.network(ref).Active; got != active {
		r.errorf("the network is active: %v, want %v", got, active)
	}
}

func networkNew(r *run) {
	op := r.plainNetwork()
	op.Start = true
	ref := r.makeNetwork(op)
	n := r.network(ref)
	if !n.Active || n.Autostart || !n.Persistent || n.Bridge != op.Bridge {
		r.errorf("the new network is %+v", n)
	}
	r.refused(op, backend.ClassConflict)
	r.networkIs(ref, true)
}

func networkNewRefused(r *run) {
	good := r.plainNetwork()
	r.needs(good.Verb())
	before := len(r.seen(backend.KindNetwork, backend.Ref{}))
	for _, name := range badNames() {
		bad := good
		bad.Name = name
		r.refused(bad, backend.ClassInvalid)
	}
	bad := good
	bad.Mode = "nonsense"
	r.refused(bad, backend.ClassInvalid, backend.ClassUnsupported)
	bad = good
	bad.Address = "192.168.300.1/24"
	r.refused(bad, backend.ClassInvalid)
	bad.Address, bad.DHCPFirst, bad.DHCPLast = "192.168.177.1/24", "10.0.0.1", "10.0.0.9"
	r.refused(bad, backend.ClassInvalid)
	if after := len(r.seen(backend.KindNetwork, backend.Ref{})); after != before {
		r.errorf("refused networks left %d behind", after-before)
	}
}

func networkStart(r *run) {
	n := r.makeNetwork(r.plainNetwork())
	r.networkIs(n, false)
	r.idle(backend.StopOp{Object: n})
	r.do(backend.StartOp{Object: n})
	r.networkIs(n, true)
	r.refused(backend.StartOp{Object: n}, backend.ClassConflict)
	r.do(backend.StopOp{Object: n})
	r.networkIs(n, false)
}

func networkAutostart(r *run) {
	n := r.makeNetwork(r.plainNetwork())
	for _, on := range []bool{true, false} {
		r.do(backend.AutostartOp{Object: n, On: on})
		if got := r.network(n).Autostart; got != on {
			r.errorf("autostart is %v, want %v", got, on)
		}
	}
}

func networkUndefine(r *run) {
	op := r.plainNetwork()
	op.Start = true
	n := r.makeNetwork(op)
	r.refused(backend.UndefineOp{Object: n}, backend.ClassConflict)
	r.networkIs(n, true)
	r.do(backend.StopOp{Object: n})
	r.do(backend.UndefineOp{Object: n})
	r.absent(backend.KindNetwork, backend.Ref{}, op.Name)
	r.refused(backend.UndefineOp{Object: n}, backend.ClassNotFound)
}

func networkWatched(r *run) {
	op := r.plainNetwork()
	r.needs(op.Verb())
	r.dropNetwork(op.Name)
	w := r.onlooker()
	n := r.makeNetwork(op)
	r.await("the watcher sees the new network", func() bool { return w.has(n) })
	r.dropNetwork(op.Name)
	r.await("the watcher sees that the network is gone", func() bool { return !w.has(n) })
}
