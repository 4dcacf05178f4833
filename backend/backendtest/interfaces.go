package backendtest

import "hvdeck/backend"

func interfaceCases() []testCase {
	return []testCase{
		{name: "interface/define", ops: []backend.Op{backend.DefineOp{}}, run: interfaceDefine},
		{name: "interface/start", ops: []backend.Op{backend.StartOp{}}, run: interfaceStart},
		{name: "interface/undefine", ops: []backend.Op{backend.UndefineOp{}}, run: interfaceUndefine},
	}
}

const interfaceName = "hvdtif0"

// makeInterface defines an interface that goes with the case.
func (r *run) makeInterface() backend.Ref {
	r.needs(backend.VerbFor(backend.KindInterface, backend.ActDefine))
	drop := func() {
		n := r.named(backend.KindInterface, backend.Ref{}, interfaceName)
		if n == nil {
			return
		}
		r.quietly(backend.StopOp{Object: n.Ref()})
		r.quietly(backend.UndefineOp{Object: n.Ref()})
		r.absent(backend.KindInterface, backend.Ref{}, interfaceName)
	}
	drop()
	r.later(drop)
	r.do(backend.DefineOp{Kind: backend.KindInterface, Under: r.hostRef(),
		XML: "<interface type='ethernet' name='" + interfaceName + "'><start mode='none'/><mac address='52:54:00:00:ab:cd'/><mtu size='1400'/></interface>"})
	n := r.named(backend.KindInterface, backend.Ref{}, interfaceName)
	if n == nil {
		r.fatalf("the interface that was defined is not listed")
	}
	return n.Ref()
}

func (r *run) interfaceIs(ref backend.Ref, active bool) {
	if got := byRef[*backend.Interface](r, ref, backend.Ref{}).Active; got != active {
		r.errorf("the interface is active: %v, want %v", got, active)
	}
}

func interfaceDefine(r *run) {
	ref := r.makeInterface()
	n := byRef[*backend.Interface](r, ref, backend.Ref{})
	if n.Type != "ethernet" || n.MAC != "52:54:00:00:ab:cd" {
		r.errorf("the new interface is %+v", n)
	}
	r.get(ref)
}

func interfaceStart(r *run) {
	n := r.makeInterface()
	r.interfaceIs(n, false)
	r.do(backend.StartOp{Object: n})
	r.interfaceIs(n, true)
	r.refused(backend.StartOp{Object: n}, backend.ClassConflict)
	r.do(backend.StopOp{Object: n})
	r.interfaceIs(n, false)
	r.idle(backend.StopOp{Object: n})
}

func interfaceUndefine(r *run) {
	n := r.makeInterface()
	r.do(backend.StartOp{Object: n})
	r.refused(backend.UndefineOp{Object: n}, backend.ClassConflict)
	r.do(backend.StopOp{Object: n})
	r.do(backend.UndefineOp{Object: n})
	r.absent(backend.KindInterface, backend.Ref{}, interfaceName)
}
