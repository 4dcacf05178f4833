package mem

import (
	"fmt"
	"net/netip"
	"slices"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

func (h *Hypervisor) addNetwork(spec NetworkSpec) {
	def := libvirtxml.Network{Name: spec.Name, UUID: h.uuid(), Bridge: &libvirtxml.NetworkBridge{Name: spec.Bridge}}
	if spec.Forward != "" && spec.Forward != "isolated" {
		def.Forward = &libvirtxml.NetworkForward{Mode: spec.Forward}
	}
	if spec.Address != "" {
		def.IPs = []libvirtxml.NetworkIP{networkIP(spec.Address)}
	}
	n := h.defineNetwork(&def, nil)
	n.Active, n.Autostart, n.leases = !spec.Inactive, !spec.Inactive, spec.Leases
}

// networkIP is an address with the length of its prefix in libvirt's form.
func networkIP(address string) libvirtxml.NetworkIP {
	prefix, err := netip.ParsePrefix(address)
	if err != nil {
		return libvirtxml.NetworkIP{Address: address}
	}
	ip := libvirtxml.NetworkIP{Address: prefix.Addr().String(), Prefix: uint(prefix.Bits())}
	if prefix.Addr().Is6() {
		ip.Family = "ipv6"
	}
	return ip
}

// defineNetwork makes a network of its XML, or changes old by it. Needs mu, or is
// called by New.
func (h *Hypervisor) defineNetwork(def *libvirtxml.Network, old *network) *network {
	n := old
	if n == nil {
		uuid := or(def.UUID, backend.NewUUID())
		n = &network{Network: backend.Network{
			Meta: backend.Meta{ID: h.ref(backend.KindNetwork, uuid), Name: def.Name},
			UUID: uuid, Persistent: true, Hosts: -1, VMs: -1, LeaseCount: -1,
		}}
		h.networks = append(h.networks, n)
	}
	n.def = *def
	n.def.UUID = n.UUID
	n.Forward, n.Bridge, n.Addresses = "isolated", "", nil
	if def.Forward != nil {
		n.Forward = or(def.Forward.Mode, "nat")
	}
	if def.Bridge != nil {
		n.Bridge = def.Bridge.Name
	}
	if n.Bridge == "" && n.Forward != "bridge" {
		n.Bridge = h.freeBridge()
	}
	for _, ip := range def.IPs {
		n.Addresses = append(n.Addresses, fmt.Sprintf("%s/%d", ip.Address, ip.Prefix))
	}
	h.changed(n.ID)
	return n
}

func (h *Hypervisor) freeBridge() string {
	for i := 0; ; i++ {
		name := fmt.Sprintf("virbr%d", i)
		if !slices.ContainsFunc(h.networks, func(n *network) bool { return n.Bridge == name }) {
			return name
		}
	}
}

func (h *Hypervisor) networkOf(r backend.Ref) *network {
	i := slices.IndexFunc(h.networks, func(n *network) bool { return n.ID == r })
	if i < 0 {
		return nil
	}
	return h.networks[i]
}

func (h *Hypervisor) networkNamed(name string) *network {
	i := slices.IndexFunc(h.networks, func(n *network) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return h.networks[i]
}

func (h *Hypervisor) networkObject(n *network) *backend.Network {
	out := n.Network
	out.Addresses = slices.Clone(n.Addresses)
	if !n.leases || !n.Active {
		return &out
	}
	out.LeaseCount = 0
	for _, m := range h.vms {
		if m.IP == "" {
			continue
		}
		out.LeaseCount++
		if len(out.Leases) < 256 {
			out.Leases = append(out.Leases, backend.Lease{MAC: m.mac(), IP: m.IP, Hostname: m.Name, Expires: "in 41 min"})
		}
	}
	return &out
}

// networkWork makes networks from a few answers.
func (h *Hypervisor) networkWork(op backend.Op) (*work, error) {
	o, ok := op.(backend.NetworkNewOp)
	if !ok {
		return nil, nil //nolint:nilnil // not of this area
	}
	if err := h.hostFor(o, o.Host); err != nil {
		return nil, err
	}
	w := &work{object: o.Name, shared: true}
	w.check = func() error {
		if err := checkNetworkNew(o); err != nil {
			return err
		}
		return h.checkNewNetwork(networkDef(o), nil)
	}
	w.apply = func() (backend.Result, error) {
		n := h.defineNetwork(networkDef(o), nil)
		n.Autostart, n.Active = o.Autostart, o.Start
		return backend.Result{Created: n.ID}, nil
	}
	return w, nil
}

func networkDef(o backend.NetworkNewOp) *libvirtxml.Network {
	def := &libvirtxml.Network{Name: o.Name}
	if o.Bridge != "" {
		def.Bridge = &libvirtxml.NetworkBridge{Name: o.Bridge}
	}
	if o.Mode != "isolated" {
		def.Forward = &libvirtxml.NetworkForward{Mode: o.Mode, Dev: o.Device}
	}
	if o.Domain != "" {
		def.Domain = &libvirtxml.NetworkDomain{Name: o.Domain}
	}
	if o.Address != "" {
		ip := networkIP(o.Address)
		if o.DHCPFirst != "" {
			ip.DHCP = &libvirtxml.NetworkDHCP{Ranges: []libvirtxml.NetworkDHCPRange{{Start: o.DHCPFirst, End: o.DHCPLast}}}
		}
		def.IPs = []libvirtxml.NetworkIP{ip}
	}
	return def
}

func checkNetworkNew(o backend.NetworkNewOp) error {
	invalid := func(format string, args ...any) error {
		return backend.Refuse(backend.ClassInvalid, "", "", format, args...)
	}
	if err := checkNewName("network", o.Name); err != nil {
		return err
	}
	if !slices.Contains([]string{"nat", "route", "open", "isolated", "bridge"}, o.Mode) {
		return invalid("unknown forwarding mode %q", o.Mode)
	}
	if o.Mode == "bridge" && o.Bridge == "" {
		return invalid("mode bridge needs the bridge of the host")
	}
	if o.Address == "" {
		if o.DHCPFirst != "" {
			return invalid("DHCP needs an address of the host in the network")
		}
		return nil
	}
	net, err := netip.ParsePrefix(o.Address)
	if err != nil {
		return invalid("%q is no address with the length of its prefix", o.Address)
	}
	return checkRange(net, o.DHCPFirst, o.DHCPLast)
}

// checkRange holds a DHCP range to the network it is in.
func checkRange(net netip.Prefix, first, last string) error {
	if first == "" && last == "" {
		return nil
	}
	var ends [2]netip.Addr
	for i, text := range []string{first, last} {
		a, err := netip.ParseAddr(text)
		if err != nil || !net.Contains(a) {
			return backend.Refuse(backend.ClassInvalid, "", "", "the DHCP address %q is not in %s", text, net.Masked())
		}
		ends[i] = a
	}
	if ends[1].Less(ends[0]) {
		return backend.Refuse(backend.ClassInvalid, "", "", "the DHCP range %s to %s is empty", first, last)
	}
	return nil
}

func (h *Hypervisor) checkNewNetwork(def *libvirtxml.Network, self *network) error {
	for _, n := range h.networks {
		if n == self {
			continue
		}
		if n.Name == def.Name {
			return exists("network '%s' already exists with uuid %s", n.Name, n.UUID)
		}
		if def.Bridge != nil && def.Bridge.Name != "" && def.Bridge.Name == n.Bridge && n.Forward != "bridge" {
			return exists("bridge name '%s' already in use.", n.Bridge)
		}
	}
	return nil
}
