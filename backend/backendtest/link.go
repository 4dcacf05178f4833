package backendtest

import "hvdeck/backend"

func linkCases() []testCase {
	return []testCase{
		{name: "link/maintenance", ops: []backend.Op{backend.HostMaintenanceOp{}}, run: hostMaintenance},
		{name: "link/reconnect", ops: []backend.Op{backend.HostLinkOp{}}, run: hostReconnect},
	}
}

func (r *run) hostAt(ref backend.Ref) *backend.Host {
	return byRef[*backend.Host](r, ref, backend.Ref{})
}

// hostMaintenance takes the host of a VM that is off into maintenance mode: no VM starts
// there as long as that lasts.
func hostMaintenance(r *run) {
	r.needs(backend.VerbHostMaintenance)
	vm := r.plainVM()
	host := r.vmAt(vm).Host
	r.later(func() { r.quietly(backend.HostMaintenanceOp{Host: host}) })
	r.refused(backend.HostMaintenanceOp{Host: host, Enter: true, Within: -1}, backend.ClassInvalid)
	r.do(backend.HostMaintenanceOp{Host: host, Enter: true})
	if !r.hostAt(host).Maintenance {
		r.errorf("the host is not in maintenance mode")
	}
	r.idle(backend.HostMaintenanceOp{Host: host, Enter: true})
	if r.b.Caps().Why(backend.VerbPowerOnHost) == "" {
		r.refused(backend.PowerOnOp{VM: vm, Host: host}, backend.ClassConflict)
	}
	r.do(backend.HostMaintenanceOp{Host: host})
	if r.hostAt(host).Maintenance {
		r.errorf("the host is still in maintenance mode")
	}
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
}

func hostReconnect(r *run) {
	r.needs(backend.VerbHostLink)
	host := r.vmAt(r.plainVM()).Host
	r.later(func() { r.quietly(backend.HostLinkOp{Host: host, Connect: true}) })
	r.do(backend.HostLinkOp{Host: host})
	if got := r.hostAt(host).Link; got != backend.LinkDisconnected {
		r.errorf("the host is %s", got)
	}
	r.idle(backend.HostLinkOp{Host: host})
	r.do(backend.HostLinkOp{Host: host, Connect: true})
	if got := r.hostAt(host).Link; got != backend.LinkConnected {
		r.errorf("the host is %s", got)
	}
}
