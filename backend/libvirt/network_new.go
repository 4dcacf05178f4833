package libvirt

import (
	"context"
	"net/netip"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// newNetwork defines a network and, as asked, starts and marks it. When a later step
// fails the definition is taken back.
func (c *client) newNetwork(ctx context.Context, o backend.NetworkNewOp, progress backend.Progress) (backend.Result, error) {
	x, err := networkNewXML(o)
	if err != nil {
		return backend.Result{}, err
	}
	text, err := x.Marshal()
	if err != nil {
		return backend.Result{}, deed{doing: o.Title()}.failed(err)
	}
	_, err = read(ctx, c, "find network", o.Name, func(lv *libvirt.Libvirt) (libvirt.Network, error) {
		return lv.NetworkLookupByName(o.Name)
	})
	if err == nil {
		return backend.Result{}, backend.Refuse(backend.ClassConflict, o.Title(), "", "there is a network of this name")
	}
	if backend.ClassOf(err) != backend.ClassNotFound {
		return backend.Result{}, err
	}
	var n libvirt.Network
	_, err = c.carry(ctx, plain(o, "", powerLimit, func(lv *libvirt.Libvirt) (err error) {
		n, err = lv.NetworkDefineXML(text)
		return err
	}), progress)
	if err != nil {
		return backend.Result{}, networkRemedy(withStep(err, "define"))
	}
	if err := c.raiseNetwork(ctx, o, n, progress); err != nil {
		return backend.Result{}, networkRemedy(c.takeNetworkBack(o, n, err))
	}
	return backend.Result{Created: c.ref(backend.KindNetwork, uuidText(n.UUID))}, nil
}

func (c *client) raiseNetwork(ctx context.Context, o backend.NetworkNewOp, n libvirt.Network, progress backend.Progress) error {
	if o.Start {
		if _, err := c.carry(ctx, plain(o, "", powerLimit, func(lv *libvirt.Libvirt) error { return lv.NetworkCreate(n) }), progress); err != nil {
			return withStep(err, "start")
		}
	}
	if o.Autostart {
		if _, err := c.carry(ctx, plain(o, "", powerLimit, func(lv *libvirt.Libvirt) error { return lv.NetworkSetAutostart(n, 1) }), progress); err != nil {
			return withStep(err, "autostart")
		}
	}
	return nil
}

// takeNetworkBack undefines a network that could not be made whole. After a lost
// answer nothing is known and nothing is done.
func (c *client) takeNetworkBack(o backend.NetworkNewOp, n libvirt.Network, cause error) error {
	if backend.ClassOf(cause) == backend.ClassLost {
		return cause
	}
	_, err := c.carryOut(context.Background(), plain(o, "", powerLimit, func(lv *libvirt.Libvirt) error {
		if active, err := lv.NetworkIsActive(n); err == nil && active != 0 {
			if err := lv.NetworkDestroy(n); err != nil {
				return err
			}
		}
		return lv.NetworkUndefine(n)
	}), backend.Progress{})
	if err != nil {
		return withRemedy(cause, "", "the definition of "+o.Name+" is left behind ("+err.Error()+"): undefine it")
	}
	return cause
}

// networkNewXML checks the answers and puts them in libvirt's form.
func networkNewXML(o backend.NetworkNewOp) (*libvirtxml.Network, error) {
	if err := checkNetwork(o); err != nil {
		return nil, err
	}
	x := &libvirtxml.Network{Name: o.Name}
	if o.Mode != "isolated" {
		x.Forward = &libvirtxml.NetworkForward{Mode: o.Mode, Dev: o.Device}
	}
	if o.Bridge != "" {
		x.Bridge = &libvirtxml.NetworkBridge{Name: o.Bridge}
	}
	if o.Domain != "" {
		x.Domain = &libvirtxml.NetworkDomain{Name: o.Domain}
	}
	if o.Address == "" {
		return x, nil
	}
	host := netip.MustParsePrefix(o.Address) // checked before
	ip := libvirtxml.NetworkIP{Address: host.Addr().String(), Prefix: uint(host.Bits())}
	if host.Addr().Is6() {
		ip.Family = "ipv6"
	}
	if o.DHCPFirst != "" {
		ip.DHCP = &libvirtxml.NetworkDHCP{Ranges: []libvirtxml.NetworkDHCPRange{{Start: o.DHCPFirst, End: o.DHCPLast}}}
	}
	x.IPs = []libvirtxml.NetworkIP{ip}
	return x, nil
}
