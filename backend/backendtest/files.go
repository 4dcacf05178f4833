package backendtest

import "hvdeck/backend"

func fileCases() []testCase {
	return []testCase{
		{name: "file/move", ops: []backend.Op{backend.VolumeMoveOp{}}, run: fileMove},
		{name: "file/folder", ops: []backend.Op{backend.FolderMakeOp{}}, run: folderMake},
	}
}

func fileMove(r *run) {
	r.needs(backend.VerbVolumeMove)
	r.fatalf("no such case yet")
}

func folderMake(r *run) {
	r.needs(backend.VerbFolderMake)
	r.fatalf("no such case yet")
}
