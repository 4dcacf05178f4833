package backend

import "time"

// HostMaintenanceOp takes a host into maintenance mode, in which no VM runs on it, or
// out of it. Sources: EnterMaintenanceMode_Task, ExitMaintenanceMode_Task.
type HostMaintenanceOp struct {
	Host  Ref
	Enter bool
	// Evacuate moves powered-off VMs away as well; running ones have to go in every case,
	// moved by the cluster's scheduler or by hand.
	Evacuate bool
	// Within is how long the server may take; 0: as long as it needs.
	Within time.Duration
}

// HostLinkOp connects a host to its vCenter again, or disconnects it: its VMs run on
// unmanaged. Sources: ReconnectHost_Task, DisconnectHost_Task.
type HostLinkOp struct {
	Host    Ref
	Connect bool
}

// Target implements Op.
func (o HostMaintenanceOp) Target() Ref { return o.Host }
func (o HostLinkOp) Target() Ref        { return o.Host }

// Verb implements Op.
func (o HostMaintenanceOp) Verb() Verb { return VerbHostMaintenance }
func (o HostLinkOp) Verb() Verb        { return VerbHostLink }

// Title implements Op.
func (o HostMaintenanceOp) Title() string {
	if o.Enter {
		return "enter maintenance mode"
	}
	return "exit maintenance mode"
}
func (o HostLinkOp) Title() string {
	if o.Connect {
		return "reconnect host"
	}
	return "disconnect host"
}

// Span implements Spanned.
func (HostMaintenanceOp) Span() time.Duration { return SpanDisks }

func hostOps() []Op { return []Op{HostMaintenanceOp{}, HostLinkOp{}} }
