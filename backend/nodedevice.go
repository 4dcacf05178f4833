package backend

// NodeDevice is a device of a libvirt host. Source: virNodeDevice.
type NodeDevice struct {
	Meta
	// Up is the device it hangs on, by name; "" for the top.
	Up string
	// Types are what it is: "pci", "net", "scsi_host", "vports".
	Types  []string
	About  string // vendor and product, or what tells it from its likes
	Driver string
	Path   string // in sysfs
	Active bool
}
