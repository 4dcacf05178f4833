package vsphere

import (
	"maps"
	"slices"

	"hvdeck/backend"
)

// capsOf says what a vCenter or a single ESXi host can do.
func capsOf(vcenter, readOnly bool) backend.Caps {
	can := make(map[backend.Verb]string)
	for _, v := range slices.Concat(
		powerVerbs(), snapshotVerbs(), lifeVerbs(), placeVerbs(), hostVerbs(), fileVerbs(), ovfVerbs(), alarmVerbs(), historyVerbs(),
		consoleVerbs(), taskVerbs(),
	) {
		can[v] = ""
	}
	can[backend.VerbSnapDiskOnly] = "vSphere keeps the disks of every snapshot in delta files; there is no other kind"
	can[backend.VerbSnapMetadata] = "vSphere can't forget a snapshot without merging its disks"
	can[backend.VerbSnapRevertState] = "vSphere restores the power state that the snapshot recorded"
	watched := []backend.Kind{
		backend.KindHost, backend.KindResourcePool, backend.KindVM, backend.KindPool, backend.KindNetwork,
	}
	if vcenter {
		watched = append(watched, backend.KindCluster, backend.KindFolder, backend.KindAlarm)
	} else {
		can[backend.VerbAlarmAck] = noAlarms
		maps.Copy(can, singleHost())
	}
	kinds := append([]backend.Kind{backend.KindSnapshot, backend.KindVolume}, watched...)
	return backend.Caps{Can: can, Places: true, Files: true, ReadOnly: readOnly, Watched: watched, Kinds: kinds}
}

// singleHost are the reasons for what an ESXi host without a vCenter can't do.
func singleHost() map[backend.Verb]string {
	const noOther = "a single ESXi host: there is no other host"
	const noClone = "a single ESXi host can't clone; vCenter does"
	return map[backend.Verb]string{
		backend.VerbPowerOnHost:    noOther,
		backend.VerbSnapRevertHost: noOther,
		backend.VerbVMRelocate:     noOther,
		backend.VerbVMClone:        noClone,
		backend.VerbVMLinkedClone:  noClone,
		backend.VerbHostLink:       "a single ESXi host: there is no vCenter that it could be linked to",
	}
}
