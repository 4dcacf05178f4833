package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

var _ backend.Checker = (*Conn)(nil)

// Check implements backend.Checker. What the server can't be asked about gives no
// findings.
func (c *Conn) Check(ctx context.Context, op backend.Op) ([]backend.Finding, error) {
	a := &action{c: c, doing: "check: " + doingOf(op), object: c.names.name(op.Target().ID)}
	if op.Target().Conn != c.opts.ID {
		return nil, a.refuse(backend.ClassInvalid, "the object belongs to another connection")
	}
	switch op := op.(type) {
	case backend.VMRelocateOp:
		return a.checkRelocate(ctx, op)
	case backend.VMCloneOp:
		return a.checkClone(ctx, op)
	case backend.PowerOnOp:
		return a.checkPowerOn(ctx, op)
	case backend.HostMaintenanceOp:
		return a.checkMaintenance(ctx, op)
	case backend.OVFImportOp:
		return c.checkOVFImport(ctx, op)
	case backend.OVFExportOp:
		return c.checkOVFExport(ctx, op)
	default:
		return nil, nil
	}
}

// findings are what a check of the server found, in its words.
func (c *Conn) findings(results []types.CheckResult) []backend.Finding {
	var all []backend.Finding
	for _, r := range results {
		about := backend.Ref{}
		if r.Host != nil {
			about = c.ref(backend.KindHost, r.Host.Value)
		}
		for _, f := range r.Error {
			all = append(all, backend.Finding{Severity: backend.SeverityError, Text: wordsOf(f), Object: about})
		}
		for _, f := range r.Warning {
			all = append(all, backend.Finding{Severity: backend.SeverityWarning, Text: wordsOf(f), Object: about})
		}
	}
	return all
}

// wordsOf is a fault that the server reports without failing a call.
func wordsOf(f types.LocalizedMethodFault) string {
	return faultWords(f.Fault, faultText(taskFault(&f)))
}
