package backend

// Interface is a network interface of a libvirt host. Source: virInterface.
type Interface struct {
	Meta
	MAC       string
	Active    bool
	Type      string // ethernet, bridge, bond, vlan
	Addresses []string
	MTU       int      // 0 unknown
	Ports     []string // of a bridge or bond
	Start     string   // when it comes up: "onboot", "none", "hotplug"; "" unknown
}
