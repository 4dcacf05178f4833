package libvirt

import (
	"hvdeck/backend"
)

// storageWork is what is done to pools and volumes (G2, G4, G5).
func (c *client) storageWork(op backend.Op) work {
	if run := c.poolWork(op); run != nil {
		return run
	}
	return c.volumeWork(op)
}

func storageVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbFor(backend.KindPool, backend.ActDefine), backend.VerbFor(backend.KindPool, backend.ActUndefine),
		backend.VerbFor(backend.KindPool, backend.ActStart), backend.VerbFor(backend.KindPool, backend.ActStop),
		backend.VerbFor(backend.KindPool, backend.ActAutostart),
		backend.VerbPoolBuild, backend.VerbPoolRefresh, backend.VerbPoolDelete,
		backend.VerbFor(backend.KindVolume, backend.ActDefine), backend.VerbVolumeDelete, backend.VerbVolumeClone,
		backend.VerbVolumeResize, backend.VerbVolumeWipe, backend.VerbVolumeUpload, backend.VerbVolumeDownload,
	}
}
