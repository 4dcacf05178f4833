package libvirt

import (
	"context"
	"net"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// attachNIC gives a VM a network interface.
func (c *client) attachNIC(ctx context.Context, o backend.VMAttachNICOp, progress backend.Progress) (backend.Result, error) {
	f, err := c.fit(ctx, o, progress)
	if err != nil {
		return backend.Result{}, err
	}
	if o.Network == "" {
		return backend.Result{}, f.ch.refuse(backend.ClassInvalid, "a NIC needs a network")
	}
	_, err = read(ctx, c, "find network", o.Network, func(lv *libvirt.Libvirt) (libvirt.Network, error) {
		return lv.NetworkLookupByName(o.Network)
	})
	if err != nil {
		return backend.Result{}, err
	}
	mac, model := o.MAC, o.Model
	if mac == "" {
		mac = newMAC()
	}
	if err := f.checkMAC(mac); err != nil {
		return backend.Result{}, err
	}
	if model == "" {
		model = f.usualModel()
	}
	nic := networkCard(o.Network, model, mac)
	return f.attach(ctx, &nic)
}

func (f *fitting) checkMAC(mac string) error {
	hw, err := net.ParseMAC(mac)
	switch {
	case err != nil || len(hw) != 6:
		return f.ch.refuse(backend.ClassInvalid, "%q is no MAC address", clip(mac))
	case hw[0]&1 != 0:
		return f.ch.refuse(backend.ClassInvalid, "%s is an address of a group, not of one NIC", mac)
	case f.findNIC(f.live, mac) != nil || f.findNIC(f.config, mac) != nil:
		return f.ch.refuse(backend.ClassConflict, "it has a NIC with the address %s already", mac)
	default:
		return nil
	}
}

// usualModel is that of the NICs that the VM has: its guest has a driver for it.
func (f *fitting) usualModel() string {
	for _, nic := range nicsOf(f.any()) {
		if nic.Model != nil && nic.Model.Type != "" {
			return nic.Model.Type
		}
	}
	return "virtio"
}
