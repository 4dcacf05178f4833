package kind

import (
	"net/netip"
)

// dhcpRange is the part of a network that its DHCP can give out when nobody said which:
// the larger side of the host's own address. Empty where the network is too small, or
// not IPv4.
func dhcpRange(address string) (first, last string) {
	prefix, err := netip.ParsePrefix(address)
	if err != nil || !prefix.Addr().Is4() || prefix.Bits() > 29 {
		return "", ""
	}
	host := prefix.Addr()
	lowest, highest := prefix.Masked().Addr().Next(), broadcast(prefix).Prev()
	if below, above := distance(lowest, host), distance(host, highest); below > above {
		return lowest.String(), host.Prev().String()
	}
	return host.Next().String(), highest.String()
}

// broadcast is the last address of an IPv4 network.
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(b)
}

func distance(from, to netip.Addr) int64 {
	number := func(a netip.Addr) int64 {
		b := a.As4()
		return int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
	}
	return number(to) - number(from)
}
