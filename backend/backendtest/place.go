package backendtest

import "hvdeck/backend"

func placeCases() []testCase {
	return []testCase{
		{name: "place/relocate", ops: []backend.Op{backend.VMRelocateOp{}}, run: vmRelocate},
		{name: "place/register", ops: []backend.Op{backend.VMRegisterOp{}}, run: vmRegister},
	}
}

func vmRelocate(r *run) {
	r.needs(backend.VerbVMRelocate)
	r.fatalf("no such case yet")
}

func vmRegister(r *run) {
	r.needs(backend.VerbVMRegister)
	r.fatalf("no such case yet")
}
