package backend

// Folder is a place in a vSphere inventory: a datacenter, a folder or a datastore cluster.
// The root folder and the four folders that every datacenter has are not told: what is in
// one of those four is in the datacenter, and Path and Holds say in which. A single ESXi
// host has none. Sources: Datacenter, Folder, StoragePod.
type Folder struct {
	Meta
	Up         Ref // the folder or datacenter that it is in; zero for those at the top
	Datacenter bool
	// Holds is what it is for: "datacenters", "VMs", "hosts", "datastores", "networks"; ""
	// for a datacenter, which holds all of them.
	Holds string
	Path  string // from the top: "/fra1/vm/Production"
	Alarm Health
}
