package backend

import "time"

// OVFValue is the value of a property of an OVF. Key is as in ovf.Property: class, id and
// instance joined by dots. A property that is a password has Secret in place of Value.
type OVFValue struct {
	Key    string
	Value  string
	Secret Hidden
}

// OVFNetwork maps a network that a descriptor names to one of the inventory.
type OVFNetwork struct {
	Name    string
	Network Ref
}

// OVFImportOp makes a VM or vApp of an OVF or OVA. Its files are checked against the
// manifest before anything is created; what was created is removed again when it fails
// or is cancelled. Checker gives the server's warnings and errors beforehand. The check
// reads the whole package, at a URL too, and the upload reads it again: Progress.Bytes
// counts both, so its total is about twice the size and the first half is the check.
// Sources: OvfManager.CreateImportSpec, ResourcePool.importVApp, HttpNfcLease.
type OVFImportOp struct {
	// Under is the resource pool, vApp, cluster or host that it goes to.
	Under Ref
	// Source is a file of this machine (.ovf or .ova) or an http(s) URL.
	Source    string
	Name      string
	Folder    Ref // of VMs; zero: the datacenter's own
	Host      Ref // in a cluster; zero: the server chooses
	Datastore Ref
	// Provisioning is one of OVFProvisionings.
	Provisioning string
	Networks     []OVFNetwork
	Option       string // deployment option; "": the descriptor's default
	Properties   []OVFValue
	// Options are keys of OVFOptions.Import.
	Options []string
	// EULA is set when every licence of the descriptor was accepted.
	EULA    bool
	PowerOn bool
	// NoManifest goes on where a package has no manifest; with one it is always checked.
	NoManifest bool
}

// OVFProvisionings are the values of OvfCreateImportSpecParams.diskProvisioning that a
// current server takes; the first is its default.
func OVFProvisionings() []string { return []string{"thin", "thick", "eagerZeroedThick"} }

// OVFExportOp writes a VM or vApp that is off as an OVF (File ends in .ovf, the disks
// come beside it) or an OVA. Files get their names when all of it is there; a cancel that
// comes later has no effect. Sources:
// exportVm, exportVApp, OvfManager.CreateDescriptor, HttpNfcLease.
type OVFExportOp struct {
	Object Ref // a VM, or a resource pool that is a vApp
	File   string
	// Overwrite replaces what is there; a package that it can't replace stays as it was.
	Overwrite bool
	// Digest of the manifest: "SHA256" (default), "SHA1", "SHA512", "none".
	Digest string
	// Options are keys of OVFOptions.Export.
	Options     []string
	Name        string // in the descriptor; "": that of the object
	Description string
	// Images includes media such as ISO files.
	Images bool
}

// Target implements Op.
func (o OVFImportOp) Target() Ref { return o.Under }
func (o OVFExportOp) Target() Ref { return o.Object }

// Verb implements Op.
func (o OVFImportOp) Verb() Verb { return VerbOVFImport }
func (o OVFExportOp) Verb() Verb { return VerbOVFExport }

// Title implements Op.
func (o OVFImportOp) Title() string { return "import OVF as " + o.Name }
func (o OVFExportOp) Title() string { return "export OVF" }

// Span implements Spanned.
func (OVFImportOp) Span() time.Duration { return SpanDisks }
func (OVFExportOp) Span() time.Duration { return SpanDisks }

// Local implements the interface Local.
func (OVFImportOp) Local() {}
func (OVFExportOp) Local() {}

func ovfOps() []Op { return []Op{OVFImportOp{}, OVFExportOp{}} }
