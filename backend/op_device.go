package backend

// Devices are attached and detached at once where the VM runs, and in its lasting
// definition where it has one. Result.Text says so where only one of both was done.

// VMAttachDiskOp gives a VM a disk, a CD-ROM or a floppy. What could be written to is
// refused, with ClassConflict, where another VM has it or a volume stands on it. Source:
// virDomainAttachDeviceFlags.
type VMAttachDiskOp struct {
	VM       Ref
	Path     string // of the image or block device at the host; "" for an empty drive
	Device   string // "disk", "cdrom", "floppy"
	Bus      string // "virtio", "sata", "scsi", "usb", "ide"; "": the best that fits
	Format   string // "raw", "qcow2"; "": what the volume is, else raw
	ReadOnly bool
}

// VMAttachNICOp gives a VM a network interface. Source: virDomainAttachDeviceFlags.
type VMAttachNICOp struct {
	VM      Ref
	Network string // name of a network of the same connection
	Model   string // "virtio", "e1000e"; "": the best that fits
	MAC     string // "": a random one of the hypervisor's range
}

// VMDetachOp takes a device away. Source: virDomainDetachDeviceFlags. A running guest
// has to let go of it: the task waits for that, a while.
type VMDetachOp struct {
	VM     Ref
	Device string // a disk as in Disk.Label, "vda", or the MAC address of a NIC
}

// VMMediaOp changes the medium of a drive, or takes it out. Source:
// virDomainUpdateDeviceFlags.
type VMMediaOp struct {
	VM    Ref
	Drive string // as in Disk.Label: "sda"
	Path  string // "" takes the medium out
	Force bool   // also where the guest has locked the drive
}

// Target implements Op.
func (o VMAttachDiskOp) Target() Ref { return o.VM }
func (o VMAttachNICOp) Target() Ref  { return o.VM }
func (o VMDetachOp) Target() Ref     { return o.VM }
func (o VMMediaOp) Target() Ref      { return o.VM }

// Verb implements Op.
func (o VMAttachDiskOp) Verb() Verb { return VerbAttach }
func (o VMAttachNICOp) Verb() Verb  { return VerbAttach }
func (o VMDetachOp) Verb() Verb     { return VerbAttach }
func (o VMMediaOp) Verb() Verb      { return VerbMedia }

// Title implements Op.
func (o VMAttachDiskOp) Title() string { return "attach disk" }
func (o VMAttachNICOp) Title() string  { return "attach NIC" }
func (o VMDetachOp) Title() string     { return "detach " + o.Device }
func (o VMMediaOp) Title() string {
	if o.Path == "" {
		return "eject medium"
	}
	return "insert medium"
}

func deviceOps() []Op {
	return []Op{VMAttachDiskOp{}, VMAttachNICOp{}, VMDetachOp{}, VMMediaOp{}}
}
