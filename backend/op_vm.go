package backend

import "time"

// VMNewOp defines a plain new VM from a few answers; the rest is the best that the
// server's capabilities offer. A disk that it creates is deleted again when the VM
// can't be defined. Source: virDomainDefineXMLFlags, virStorageVolCreateXML.
type VMNewOp struct {
	Host   Ref
	Name   string
	VCPUs  int
	Memory uint64 // bytes
	// Pool is where a new disk of DiskSize bytes and DiskFormat ("qcow2", "raw") is
	// made, as NAME with the format as its ending; zero for none. Disk is an existing
	// volume to use instead.
	Pool       Ref
	DiskSize   uint64
	DiskFormat string
	Disk       Ref
	ISO        string // path at the host of an installation medium, or ""
	Network    Ref    // zero for no NIC
	UEFI       bool
	Autostart  bool
	Start      bool
}

// VMUndefineOp removes the definition of a VM. Each remnant that stays behind makes
// the server refuse, unless it is ticked. Storage is deleted only as far as its disks
// are listed, after the definition is gone; before anything is done it is refused for
// a disk in no pool, for a volume that backs another or belongs to another VM, and
// while the VM runs. A running VM keeps running without a definition. vSphere unregisters
// a VM that is off, or deletes it with all of its files: Disks must be none or all.
// Sources: virDomainUndefineFlags, virStorageVolDelete; UnregisterVM, Destroy_Task.
type VMUndefineOp struct {
	VM          Ref
	ManagedSave bool
	Snapshots   bool // metadata of snapshots and checkpoints
	NVRAM       bool // UEFI variables; kept when not set
	TPM         bool // state of an emulated TPM; kept when not set
	// Disks are the VM's own, as in Disk.Label ("vda"), whose volumes go as well.
	Disks []string
}

// VMManagedSaveOp writes memory to a file that the next start restores, and stops the
// VM. Source: virDomainManagedSave.
type VMManagedSaveOp struct{ VM Ref }

// VMManagedSaveRemoveOp discards that file. Source: virDomainManagedSaveRemove.
type VMManagedSaveRemoveOp struct{ VM Ref }

// VMRenameOp renames a VM. Source: virDomainRename; Rename_Task.
type VMRenameOp struct {
	VM   Ref
	Name string
}

// DiskFate is what a clone does with a disk of the original.
type DiskFate uint8

// Copied: a new volume with the same bytes. Shared: both use it; refused, with
// ClassConflict, for a disk that is neither read-only nor shareable. Left out: the clone
// has no such disk.
const (
	DiskCopied DiskFate = iota
	DiskShared
	DiskLeftOut
)

// CloneDisk says what happens to one disk.
type CloneDisk struct {
	Target string // as in Disk.Label: "vda"
	Fate   DiskFate
	Pool   Ref    // of the copy; zero: the pool of the original
	Name   string // of the copy; "": CLONE-TARGET and the ending of the original
}

// VMCloneOp makes a copy of a VM that does not run, with its own UUID and MAC
// addresses. Disks not listed are copied where they can be written to, else shared.
// What was copied is deleted again when it fails. vSphere copies all disks, and a VM that
// runs as well. Source: virStorageVolCreateXMLFrom, virDomainDefineXMLFlags;
// CloneVM_Task.
type VMCloneOp struct {
	VM    Ref
	Name  string
	Disks []CloneDisk // libvirt
	To    Placement   // vSphere, as what follows
	// Linked makes disks that stand on those of Snapshot, which must be set.
	Linked   bool
	Snapshot Ref // its state is cloned; zero: the present one
	PowerOn  bool
	Template bool // the clone is a template
}

// VMResourcesOp sets vCPUs and memory, at once where the VM runs and the guest takes
// it, and for the next start. Zeros leave things as they are. Result.Text says which
// part waits for the next start and why. Sources: virDomainSetVcpusFlags,
// virDomainSetMemoryFlags; ReconfigVM_Task.
type VMResourcesOp struct {
	VM                Ref
	VCPUs, MaxVCPUs   int
	Memory, MaxMemory uint64 // bytes
	CoresPerSocket    int    // vSphere, which has no maxima; refused while the VM runs
}

