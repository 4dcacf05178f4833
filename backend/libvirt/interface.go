package libvirt

import (
	"context"
	"fmt"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// listInterfaces lists the host's network interfaces (W2): two lists, and the XML of
// each. Sources: virConnectListAllInterfaces, virInterfaceGetXMLDesc.
func (c *client) listInterfaces(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	all, err := c.interfacesWith(ctx, libvirt.ConnectListInterfacesInactive|libvirt.ConnectListInterfacesActive)
	if err != nil {
		return ignoreUnsupported(err)
	}
	up, err := c.interfacesWith(ctx, libvirt.ConnectListInterfacesActive)
	if err != nil {
		return err
	}
	active := make(map[string]bool, len(up))
	for _, i := range up {
		active[i.Name] = true
	}
	return emitEach(ctx, q, all, func(i libvirt.Interface) string { return i.Name },
		func(ctx context.Context, i libvirt.Interface) (backend.Object, error) {
			o, _, err := c.hostInterface(ctx, i)
			if err != nil {
				return nil, err
			}
			o.Active = active[i.Name]
			return o, nil
		}, emit)
}

func (c *client) interfacesWith(ctx context.Context, flags libvirt.ConnectListAllInterfacesFlags) ([]libvirt.Interface, error) {
	return read(ctx, c, "list interfaces", "", func(lv *libvirt.Libvirt) ([]libvirt.Interface, error) {
		all, _, err := lv.ConnectListAllInterfaces(1, flags)
		return all, err
	})
}

// hostInterface reads one interface; its XML comes along. Whether it is active is not
// in it.
func (c *client) hostInterface(ctx context.Context, i libvirt.Interface) (*backend.Interface, string, error) {
	text, err := read(ctx, c, "read interface", i.Name, func(lv *libvirt.Libvirt) (string, error) {
		return lv.InterfaceGetXMLDesc(i, 0)
	})
	if err != nil {
		return nil, "", err
	}
	o := &backend.Interface{Meta: backend.Meta{ID: c.ref(backend.KindInterface, i.Name), Name: i.Name}, MAC: i.Mac}
	var x libvirtxml.Interface
	if x.Unmarshal(text) == nil {
		describeInterface(o, &x)
	}
	return o, text, nil
}

// describeInterface takes over what the XML tells.
func describeInterface(o *backend.Interface, x *libvirtxml.Interface) {
	o.Type = "ethernet"
	switch {
	case x.Bond != nil:
		o.Type, o.Ports = "bond", portNames(x.Bond.Interfaces)
	case x.Bridge != nil:
		o.Type, o.Ports = "bridge", portNames(x.Bridge.Interfaces)
	case x.VLAN != nil:
		o.Type = "vlan"
		if x.VLAN.Interface != nil {
			o.Ports = []string{x.VLAN.Interface.Name}
		}
	}
	if x.MAC != nil && o.MAC == "" {
		o.MAC = x.MAC.Address
	}
	if x.MTU != nil {
		o.MTU = counted(uint64(x.MTU.Size))
	}
	if x.Start != nil {
		o.Start = x.Start.Mode
	}
	for _, p := range x.Protocol {
		for _, ip := range p.IPs {
			o.Addresses = append(o.Addresses, fmt.Sprintf("%s/%d", ip.Address, ip.Prefix))
		}
		if p.DHCP != nil {
			o.Addresses = append(o.Addresses, "by DHCP ("+p.Family+")")
		}
	}
}

func portNames(ports []libvirtxml.Interface) []string {
	var names []string
	for _, p := range ports {
		names = append(names, p.Name)
	}
	return names
}

// findInterface looks a host interface up by its reference.
func (c *client) findInterface(ctx context.Context, r backend.Ref) (libvirt.Interface, error) {
	return read(ctx, c, "find interface", r.ID, func(lv *libvirt.Libvirt) (libvirt.Interface, error) {
		return lv.InterfaceLookupByName(r.ID)
	})
}

func (c *client) getInterface(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	i, err := c.findInterface(ctx, r)
	if err != nil {
		return nil, err
	}
	_, text, err := c.hostInterface(ctx, i)
	if err != nil {
		return nil, err
	}
	d := &backend.Detail{Ref: r, At: time.Now(), Raw: text}
	var x libvirtxml.Interface
	if x.Unmarshal(text) == nil && x.Link != nil {
		d.Fields = fields("Link", x.Link.State)
		if x.Link.Speed > 0 {
			d.Fields = append(d.Fields, backend.Field{Name: "Speed", Value: fmt.Sprintf("%d Mbit/s", x.Link.Speed)})
		}
	}
	return d, nil
}

// fields makes facts of names and values in turn, leaving out what is empty.
func fields(pairs ...string) []backend.Field {
	var all []backend.Field
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, backend.Field{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return all
}
