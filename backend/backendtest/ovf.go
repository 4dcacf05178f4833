package backendtest

import "hvdeck/backend"

func ovfCases() []testCase {
	return []testCase{
		{name: "ovf/import", ops: []backend.Op{backend.OVFImportOp{}}, run: ovfImport},
		{name: "ovf/export", ops: []backend.Op{backend.OVFExportOp{}}, run: ovfExport},
	}
}

func ovfImport(r *run) {
	r.needs(backend.VerbOVFImport)
	r.fatalf("no such case yet")
}

func ovfExport(r *run) {
	r.needs(backend.VerbOVFExport)
	r.fatalf("no such case yet")
}
