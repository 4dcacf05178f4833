package effect

import (
	"hvdeck/backend"
)

// host is what becomes of hosts, and of the alarms, networks and secrets that they have.
func host(op backend.Op, was Known) (Trace, bool) {
	switch op := op.(type) {
	case backend.HostMaintenanceOp:
		return becomes(was, op.Host, func(h *backend.Host) bool { return h.Maintenance == op.Enter })
	case backend.HostLinkOp:
		return becomes(was, op.Host, func(h *backend.Host) bool { return (h.Link == backend.LinkConnected) == op.Connect })
	case backend.NodeTuneOp:
		return redetailed(was, op.Host, func(d *backend.Detail) bool { return d.Host != nil && tuned(d.Host.Sharing, op) })
	case backend.NodeSuspendOp:
		return hidden("a host that sleeps does not answer: look whether it does before you send it to sleep again")
	case backend.AlarmAckOp:
		return changes(was, op.Alarm, func(a *backend.Alarm) bool { return a.Acked })
	case backend.NetworkNewOp:
		return appears(was, backend.KindNetwork, backend.Ref{Conn: op.Target().Conn}, func(n *backend.Network) bool { return n.Name == op.Name },
			func(n *backend.Network) bool { return n.Autostart == op.Autostart && (!op.Start || n.Active) })
	case backend.SecretNewOp:
		return newSecret(op, was)
	case backend.SecretSetOp:
		return hidden("the value of a secret is not compared: set it again, which does no harm")
	default:
		return Trace{}, false
	}
}

func tuned(is *backend.MemorySharing, op backend.NodeTuneOp) bool {
	same := func(wanted int64, is uint64) bool { return wanted < 0 || uint64(wanted) == is }
	return is != nil && same(op.PagesToScan, is.PagesToScan) && same(op.SleepMillis, is.SleepMillis) &&
		(op.MergeAcross < 0 || (op.MergeAcross == 1) == is.MergeAcross)
}

// newSecret: the server takes one secret for each use. Its value is set after it is
// there, and does not show.
func newSecret(op backend.SecretNewOp, was Known) (Trace, bool) {
	if !op.Value.Empty() || op.UsageID == "" {
		return hidden("look for the secret; when it is there, set its value again, which does no harm")
	}
	return appears(was, backend.KindSecret, backend.Ref{Conn: op.Target().Conn},
		func(x *backend.Secret) bool { return x.Usage == op.Usage && x.UsageID == op.UsageID },
		func(*backend.Secret) bool { return true })
}
