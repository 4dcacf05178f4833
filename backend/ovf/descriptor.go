package ovf

import (
	"slices"

	"hvdeck/backend"
)

// Descriptor is what an .ovf file says, in the language-neutral or English words where it
// has several. It is immutable. Its texts are as the file has them: clean them before
// they are shown.
type Descriptor struct {
	Version string // of the format: "0.9", "1", "2"
	// Name and Annotation are those of the outermost system or collection.
	Name       string
	Annotation string `clean:"text"`
	// Collection is set for a vApp of several virtual systems.
	Collection bool
	Systems    []System
	Products   []Product
	EULAs      []EULA
	Networks   []Network
	Options    []Option
	// Option is the id of the deployment option that hardware and defaults are those of;
	// "" where there are none.
	Option     string
	Disks      []Disk
	Files      []File
	Properties []Property
	// Findings are what is wrong or odd; one with SeverityError makes an import useless.
	Findings []backend.Finding

	source      []byte            // for Under, as are bundles
	bundles     []*node           // of strings
	beside      []backend.Finding // of the archive around it
	stringFiles []stringFile
}

// System is one virtual machine of a package, as the deployment option has it; see
// Descriptor.Under.
type System struct {
	ID, Name    string
	Within      string // names of the collections around it, joined by "/"
	OS          string // in words
	OSID        string // osType or the CIM number
	Hardware    string // "vmx-13"
	CPUs        int
	Memory      uint64 // bytes
	Devices     []Device
	Networks    []string // names, one for each NIC
	Annotation  string   `clean:"text"`
	Disks       []string // ids, in the order of the devices
	Description string   `clean:"text"`
	// Transports are how properties reach the guest: "iso", "com.vmware.guestInfo".
	Transports []string
}

// Device is one item of the virtual hardware.
type Device struct {
	ID, Kind, SubType string // "1", "disk", "lsilogic"
	Name, About       string
	Connection        string // network, disk or file that it uses
	Quantity          string // with its unit, "4", "4 GiB"; "" for none
	Required          bool
	// Least and Most are the range that is given for it; "" for none.
	Least, Most string

	file bool // Connection is the id of a file
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
	System string // id; "" for the collection
	Text   string `clean:"text"`
}

// Network is a network that the package wants to be mapped.
type Network struct {
	Name        string
	Description string `clean:"text"`
}

// Option is a deployment option. Default is set for one of them: the one marked, else the
// first.
type Option struct {
	ID, Label   string
	Description string `clean:"text"`
	Default     bool
}

// Disk is a virtual disk.
type Disk struct {
	ID       string
	Capacity uint64 // bytes; 0 unknown
	// CapacityFrom is the key of the property that gives the capacity; "" for none.
	CapacityFrom string
	// Populated is how many bytes of it have been written; 0 unknown.
	Populated uint64
	File      string // id of the file; "" for an empty disk
	Format    string // "vmdk streamOptimized", else the URI
	Parent    string // id
}

// File is a file that the descriptor references.
type File struct {
	ID, Href    string
	Size        int64  // bytes as they lie in the package; -1 where the descriptor does not say
	Compression string // "", "gzip"
	ChunkSize   int64  // 0: one file; else it comes as HREF.000000000, HREF.000000001 …
}

// Under is the descriptor as it is with a deployment option: other hardware, other
// defaults. "" is the default option; one that does not exist is an error.
func (d *Descriptor) Under(option string) (*Descriptor, error) {
	if option == "" || option == d.Option {
		if option == d.Option || d.Option == d.defaultOption() {
			return d, nil
		}
		option = d.defaultOption()
	}
	if !slices.ContainsFunc(d.Options, func(o Option) bool { return o.ID == option }) {
		return nil, backend.Refuse(backend.ClassInvalid, "read the descriptor of", d.Name, "it has no deployment option %q", option)
	}
	out, err := parse(d.source, option, d.bundles)
	if err != nil {
		return nil, err
	}
	out.beside = d.beside
	out.Findings = append(out.Findings, d.beside...)
	return out, nil
}

// defaultOption is that of DSP0243 9.8.
func (d *Descriptor) defaultOption() string {
	for _, o := range d.Options {
		if o.Default {
			return o.ID
		}
	}
	return ""
}

// Errors are the findings that make an import useless.
func (d *Descriptor) Errors() []backend.Finding {
	var out []backend.Finding
	for _, f := range d.Findings {
		if f.Severity == backend.SeverityError {
			out = append(out, f)
		}
	}
	return out
}
