package backendtest

import "hvdeck/backend"

func linkCases() []testCase {
	return []testCase{
		{name: "link/maintenance", ops: []backend.Op{backend.HostMaintenanceOp{}}, run: hostMaintenance},
		{name: "link/reconnect", ops: []backend.Op{backend.HostLinkOp{}}, run: hostReconnect},
	}
}

func hostMaintenance(r *run) {
	r.needs(backend.VerbHostMaintenance)
	r.fatalf("no such case yet")
}

func hostReconnect(r *run) {
	r.needs(backend.VerbHostLink)
	r.fatalf("no such case yet")
}
