package backend

import "time"

// Placement is where in a vSphere inventory a VM goes. What is zero the server chooses,
// or stays as it is. With a Cluster and no Host the cluster's scheduler chooses.
type Placement struct {
	Folder       Ref // of VMs; a datacenter stands for its top one
	Cluster      Ref
	Host         Ref
	ResourcePool Ref
	Datastore    Ref
	// Provisioning of disks that are copied: "" as they are, "thin", "thick" (zeroed when
	// first written), "eager" (zeroed at once).
	Provisioning string
}

// Provisionings are the values of Placement.Provisioning, the first is the default.
func Provisionings() []string { return []string{"", "thin", "thick", "eager"} }

// VMRelocateOp moves a VM within one vCenter, running or not: to another host, resource
// pool, datastore or folder. Checker tells beforehand what speaks against it. Sources:
// RelocateVM_Task, MoveIntoFolder_Task.
type VMRelocateOp struct {
	VM Ref
	To Placement
	// HighPriority reserves CPU for a live migration (VirtualMachineMovePriority).
	HighPriority bool
}

// VMRegisterOp makes a VM of a .vmx file in a datastore. Source: RegisterVM_Task.
type VMRegisterOp struct {
	File     Ref    // a volume
	Name     string // "": as the file says
	Template bool
	To       Placement // of which the datastore is that of the file
}

// Target implements Op.
func (o VMRelocateOp) Target() Ref { return o.VM }
func (o VMRegisterOp) Target() Ref { return o.File }

// Verb implements Op.
func (o VMRelocateOp) Verb() Verb { return VerbVMRelocate }
func (o VMRegisterOp) Verb() Verb { return VerbVMRegister }

// Title implements Op.
func (o VMRelocateOp) Title() string { return "move" }
func (o VMRegisterOp) Title() string { return "register VM" }

// Span implements Spanned.
func (VMRelocateOp) Span() time.Duration { return SpanDisks }

func placeOps() []Op { return []Op{VMRelocateOp{}, VMRegisterOp{}} }
