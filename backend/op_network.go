package backend

// NetworkNewOp defines a virtual network. Source: the network XML format;
// virNetworkDefineXML, virNetworkCreate.
type NetworkNewOp struct {
	Host   Ref
	Name   string
	Mode   string // "nat", "route", "open", "isolated", "bridge"
	Bridge string // mode bridge: the host's; else the one to make, "": the server's choice
	Device string // nat, route: the host's device it goes out by; "" for any
	// Address is that of the host in the network with the length of its prefix,
	// "192.168.150.1/24"; "" for none.
	Address             string
	DHCPFirst, DHCPLast string // "" for no DHCP
	Domain              string
	Autostart           bool
	Start               bool
}

// Target implements Op.
func (o NetworkNewOp) Target() Ref { return o.Host }

// Verb implements Op.
func (o NetworkNewOp) Verb() Verb { return VerbFor(KindNetwork, ActDefine) }

// Title implements Op.
func (o NetworkNewOp) Title() string { return "create network " + o.Name }

func networkOps() []Op { return []Op{NetworkNewOp{}} }
