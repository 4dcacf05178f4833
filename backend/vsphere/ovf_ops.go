package vsphere

import "hvdeck/backend"

// Operations on OVF import and export.

func ovfVerbs() []backend.Verb { return []backend.Verb{backend.VerbOVFImport, backend.VerbOVFExport} }

func (a *action) ovfWork(op backend.Op) work {
	switch op := op.(type) {
	case backend.OVFImportOp:
		return bind(op, a.ovfImport)
	case backend.OVFExportOp:
		return bind(op, a.ovfExport)
	default:
		return nil
	}
}
