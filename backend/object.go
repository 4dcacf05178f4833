package backend

// Object is anything with a place in the inventory. The concrete types are *Host,
// *Cluster, *ResourcePool, *VM, *Snapshot, *Pool, *Volume, *Network, *Interface,
// *Secret, *NodeDevice, *Folder and *Alarm.
// An Object in the store is immutable.
type Object interface {
	Ref() Ref
	// Title is the name shown to the operator.
	Title() string
	// Owner is the parent object where the kind has one: a snapshot's VM, a
	// volume's pool; otherwise the zero Ref.
	Owner() Ref
}

// Meta is what all objects have; it makes them Objects by embedding.
type Meta struct {
	ID     Ref
	Name   string
	Parent Ref
	// Extra holds facts that only one hypervisor knows, in the order of display.
	Extra []Field
}

// Ref implements Object.
func (m *Meta) Ref() Ref { return m.ID }

// Title implements Object.
func (m *Meta) Title() string { return m.Name }

// Owner implements Object.
func (m *Meta) Owner() Ref { return m.Parent }

// Field is one named fact, already formatted for people, without its unit
// stripped: {"Firmware", "UEFI, secure boot"}.
type Field struct {
	Name  string
	Value string `clean:"text"`
}
