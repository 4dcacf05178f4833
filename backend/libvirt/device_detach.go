package libvirt

import (
	"context"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

const (
	// letGo is how long a running guest is given to let go of a device.
	letGo = 30 * time.Second
	// lookAtDevice is how often it is looked whether it has.
	lookAtDevice = 250 * time.Millisecond
)

// findDisk is the disk of a name in a definition; nil for none.
func (f *fitting) findDisk(x *libvirtxml.Domain, target string) *libvirtxml.DomainDisk {
	for _, d := range disksOf(x) {
		if targetOf(&d) == target {
			return &d
		}
	}
	return nil
}

// findNIC is the NIC with an address in a definition; nil for none.
func (f *fitting) findNIC(x *libvirtxml.Domain, mac string) *libvirtxml.DomainInterface {
	for _, nic := range nicsOf(x) {
		if nic.MAC != nil && strings.EqualFold(nic.MAC.Address, mac) {
			return &nic
		}
	}
	return nil
}

// deviceText is the XML of a device in a definition; "" where it has none of that
// name.
func (f *fitting) deviceText(x *libvirtxml.Domain, name string) (string, error) {
	if d := f.findDisk(x, name); d != nil {
		return written(d)
	}
	if nic := f.findNIC(x, name); nic != nil {
		return written(nic)
	}
	return "", nil
}

// detach takes a device away from where it is: the running VM, the definition, or
// both. A running guest has to let go of it, and may not. Source:
// virDomainDetachDeviceFlags.
func (c *client) detach(ctx context.Context, o backend.VMDetachOp, progress backend.Progress) (backend.Result, error) {
	f, err := c.fit(ctx, o, progress)
	if err != nil {
		return backend.Result{}, err
	}
	live, err := f.deviceText(f.live, o.Device)
	if err != nil {
		return backend.Result{}, err
	}
	config, err := f.deviceText(f.config, o.Device)
	if err != nil {
		return backend.Result{}, err
	}
	if live == "" && config == "" {
		return backend.Result{}, f.ch.refuse(backend.ClassNotFound, "it has no disk or NIC %q", clip(o.Device))
	}
	// The running VM first: what it refuses at once stays in the definition as well.
	if live != "" {
		if err := f.take(ctx, libvirt.DomainDeviceModifyLive, live); err != nil {
			return backend.Result{}, err
		}
	}
	if config != "" {
		err := f.take(ctx, libvirt.DomainDeviceModifyConfig, config)
		if err != nil && live != "" {
			err = withMessage(err, "; the running VM was asked to let go of it all the same")
		}
		if err != nil {
			return backend.Result{}, err
		}
	}
	if live == "" {
		return backend.Result{}, nil
	}
	return backend.Result{}, f.awaitGone(ctx, o.Device, config != "")
}

func (f *fitting) take(ctx context.Context, flags libvirt.DomainDeviceModifyFlags, text string) error {
	ch := f.ch
	ch.run = plainly(func(lv *libvirt.Libvirt) error {
		return lv.DomainDetachDeviceFlags(ch.domain, text, uint32(flags)) //nolint:gosec // flags
	})
	_, err := f.c.carryOut(ctx, ch, f.progress)
	return err
}

// awaitGone waits until the device has left the running VM. The server answers before
// the guest has let go, and tells no one who asks in time.
func (f *fitting) awaitGone(ctx context.Context, device string, fromConfig bool) error {
	ctx, cancel := context.WithTimeout(ctx, letGo)
	defer cancel()
	t := time.NewTicker(lookAtDevice)
	defer t.Stop()
	for {
		x, err := f.c.vmXML(ctx, f.ch.domain, 0)
		if err != nil && ctx.Err() == nil && backend.ClassOf(err) != backend.ClassBusy {
			return ignoreGone(err)
		}
		if err == nil && f.findDisk(x, device) == nil && f.findNIC(x, device) == nil {
			return nil
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return f.stillThere(device, fromConfig)
		}
	}
}

func (f *fitting) stillThere(device string, fromConfig bool) error {
	words := "the guest has not let go of %s yet"
	if fromConfig {
		words += "; its definition has no longer got it, so it goes at the next power off at the latest"
	}
	err := f.ch.refuse(backend.ClassBusy, words, device)
	err.Remedy = "unmount it in the guest; it then goes by itself"
	return err
}
