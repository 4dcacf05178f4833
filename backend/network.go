package backend

// Network is a libvirt virtual network, a vSphere network or a port group.
type Network struct {
	Meta
	UUID                  string
	Active                bool
	Autostart, Persistent bool
	Bridge                string // libvirt bridge, or the virtual switch
	Forward               string // nat, route, bridge, isolated; or standard, distributed
	VLAN                  string
	Addresses             []string // "192.168.122.1/24"
	Leases                []Lease  // nil when unknown
	LeaseCount            int      // -1 unknown
	Hosts, VMs            int      // vSphere; -1 unknown
}

// Lease is one DHCP lease. Source: virNetworkDHCPLease.
type Lease struct {
	MAC, IP, Hostname string
	Expires           string
}
