package backend

// Folder is a place in a vSphere inventory: a datacenter or a folder. Sources:
// Datacenter, Folder.
type Folder struct {
	Meta
	Up         Ref // the folder or datacenter that it is in; zero for those at the top
	Datacenter bool
	// Holds is what it is for: "datacenters", "VMs", "hosts", "datastores", "networks".
	Holds string
	Path  string // from the top: "/fra1/vm/Production"
	Alarm Health
}
