package backend

import "time"

// Files of a datastore are volumes: VolumeUploadOp overwrites one, VolumeImportOp makes
// one, VolumeCloneOp copies one, VolumeDeleteOp deletes one, or a folder with all that is
// in it. The names in these operations are paths below the pool ("iso/debian.iso").

// VolumeMoveOp moves or renames a file or folder. A file that a VM uses is refused, with
// ClassConflict. Sources: MoveDatastoreFile_Task, MoveVirtualDisk_Task.
type VolumeMoveOp struct {
	Volume Ref
	Pool   Ref // where it goes; zero: the same
	Name   string
}

// FolderMakeOp makes a folder, with those above it. Source: MakeDirectory.
type FolderMakeOp struct {
	Pool Ref
	Name string // a path below the pool
}

// Target implements Op.
func (o VolumeMoveOp) Target() Ref { return o.Volume }
func (o FolderMakeOp) Target() Ref { return o.Pool }

// Verb implements Op.
func (o VolumeMoveOp) Verb() Verb { return VerbVolumeMove }
func (o FolderMakeOp) Verb() Verb { return VerbFolderMake }

// Title implements Op.
func (o VolumeMoveOp) Title() string { return "move file" }
func (o FolderMakeOp) Title() string { return "make folder " + o.Name }

// Span implements Spanned.
func (VolumeMoveOp) Span() time.Duration { return SpanDisks }

func fileOps() []Op { return []Op{VolumeMoveOp{}, FolderMakeOp{}} }
