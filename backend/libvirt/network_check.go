package libvirt

import (
	"net/netip"
	"slices"

	"hvdeck/backend"
)

// maxDevice is the longest name of a network device. Source: IFNAMSIZ, less its NUL.
const maxDevice = 15

// checkNetwork refuses what libvirt would refuse with other words, or only when the
// network starts.
func checkNetwork(o backend.NetworkNewOp) error {
	const doing = "create network"
	if err := checkFileName(doing, "network", o.Name); err != nil {
		return err
	}
	refuse := func(format string, args ...any) error {
		return backend.Refuse(backend.ClassInvalid, doing, o.Name, format, args...)
	}
	for _, f := range []poolField{{"bridge", o.Bridge}, {"device", o.Device}, {"domain", o.Domain}} {
		if err := plainText(doing, f.what, f.value); err != nil {
			return err
		}
	}
	for _, f := range []poolField{{"bridge", o.Bridge}, {"device", o.Device}} {
		if len(f.value) > maxDevice {
			return refuse("the name of the %s has %d bytes, %d is the most", f.what, len(f.value), maxDevice)
		}
	}
	if err := checkMode(o, refuse); err != nil || o.Address == "" {
		return err
	}
	return checkAddresses(o, refuse)
}

// checkMode checks what goes with the mode and what does not.
func checkMode(o backend.NetworkNewOp, refuse func(string, ...any) error) error {
	switch {
	case !slices.Contains([]string{"nat", "route", "open", "isolated", "bridge"}, o.Mode):
		return refuse("%q is no mode; there are nat, route, open, isolated and bridge", o.Mode)
	case o.Mode == "bridge" && o.Bridge == "":
		return refuse("mode bridge needs the host's bridge")
	case o.Mode == "bridge" && (o.Address != "" || o.DHCPFirst != "" || o.DHCPLast != "" || o.Domain != ""):
		return refuse("in mode bridge addresses and names are the business of the host's network")
	case o.Device != "" && o.Mode != "nat" && o.Mode != "route":
		return refuse("mode %s has no device to go out by", o.Mode)
	case o.Address == "" && (o.Mode == "nat" || o.Mode == "route" || o.Mode == "open"):
		return refuse("mode %s needs an address of the host in the network, such as 192.168.150.1/24", o.Mode)
	case o.Address == "" && (o.DHCPFirst != "" || o.DHCPLast != ""):
		return refuse("DHCP needs an address of the host in the network")
	default:
		return nil
	}
}

// checkAddresses checks the host's address and the range that DHCP hands out.
func checkAddresses(o backend.NetworkNewOp, refuse func(string, ...any) error) error {
	host, err := netip.ParsePrefix(o.Address)
	if err != nil {
		return refuse("%q is no address with the length of its prefix, such as 192.168.150.1/24", clip(o.Address))
	}
	addr := host.Addr()
	switch {
	case host.Bits() == 0 || host.Bits() == addr.BitLen():
		return refuse("a prefix of %d bits leaves no network", host.Bits())
	case addr.IsUnspecified() || addr.IsMulticast() || addr.IsLoopback():
		return refuse("%s can't be an address of the host", addr)
	case addr.Is4() && host.Bits() < 31 && (addr == host.Masked().Addr() || addr == lastAddr(host)):
		return refuse("%s is the address of the network itself or its broadcast address", addr)
	case o.DHCPFirst == "" && o.DHCPLast == "":
		return nil
	case o.DHCPFirst == "" || o.DHCPLast == "":
		return refuse("DHCP needs both the first and the last address")
	}
	return checkRange(o, host, refuse)
}

func checkRange(o backend.NetworkNewOp, host netip.Prefix, refuse func(string, ...any) error) error {
	var ends [2]netip.Addr
	for i, text := range []string{o.DHCPFirst, o.DHCPLast} {
		a, err := netip.ParseAddr(text)
		switch {
		case err != nil:
			return refuse("%q is no address", clip(text))
		case !host.Contains(a):
			return refuse("%s is not in %s", a, host.Masked())
		case a.Is4() && host.Bits() < 31 && (a == host.Masked().Addr() || a == lastAddr(host)):
			return refuse("%s is the address of the network itself or its broadcast address", a)
		}
		ends[i] = a
	}
	switch {
	case ends[1].Less(ends[0]):
		return refuse("the DHCP range ends at %s, before it begins at %s", ends[1], ends[0])
	case !host.Addr().Less(ends[0]) && !ends[1].Less(host.Addr()):
		return refuse("the DHCP range holds the host's own address %s", host.Addr())
	default:
		return nil
	}
}

// lastAddr is the broadcast address of an IPv4 network.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}
