package backend

import "time"

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
func (o SnapshotCreateOp) Target() Ref { return o.VM }
func (o SnapshotRevertOp) Target() Ref { return o.VM }
func (o SnapshotDeleteOp) Target() Ref { return o.VM }
func (o SnapshotEditOp) Target() Ref   { return o.VM }

// Verb implements Op.
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
func (o SnapshotCreateOp) Title() string { return "create snapshot" }
func (o SnapshotRevertOp) Title() string { return "revert to snapshot" }
func (o SnapshotDeleteOp) Title() string { return "delete snapshot" }
func (o SnapshotEditOp) Title() string   { return "edit snapshot" }

// Span implements Spanned.
func (SnapshotCreateOp) Span() time.Duration { return SpanMemory }
func (SnapshotRevertOp) Span() time.Duration { return SpanMemory }
func (SnapshotDeleteOp) Span() time.Duration { return SpanMemory }
func (SnapshotEditOp) Span() time.Duration   { return SpanMemory }

func snapshotOps() []Op {
	return []Op{SnapshotCreateOp{}, SnapshotRevertOp{}, SnapshotDeleteOp{}, SnapshotEditOp{}}
}
