package backend

import "time"

// VolumeCreateOp makes a volume. Source: virStorageVolCreateXML.
type VolumeCreateOp struct {
	Pool       Ref
	Name       string
	Format     string // "raw", "qcow2"; "" where the pool's type knows none
	Capacity   uint64 // bytes
	Allocation uint64 // bytes to allocate at once; 0 grows as needed
	Metadata   bool   // qcow2: allocate the metadata at once
	Backing    string // path of the file below; "" for none
	// BackingFormat is needed with Backing: a guessed one lets a guest read any file.
	BackingFormat string
}

// VolumeDeleteOp deletes a volume, unless a VM uses it or another volume stands on
// it. Source: virStorageVolDelete.
type VolumeDeleteOp struct{ Volume Ref }

// VolumeCloneOp copies a volume. Source: virStorageVolCreateXMLFrom.
type VolumeCloneOp struct {
	Volume   Ref
	Pool     Ref // of the copy; zero: the same
	Name     string
	Format   string // "": as the original
	Metadata bool   // qcow2: allocate the metadata at once
}

// VolumeResizeOp changes the capacity. To shrink is refused, with ClassConflict, while a
// VM has the volume as a disk or medium, running or not, or another volume stands on
// it. Source: virStorageVolResize.
type VolumeResizeOp struct {
	Volume   Ref
	Capacity uint64 // bytes
	Allocate bool   // allocate the new room at once
	Shrink   bool   // allow a smaller size: what is beyond it is lost
}

// VolumeWipeOp overwrites a volume, unless a VM has it as a disk or medium, running or
// not, or another volume stands on it (ClassConflict). Source:
// virStorageVolWipePattern.
type VolumeWipeOp struct {
	Volume    Ref
	Algorithm string // one of WipeAlgorithms
}

// WipeAlgorithms are the names of virStorageVolWipeAlgorithm, in its order.
func WipeAlgorithms() []string {
	return []string{"zero", "nnsa", "dod", "bsi", "gutmann", "schneier", "pfitzner7", "pfitzner33", "random", "trim"}
}

// VolumeUploadOp overwrites a volume with a file of this machine, unless a VM has it as
// a disk or medium, running or not, or another volume stands on it (ClassConflict).
// Progress comes as
// bytes; Result.Text gives the SHA-256 of what was sent. A cancel, or a link that
// breaks, leaves the volume with part of it: the error says so. Source:
// virStorageVolUpload.
type VolumeUploadOp struct {
	Volume Ref
	File   string
	// NoChecksum leaves out the SHA-256, which costs a core a third of a second for
	// half a GiB.
	NoChecksum bool
}

// VolumeImportOp makes a new volume of a file of this machine; it is deleted again
// when not all of it arrives. Sources: virStorageVolCreateXML, virStorageVolUpload.
type VolumeImportOp struct {
	Pool       Ref
	Name       string
	Format     string // of the file: "raw", "qcow2", "iso"; "": looked up in the file
	File       string
	NoChecksum bool // as in VolumeUploadOp
}

// VolumeDownloadOp copies a volume into a file of this machine, under a temporary name
// beside it until it is whole. Result.Text gives the SHA-256. Source:
// virStorageVolDownload.
type VolumeDownloadOp struct {
	Volume     Ref
	File       string
	Overwrite  bool // replace a file that exists
	NoChecksum bool // as in VolumeUploadOp
}

// Target implements Op.
func (o VolumeCreateOp) Target() Ref   { return o.Pool }
func (o VolumeDeleteOp) Target() Ref   { return o.Volume }
func (o VolumeCloneOp) Target() Ref    { return o.Volume }
func (o VolumeResizeOp) Target() Ref   { return o.Volume }
func (o VolumeWipeOp) Target() Ref     { return o.Volume }
func (o VolumeUploadOp) Target() Ref   { return o.Volume }
func (o VolumeImportOp) Target() Ref   { return o.Pool }
func (o VolumeDownloadOp) Target() Ref { return o.Volume }

// Verb implements Op.
func (o VolumeCreateOp) Verb() Verb   { return VerbFor(KindVolume, ActDefine) }
func (o VolumeDeleteOp) Verb() Verb   { return VerbVolumeDelete }
func (o VolumeCloneOp) Verb() Verb    { return VerbVolumeClone }
func (o VolumeResizeOp) Verb() Verb   { return VerbVolumeResize }
func (o VolumeWipeOp) Verb() Verb     { return VerbVolumeWipe }
func (o VolumeUploadOp) Verb() Verb   { return VerbVolumeUpload }
func (o VolumeImportOp) Verb() Verb   { return VerbVolumeUpload }
func (o VolumeDownloadOp) Verb() Verb { return VerbVolumeDownload }

// Title implements Op.
func (o VolumeCreateOp) Title() string   { return "create volume " + o.Name }
func (o VolumeDeleteOp) Title() string   { return "delete volume" }
func (o VolumeCloneOp) Title() string    { return "clone volume" }
func (o VolumeResizeOp) Title() string   { return "resize volume" }
func (o VolumeWipeOp) Title() string     { return "wipe volume" }
func (o VolumeUploadOp) Title() string   { return "upload to volume" }
func (o VolumeImportOp) Title() string   { return "upload as volume " + o.Name }
func (o VolumeDownloadOp) Title() string { return "download volume" }

// Span implements Spanned.
func (VolumeCreateOp) Span() time.Duration   { return SpanDisks }
func (VolumeCloneOp) Span() time.Duration    { return SpanDisks }
func (VolumeResizeOp) Span() time.Duration   { return SpanDisks }
func (VolumeWipeOp) Span() time.Duration     { return SpanDisks }
func (VolumeUploadOp) Span() time.Duration   { return SpanDisks }
func (VolumeImportOp) Span() time.Duration   { return SpanDisks }
func (VolumeDownloadOp) Span() time.Duration { return SpanDisks }

// Local implements the interface Local.
func (VolumeUploadOp) Local()   {}
func (VolumeImportOp) Local()   {}
func (VolumeDownloadOp) Local() {}

func volumeOps() []Op {
	return []Op{
		VolumeCreateOp{}, VolumeDeleteOp{}, VolumeCloneOp{}, VolumeResizeOp{}, VolumeWipeOp{},
		VolumeUploadOp{}, VolumeImportOp{}, VolumeDownloadOp{},
	}
}
