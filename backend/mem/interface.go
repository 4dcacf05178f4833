package mem

import (
	"fmt"
	"net/netip"
	"slices"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

func (h *Hypervisor) addInterface(spec InterfaceSpec) {
	def := libvirtxml.Interface{Name: spec.Name, Start: &libvirtxml.InterfaceStart{Mode: "onboot"}, MTU: &libvirtxml.InterfaceMTU{Size: 1500}}
	if spec.MAC != "" {
		def.MAC = &libvirtxml.InterfaceMAC{Address: spec.MAC}
	}
	if prefix, err := netip.ParsePrefix(spec.Address); err == nil {
		def.Protocol = []libvirtxml.InterfaceProtocol{{Family: "ipv4", IPs: []libvirtxml.InterfaceIP{
			{Address: prefix.Addr().String(), Prefix: uint(prefix.Bits())},
		}}}
	}
	var ports []libvirtxml.Interface
	for _, name := range spec.Ports {
		ports = append(ports, libvirtxml.Interface{Name: name})
	}
	switch spec.Type {
	case "bridge":
		def.Bridge = &libvirtxml.InterfaceBridge{Interfaces: ports}
	case "bond":
		def.Bond = &libvirtxml.InterfaceBond{Interfaces: ports}
	case "vlan":
		def.VLAN = &libvirtxml.InterfaceVLAN{}
	}
	h.defineInterface(&def, nil).Active = !spec.Inactive
}

// defineInterface makes an interface of its XML, or changes old by it. Needs mu, or
// is called by New.
func (h *Hypervisor) defineInterface(def *libvirtxml.Interface, old *iface) *iface {
	n := old
	if n == nil {
		n = &iface{Interface: backend.Interface{Meta: backend.Meta{ID: h.ref(backend.KindInterface, def.Name), Name: def.Name}}}
		h.ifaces = append(h.ifaces, n)
	}
	n.def = *def
	n.Type, n.Ports, n.Addresses, n.MTU, n.MAC, n.Start = "ethernet", nil, nil, 0, "", ""
	var ports []libvirtxml.Interface
	switch {
	case def.Bridge != nil:
		n.Type, ports = "bridge", def.Bridge.Interfaces
	case def.Bond != nil:
		n.Type, ports = "bond", def.Bond.Interfaces
	case def.VLAN != nil:
		n.Type = "vlan"
	}
	for _, p := range ports {
		n.Ports = append(n.Ports, p.Name)
	}
	for _, p := range def.Protocol {
		for _, ip := range p.IPs {
			n.Addresses = append(n.Addresses, fmt.Sprintf("%s/%d", ip.Address, ip.Prefix))
		}
	}
	if def.MTU != nil {
		n.MTU = int(def.MTU.Size)
	}
	if def.MAC != nil {
		n.MAC = def.MAC.Address
	}
	if def.Start != nil {
		n.Start = def.Start.Mode
	}
	h.changed(n.ID)
	return n
}

func (h *Hypervisor) interfaceOf(r backend.Ref) *iface {
	i := slices.IndexFunc(h.ifaces, func(n *iface) bool { return n.ID == r })
	if i < 0 {
		return nil
	}
	return h.ifaces[i]
}

func (n *iface) object() *backend.Interface {
	out := n.Interface
	out.Addresses, out.Ports = slices.Clone(n.Addresses), slices.Clone(n.Ports)
	return &out
}
