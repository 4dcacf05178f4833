package mem

import "hvdeck/backend"

// vmVerbs are what can be done to VMs and their snapshots.
func vmVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbPowerOn, backend.VerbPowerOff, backend.VerbReset, backend.VerbSuspend, backend.VerbResume,
		backend.VerbShutdown, backend.VerbReboot, backend.VerbStandby, backend.VerbAnswer,
		backend.VerbSnapCreate, backend.VerbSnapMemory, backend.VerbSnapQuiesce, backend.VerbSnapDiskOnly,
		backend.VerbSnapRevert, backend.VerbSnapRevertState, backend.VerbSnapDelete, backend.VerbSnapMetadata,
		backend.VerbSnapEdit, backend.VerbSnapRename,
		backend.VerbVMNew, backend.VerbManagedSave, backend.VerbVMRename, backend.VerbVMClone, backend.VerbVMResources,
		backend.VerbVMMigrate, backend.VerbSendKey, backend.VerbScreenshot, backend.VerbAttach, backend.VerbMedia,
	}
}

// objectVerbs are what can be done to everything else, and to several kinds.
func objectVerbs() []backend.Verb {
	all := []backend.Verb{
		backend.VerbPoolBuild, backend.VerbPoolRefresh, backend.VerbPoolDelete,
		backend.VerbVolumeDelete, backend.VerbVolumeClone, backend.VerbVolumeResize, backend.VerbVolumeWipe,
		backend.VerbVolumeUpload, backend.VerbVolumeDownload,
		backend.VerbSecretSet, backend.VerbSecretGet, backend.VerbNodeTune, backend.VerbNodeSuspend,
	}
	for kind, acts := range map[backend.Kind][]string{
		backend.KindVM:        {backend.ActDefine, backend.ActCreate, backend.ActUndefine, backend.ActAutostart},
		backend.KindSnapshot:  {backend.ActDefine},
		backend.KindPool:      {backend.ActDefine, backend.ActCreate, backend.ActUndefine, backend.ActStart, backend.ActStop, backend.ActAutostart},
		backend.KindVolume:    {backend.ActDefine},
		backend.KindNetwork:   {backend.ActDefine, backend.ActCreate, backend.ActUndefine, backend.ActStart, backend.ActStop, backend.ActAutostart},
		backend.KindInterface: {backend.ActDefine, backend.ActUndefine, backend.ActStart, backend.ActStop},
		backend.KindSecret:    {backend.ActDefine, backend.ActUndefine},
	} {
		for _, act := range acts {
			all = append(all, backend.VerbFor(kind, act))
		}
	}
	return all
}
