package backend

// Verb is something an endpoint may be able to do; an action needs one.
type Verb string

// The verbs. One verb may serve several operations; those that many kinds share are
// made by VerbFor.
const (
	VerbPowerOn         Verb = "power.on"
	VerbPowerOnHost     Verb = "power.on-host" // on a chosen host
	VerbPowerOff        Verb = "power.off"
	VerbReset           Verb = "power.reset"
	VerbSuspend         Verb = "power.suspend"
	VerbResume          Verb = "power.resume"
	VerbShutdown        Verb = "guest.shutdown"
	VerbReboot          Verb = "guest.reboot"
	VerbStandby         Verb = "guest.standby"
	VerbAnswer          Verb = "vm.answer"
	VerbSnapCreate      Verb = "snapshot.create"
	VerbSnapMemory      Verb = "snapshot.memory" // choice of memory on a running VM
	VerbSnapQuiesce     Verb = "snapshot.quiesce"
	VerbSnapDiskOnly    Verb = "snapshot.disk-only" // external overlay
	VerbSnapRevert      Verb = "snapshot.revert"
	VerbSnapRevertState Verb = "snapshot.revert-state" // run or pause after
	VerbSnapRevertHost  Verb = "snapshot.revert-host"  // on a chosen host
	VerbSnapDelete      Verb = "snapshot.delete"
	VerbSnapMetadata    Verb = "snapshot.metadata-only"
	VerbSnapEdit        Verb = "snapshot.edit"   // the description
	VerbSnapRename      Verb = "snapshot.rename" // the name

	VerbVMNew       Verb = "vm.new"
	VerbManagedSave Verb = "vm.managed-save"
	VerbVMRename    Verb = "vm.rename"
	VerbVMClone     Verb = "vm.clone"
	VerbVMResources Verb = "vm.resources"
	VerbVMMigrate   Verb = "vm.migrate"
	VerbSendKey     Verb = "vm.send-key"
	VerbScreenshot  Verb = "vm.screenshot"
	VerbAttach      Verb = "vm.attach"
	VerbMedia       Verb = "vm.media"
	VerbConsole     Verb = "vm.console" // ConsoleOpener

	VerbPoolBuild      Verb = "pool.build"
	VerbPoolRefresh    Verb = "pool.refresh"
	VerbPoolDelete     Verb = "pool.delete"
	VerbVolumeDelete   Verb = "volume.delete"
	VerbVolumeClone    Verb = "volume.clone"
	VerbVolumeResize   Verb = "volume.resize"
	VerbVolumeWipe     Verb = "volume.wipe"
	VerbVolumeUpload   Verb = "volume.upload"
	VerbVolumeDownload Verb = "volume.download"
	VerbVolumeMove     Verb = "volume.move"
	VerbFolderMake     Verb = "volume.folder"

	VerbSecretSet Verb = "secret.set"
	VerbSecretGet Verb = "secret.get" // SecretReader

	VerbVMRelocate      Verb = "vm.relocate"
	VerbVMRegister      Verb = "vm.register"
	VerbVMLinkedClone   Verb = "vm.linked-clone"
	VerbRemoteConsole   Verb = "vm.remote-console" // RemoteConsoler
	VerbHostMaintenance Verb = "host.maintenance"
	VerbHostLink        Verb = "host.link"
	VerbAlarmAck        Verb = "alarm.acknowledge"
	VerbTaskCancel      Verb = "task.cancel" // TaskCanceller
	VerbHistory         Verb = "history"     // Historian
	VerbOVFImport       Verb = "ovf.import"
	VerbOVFExport       Verb = "ovf.export"

	VerbNodeTune    Verb = "host.tune"
	VerbNodeSuspend Verb = "host.suspend"
)

// Caps says what an endpoint can do. The zero value can do nothing; a missing verb
// is "not supported by this connection".
type Caps struct {
	// Can maps a verb to "" when it works, else to the reason it does not, as
	// it is shown on the greyed entry. A verb that is missing altogether is one that
	// this kind of hypervisor has never heard of: menus leave it out (see Knows).
	Can map[Verb]string
	// Places is set where VMs have places in an inventory to choose from (Placement).
	Places bool
	// Files is set where pools hold folders and files with paths, as datastores do.
	Files bool
	// ReadOnly is set when the server or the operator opened it so; it comes
	// before every verb.
	ReadOnly bool
	// Watched are the kinds that Watch keeps complete by itself; all others are
	// polled with List.
	Watched []Kind
	// BulkLoads is set where the loads of all VMs cost one call.
	BulkLoads bool
	// Kinds are those the endpoint has at all.
	Kinds []Kind
}

// Knows reports whether this kind of hypervisor has heard of the verb at all, working or
// not. Before a connection was made nothing is known, and everything may be.
func (c Caps) Knows(v Verb) bool {
	_, known := c.Can[v]
	return known || len(c.Can) == 0
}

// Why is "" when the verb works here, else the reason it does not.
func (c Caps) Why(v Verb) string {
	if c.ReadOnly {
		return "read-only connection"
	}
	why, ok := c.Can[v]
	if !ok {
		return "not supported by this connection"
	}
	return why
}
