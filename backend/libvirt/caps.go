package libvirt

import (
	"slices"
	"strings"

	"hvdeck/backend"
)

// capsFor says what a driver can do. What depends on the single VM (an agent, its
// disks) is left to the server to refuse.
func capsFor(driver string, readOnly bool) backend.Caps {
	can := map[backend.Verb]string{
		backend.VerbPowerOnHost:    "libvirt: a connection is one host",
		backend.VerbAnswer:         "libvirt VMs ask no questions",
		backend.VerbSnapRevertHost: "libvirt: a connection is one host",
		backend.VerbSnapRename:     "libvirt can't rename a snapshot",
	}
	works := []backend.Verb{
		backend.VerbPowerOn, backend.VerbPowerOff, backend.VerbReset, backend.VerbSuspend, backend.VerbResume,
		backend.VerbShutdown, backend.VerbReboot, backend.VerbStandby,
		backend.VerbSnapCreate, backend.VerbSnapMemory, backend.VerbSnapQuiesce, backend.VerbSnapDiskOnly,
		backend.VerbSnapRevert, backend.VerbSnapRevertState, backend.VerbSnapDelete, backend.VerbSnapMetadata,
		backend.VerbSnapEdit,
	}
	works = slices.Concat(works, vmVerbs(), definitionVerbs(), storageVerbs(), networkVerbs(), secretVerbs(), nodeVerbs(), consoleVerbs())
	for _, v := range works {
		can[v] = ""
	}
	switch strings.ToUpper(driver) {
	case "QEMU":
		can[backend.VerbSnapMemory] = "libvirt always keeps the memory of a running VM, except in an external snapshot"
	case "TEST":
		for _, v := range []backend.Verb{backend.VerbStandby, backend.VerbSnapMemory, backend.VerbSnapQuiesce,
			backend.VerbSnapDiskOnly, backend.VerbSnapMetadata} {
			can[v] = "not supported by libvirt's test driver"
		}
		for _, v := range testDriverLacks() {
			can[v] = "not supported by libvirt's test driver"
		}
	default:
		for _, v := range []backend.Verb{backend.VerbSnapQuiesce, backend.VerbSnapDiskOnly, backend.VerbStandby} {
			can[v] = "not supported by the " + driver + " driver"
		}
	}
	return backend.Caps{
		Can: can, ReadOnly: readOnly, BulkLoads: true,
		Kinds: []backend.Kind{backend.KindHost, backend.KindVM, backend.KindSnapshot, backend.KindPool,
			backend.KindVolume, backend.KindNetwork, backend.KindInterface, backend.KindSecret, backend.KindNodeDevice},
	}
}

// testDriverLacks are the verbs that the test driver answers with "not supported".
func testDriverLacks() []backend.Verb {
	return []backend.Verb{backend.VerbConsole, backend.VerbAttach, backend.VerbMedia, backend.VerbVMMigrate,
		backend.VerbVolumeResize, backend.VerbVolumeWipe, backend.VerbVolumeUpload, backend.VerbVolumeDownload,
		backend.VerbSecretSet, backend.VerbSecretGet,
		backend.VerbFor(backend.KindSecret, backend.ActDefine), backend.VerbFor(backend.KindSecret, backend.ActUndefine),
		backend.VerbNodeTune, backend.VerbNodeSuspend}
}
