package libvirt

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// listNetworks lists virtual networks (W1): a list for each flag, and for each
// network its XML, which is kept for a while, and its leases while it is active.
// Sources: virConnectListAllNetworks, virNetworkGetXMLDesc, virNetworkGetDHCPLeases.
func (c *client) listNetworks(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	nets, err := c.networksWith(ctx, 0)
	if err != nil {
		return ignoreUnsupported(err)
	}
	var sets [3]map[libvirt.UUID]bool
	for i, flag := range []libvirt.ConnectListAllNetworksFlags{libvirt.ConnectListNetworksActive,
		libvirt.ConnectListNetworksAutostart, libvirt.ConnectListNetworksPersistent} {
		some, err := c.networksWith(ctx, flag)
		if err != nil {
			return err
		}
		sets[i] = make(map[libvirt.UUID]bool, len(some))
		for _, n := range some {
			sets[i][n.UUID] = true
		}
	}
	return emitEach(ctx, q, nets, func(n libvirt.Network) string { return uuidText(n.UUID) }, func(ctx context.Context, n libvirt.Network) (backend.Object, error) {
		o, err := c.network(ctx, n, sets[0][n.UUID])
		if err != nil {
			return nil, err
		}
		o.Autostart, o.Persistent = sets[1][n.UUID], sets[2][n.UUID]
		return o, nil
	}, emit)
}

func (c *client) networksWith(ctx context.Context, flags libvirt.ConnectListAllNetworksFlags) ([]libvirt.Network, error) {
	return read(ctx, c, "list networks", "", func(lv *libvirt.Libvirt) ([]libvirt.Network, error) {
		all, _, err := lv.ConnectListAllNetworks(1, flags)
		return all, err
	})
}

func (c *client) network(ctx context.Context, n libvirt.Network, active bool) (*backend.Network, error) {
	x, _, err := c.networkXML(ctx, n)
	if err != nil {
		return nil, err
	}
	o := &backend.Network{
		Meta: backend.Meta{ID: c.ref(backend.KindNetwork, uuidText(n.UUID)), Name: n.Name},
		UUID: uuidText(n.UUID), Active: active, Forward: "isolated", LeaseCount: -1, Hosts: -1, VMs: -1,
	}
	if dhcp := describeNetwork(o, x); active && dhcp {
		o.Leases, err = c.leases(ctx, n)
		if err == nil {
			o.LeaseCount = len(o.Leases)
		}
	}
	if backend.ClassOf(err) == backend.ClassUnreachable || backend.ClassOf(err) == backend.ClassCancelled {
		return nil, err
	}
	return o, nil
}

// describeNetwork takes over what the XML tells; dhcp is whether it gives addresses out.
func describeNetwork(o *backend.Network, x *libvirtxml.Network) (dhcp bool) {
	if x.Forward != nil {
		o.Forward = cmp.Or(x.Forward.Mode, "nat")
	}
	if x.Bridge != nil {
		o.Bridge = x.Bridge.Name
	}
	if x.VLAN != nil && len(x.VLAN.Tags) > 0 {
		o.VLAN = fmt.Sprint(x.VLAN.Tags[0].ID)
	}
	for _, ip := range x.IPs {
		o.Addresses = append(o.Addresses, ip.Address+"/"+prefixText(ip))
		dhcp = dhcp || ip.DHCP != nil
	}
	return dhcp
}

// prefixText is the length of the prefix, from whichever of both the XML gives.
func prefixText(ip libvirtxml.NetworkIP) string {
	if ip.Prefix != 0 || ip.Netmask == "" {
		return fmt.Sprint(ip.Prefix)
	}
	mask := net.ParseIP(ip.Netmask).To4()
	if mask == nil {
		return ip.Netmask
	}
	ones, _ := net.IPMask(mask).Size()
	return fmt.Sprint(ones)
}

func (c *client) leases(ctx context.Context, n libvirt.Network) ([]backend.Lease, error) {
	got, err := read(ctx, c, "list leases of", n.Name, func(lv *libvirt.Libvirt) ([]libvirt.NetworkDhcpLease, error) {
		all, _, err := lv.NetworkGetDhcpLeases(n, nil, 1, 0)
		return all, err
	})
	leases := make([]backend.Lease, 0, len(got))
	for _, l := range got {
		lease := backend.Lease{MAC: optional(l.Mac), IP: l.Ipaddr, Hostname: optional(l.Hostname)}
		if l.Expirytime > 0 {
			lease.Expires = time.Unix(l.Expirytime, 0).Format(time.DateTime)
		}
		leases = append(leases, lease)
	}
	return leases, err
}

func optional(s libvirt.OptString) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// networkCache keeps definitions: they hardly ever change, and the event of a change
// drops them; some changes (net-update) have no event, hence networkAge.
type networkCache struct {
	mu sync.Mutex
	by map[libvirt.UUID]cachedNetwork
}

type cachedNetwork struct {
	xml  *libvirtxml.Network
	text string
	read time.Time
}

const networkAge = 30 * time.Second

// networkXML reads a network's definition; the struct is shared and never changed.
func (c *client) networkXML(ctx context.Context, n libvirt.Network) (*libvirtxml.Network, string, error) {
	c.networks.mu.Lock()
	kept, ok := c.networks.by[n.UUID]
	c.networks.mu.Unlock()
	if ok && time.Since(kept.read) < networkAge {
		return kept.xml, kept.text, nil
	}
	text, err := read(ctx, c, "read network", n.Name, func(lv *libvirt.Libvirt) (string, error) {
		return lv.NetworkGetXMLDesc(n, 0)
	})
	if err != nil {
		return nil, "", err
	}
	x := &libvirtxml.Network{}
	if err := x.Unmarshal(text); err != nil {
		x = &libvirtxml.Network{}
	}
	c.networks.mu.Lock()
	defer c.networks.mu.Unlock()
	if c.networks.by == nil {
		c.networks.by = make(map[libvirt.UUID]cachedNetwork)
	}
	c.networks.by[n.UUID] = cachedNetwork{x, text, time.Now()}
	return x, text, nil
}

func (c *networkCache) forget(id libvirt.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.by, id)
}

func (c *client) getNetwork(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	id, err := parseUUID(r.ID)
	if err != nil {
		return nil, backend.Refuse(backend.ClassNotFound, "find network", "", "no network has the id %q", r.ID)
	}
	n, err := read(ctx, c, "find network", r.ID, func(lv *libvirt.Libvirt) (libvirt.Network, error) {
		return lv.NetworkLookupByUUID(id)
	})
	if err != nil {
		return nil, err
	}
	c.networks.forget(id)
	x, text, err := c.networkXML(ctx, n)
	if err != nil {
		return nil, err
	}
	d := &backend.Detail{Ref: r, At: time.Now(), Raw: text}
	if x.Domain != nil && x.Domain.Name != "" {
		d.Fields = append(d.Fields, backend.Field{Name: "Domain", Value: x.Domain.Name})
	}
	return d, nil
}
