package backend

// Op is an operation on one object. Each is a plain struct with all its arguments,
// so that it can be shown, written to the audit log and run later.
type Op interface {
	// Target is the object that it changes.
	Target() Ref
	// Verb is the capability it needs first.
	Verb() Verb
	// Title is what it does, in words: "power off".
	Title() string
}

// PowerOnOp starts a VM. Source: virDomainCreate; PowerOnVM_Task.
type PowerOnOp struct {
	VM Ref
	// Host to start on (vSphere); zero leaves the choice to the server.
	Host Ref
}

// PowerOffOp cuts the power. Source: virDomainDestroy; PowerOffVM_Task.
type PowerOffOp struct{ VM Ref }

// ResetOp presses the reset button. Source: virDomainReset; ResetVM_Task.
type ResetOp struct{ VM Ref }

// SuspendOp pauses (libvirt virDomainSuspend) or suspends (SuspendVM_Task) a VM.
type SuspendOp struct{ VM Ref }

// ResumeOp continues a paused or suspended VM. Source: virDomainResume,
// virDomainPMWakeup; PowerOnVM_Task.
type ResumeOp struct{ VM Ref }

// ShutdownOp asks the guest to shut down and returns when the request was
// accepted; the guest decides. Source: virDomainShutdown; ShutdownGuest.
type ShutdownOp struct{ VM Ref }

// RebootOp asks the guest to reboot. Source: virDomainReboot; RebootGuest.
type RebootOp struct{ VM Ref }

// StandbyOp asks the guest to sleep. Source: virDomainPMSuspendForDuration;
// StandbyGuest.
type StandbyOp struct{ VM Ref }

// AnswerOp answers a pending question. Source: AnswerVM.
type AnswerOp struct {
	VM       Ref
	Question string
	Choice   string
}

// SnapshotCreateOp takes a snapshot. Sources: virDomainSnapshotCreateXML;
// CreateSnapshot_Task.
type SnapshotCreateOp struct {
	VM          Ref
	Name        string // see CheckSnapshotName
	Description string
	Memory      bool // keep guest memory (only matters while running)
	Quiesce     bool // flush guest file systems through tools or agent
	DiskOnly    bool // libvirt: external overlay, no memory
}

// After is what a VM does after a revert.
type After uint8

// AfterAsTaken leaves the state that the snapshot recorded.
const (
	AfterAsTaken After = iota
	AfterRun
	AfterPause
)

// SnapshotRevertOp goes back to a snapshot; with a zero Snapshot to the current
// one. Sources: virDomainRevertToSnapshot; RevertToSnapshot_Task,
// RevertToCurrentSnapshot_Task.
type SnapshotRevertOp struct {
	VM       Ref
	Snapshot Ref
	After    After
	Host     Ref // vSphere: run on this host
}

// SnapshotDeleteOp deletes a snapshot. Source: virDomainSnapshotDelete;
// RemoveSnapshot_Task.
type SnapshotDeleteOp struct {
	VM           Ref
	Snapshot     Ref
	Children     bool // all descendants too
	MetadataOnly bool // libvirt forgets it, the disks keep it; never with Children
}

// SnapshotEditOp renames or redescribes a snapshot. Sources: libvirt redefine;
// RenameSnapshot.
type SnapshotEditOp struct {
	VM          Ref
	Snapshot    Ref
	Name        string // empty keeps the name
	Description string
	// KeepDescription leaves the description as the server has it: what a screen
	// knows of it was cleaned, and would not give it back whole.
	KeepDescription bool
}

// Target implements Op.
func (o PowerOnOp) Target() Ref        { return o.VM }
func (o PowerOffOp) Target() Ref       { return o.VM }
func (o ResetOp) Target() Ref          { return o.VM }
func (o SuspendOp) Target() Ref        { return o.VM }
func (o ResumeOp) Target() Ref         { return o.VM }
func (o ShutdownOp) Target() Ref       { return o.VM }
func (o RebootOp) Target() Ref         { return o.VM }
func (o StandbyOp) Target() Ref        { return o.VM }
func (o AnswerOp) Target() Ref         { return o.VM }
func (o SnapshotCreateOp) Target() Ref { return o.VM }
func (o SnapshotRevertOp) Target() Ref { return o.VM }
func (o SnapshotDeleteOp) Target() Ref { return o.VM }
func (o SnapshotEditOp) Target() Ref   { return o.VM }

// Verb implements Op.
func (o PowerOnOp) Verb() Verb {
	if o.Host.IsZero() {
		return VerbPowerOn
	}
	return VerbPowerOnHost
}
func (o PowerOffOp) Verb() Verb { return VerbPowerOff }
func (o ResetOp) Verb() Verb    { return VerbReset }
func (o SuspendOp) Verb() Verb  { return VerbSuspend }
func (o ResumeOp) Verb() Verb   { return VerbResume }
func (o ShutdownOp) Verb() Verb { return VerbShutdown }
func (o RebootOp) Verb() Verb   { return VerbReboot }
func (o StandbyOp) Verb() Verb  { return VerbStandby }
func (o AnswerOp) Verb() Verb   { return VerbAnswer }
func (o SnapshotCreateOp) Verb() Verb {
	switch {
	case o.DiskOnly:
		return VerbSnapDiskOnly
	case o.Quiesce:
		return VerbSnapQuiesce
	default:
		return VerbSnapCreate
	}
}
func (o SnapshotRevertOp) Verb() Verb {
	switch {
	case !o.Host.IsZero():
		return VerbSnapRevertHost
	case o.After != AfterAsTaken:
		return VerbSnapRevertState
	default:
		return VerbSnapRevert
	}
}
func (o SnapshotDeleteOp) Verb() Verb {
	if o.MetadataOnly {
		return VerbSnapMetadata
	}
	return VerbSnapDelete
}
func (o SnapshotEditOp) Verb() Verb { return VerbSnapEdit }

// Title implements Op.
func (o PowerOnOp) Title() string        { return "power on" }
func (o PowerOffOp) Title() string       { return "power off" }
func (o ResetOp) Title() string          { return "reset" }
func (o SuspendOp) Title() string        { return "suspend" }
func (o ResumeOp) Title() string         { return "resume" }
func (o ShutdownOp) Title() string       { return "shut down guest" }
func (o RebootOp) Title() string         { return "reboot guest" }
func (o StandbyOp) Title() string        { return "standby guest" }
func (o AnswerOp) Title() string         { return "answer question" }
func (o SnapshotCreateOp) Title() string { return "create snapshot" }
func (o SnapshotRevertOp) Title() string { return "revert to snapshot" }
func (o SnapshotDeleteOp) Title() string { return "delete snapshot" }
func (o SnapshotEditOp) Title() string   { return "edit snapshot" }

// Ops lists one zero value of every operation, in the order of this file: what a
// test has to cover, or a registry to offer.
func Ops() []Op {
	return []Op{
		PowerOnOp{}, PowerOffOp{}, ResetOp{}, SuspendOp{}, ResumeOp{},
		ShutdownOp{}, RebootOp{}, StandbyOp{}, AnswerOp{},
		SnapshotCreateOp{}, SnapshotRevertOp{}, SnapshotDeleteOp{}, SnapshotEditOp{},
	}
}