// VMMigrateOp moves a running VM to a host of another connection; the hosts talk to
// each other. Progress comes as bytes; a cancel leaves the VM where it was. Source:
// virDomainMigrateToURI3 (peer to peer).
type VMMigrateOp struct {
	VM Ref
	// To is the host it goes to, and URI how the source's daemon reaches that host's;
	// it must not be empty.
	To  Ref
	URI string
	// DataURI is where the memory goes ("tcp://10.0.0.2", "unix:///path"); "" leaves
	// it to the destination.
	DataURI      string
	Live         bool
	Persist      bool   // define it there
	Undefine     bool   // and no longer here
	CopyStorage  bool   // disks are not shared: copy them (their files must exist there)
	Unsafe       bool   // go on where caching makes it risky
	AutoConverge bool   // slow the guest down if it writes faster than the line
	Bandwidth    uint64 // bytes a second; 0: no bound
}

// VMSendKeyOp presses a key combination, "ctrl+alt+delete", in the guest. Keys can
// type a password, so they are not recorded. Source: virDomainSendKey.
type VMSendKeyOp struct {
	VM   Ref
	Keys string `audit:"secret"`
}

// VMScreenshotOp saves the guest's display as a PNG in a file of this machine, which
// must not exist. Source: virDomainScreenshot.
type VMScreenshotOp struct {
	VM   Ref
	File string
}

// Target implements Op.
func (o VMNewOp) Target() Ref               { return o.Host }
func (o VMUndefineOp) Target() Ref          { return o.VM }
func (o VMManagedSaveOp) Target() Ref       { return o.VM }
func (o VMManagedSaveRemoveOp) Target() Ref { return o.VM }
func (o VMRenameOp) Target() Ref            { return o.VM }
func (o VMCloneOp) Target() Ref             { return o.VM }
func (o VMResourcesOp) Target() Ref         { return o.VM }
func (o VMMigrateOp) Target() Ref           { return o.VM }
func (o VMSendKeyOp) Target() Ref           { return o.VM }
func (o VMScreenshotOp) Target() Ref        { return o.VM }

// Verb implements Op.
func (o VMNewOp) Verb() Verb               { return VerbVMNew }
func (o VMUndefineOp) Verb() Verb          { return VerbFor(KindVM, ActUndefine) }
func (o VMManagedSaveOp) Verb() Verb       { return VerbManagedSave }
func (o VMManagedSaveRemoveOp) Verb() Verb { return VerbManagedSave }
func (o VMRenameOp) Verb() Verb            { return VerbVMRename }
func (o VMCloneOp) Verb() Verb             { return VerbVMClone }
func (o VMResourcesOp) Verb() Verb         { return VerbVMResources }
func (o VMMigrateOp) Verb() Verb           { return VerbVMMigrate }
func (o VMSendKeyOp) Verb() Verb           { return VerbSendKey }
func (o VMScreenshotOp) Verb() Verb        { return VerbScreenshot }

// Title implements Op.
func (o VMNewOp) Title() string               { return "create VM " + o.Name }
func (o VMUndefineOp) Title() string          { return "undefine VM" }
func (o VMManagedSaveOp) Title() string       { return "save to disk" }
func (o VMManagedSaveRemoveOp) Title() string { return "discard saved state" }
func (o VMRenameOp) Title() string            { return "rename VM" }
func (o VMCloneOp) Title() string             { return "clone VM" }
func (o VMResourcesOp) Title() string         { return "set vCPUs and memory" }
func (o VMMigrateOp) Title() string           { return "migrate" }
func (o VMSendKeyOp) Title() string           { return "send keys" }
func (o VMScreenshotOp) Title() string        { return "take screenshot" }

// Span implements Spanned.
func (VMNewOp) Span() time.Duration         { return SpanDisks }
func (VMCloneOp) Span() time.Duration       { return SpanDisks }
func (VMMigrateOp) Span() time.Duration     { return SpanDisks }
func (VMManagedSaveOp) Span() time.Duration { return SpanDisks }

// Local implements the interface Local.
func (VMScreenshotOp) Local() {}

func vmOps() []Op {
	return []Op{
		VMNewOp{}, VMUndefineOp{}, VMManagedSaveOp{}, VMManagedSaveRemoveOp{}, VMRenameOp{}, VMCloneOp{},
		VMResourcesOp{}, VMMigrateOp{}, VMSendKeyOp{}, VMScreenshotOp{},
	}
}
