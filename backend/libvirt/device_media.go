package libvirt

import (
	"context"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// changeMedium puts a medium into a drive, or takes it out. Source:
// virDomainUpdateDeviceFlags.
func (c *client) changeMedium(ctx context.Context, o backend.VMMediaOp, progress backend.Progress) (backend.Result, error) {
	f, err := c.fit(ctx, o, progress)
	if err != nil {
		return backend.Result{}, err
	}
	live, config := f.findDisk(f.live, o.Drive), f.findDisk(f.config, o.Drive)
	if err := f.checkDrive(o, live, config); err != nil {
		return backend.Result{}, err
	}
	var source *libvirtxml.DomainDiskSource
	if o.Path != "" {
		if source, _, err = c.sourceAt(ctx, o.Path); err != nil {
			return backend.Result{}, err
		}
	}
	flags := flagIf(o.Force, libvirt.DomainDeviceModifyForce)
	drive := config
	if config != nil {
		flags |= libvirt.DomainDeviceModifyConfig
	}
	if live != nil {
		flags |= libvirt.DomainDeviceModifyLive
		drive = live
	}
	text, err := written(withMedium(drive, source))
	if err != nil {
		return backend.Result{}, err
	}
	ch := f.ch
	ch.run = plainly(func(lv *libvirt.Libvirt) error { return lv.DomainUpdateDeviceFlags(ch.domain, text, flags) })
	result, err := c.carryOut(ctx, ch, progress)
	return result, withTrayRemedy(err)
}

func (f *fitting) checkDrive(o backend.VMMediaOp, drives ...*libvirtxml.DomainDisk) error {
	found := false
	for _, d := range drives {
		if d == nil {
			continue
		}
		found = true
		if d.Device != "cdrom" && d.Device != "floppy" {
			return f.ch.refuse(backend.ClassInvalid, "%s is a disk: only the medium of a drive can be changed", o.Drive)
		}
	}
	switch {
	case !found:
		return f.ch.refuse(backend.ClassNotFound, "it has no drive %q", clip(o.Drive))
	case o.Path != "" && !strings.HasPrefix(o.Path, "/"):
		return f.ch.refuse(backend.ClassInvalid, "%q is not a full path at the host", clip(o.Path))
	default:
		return nil
	}
}

// withMedium is a drive with another medium, nil for none; what hung on the old one
// goes with it.
func withMedium(d *libvirtxml.DomainDisk, source *libvirtxml.DomainDiskSource) *libvirtxml.DomainDisk {
	drive := *d
	drive.Source, drive.BackingStore = source, nil
	if drive.Target != nil {
		target := *drive.Target
		target.Tray = ""
		drive.Target = &target
	}
	return &drive
}

// withTrayRemedy says what helps where the guest keeps the tray shut.
func withTrayRemedy(err error) error {
	e, ok := backendError(err)
	if !ok || !strings.Contains(e.Message, "locked") && !strings.Contains(e.Message, "tray") {
		return err
	}
	helped := *e
	helped.Remedy = "eject it in the guest, or use force: the guest then loses it at once"
	return &helped
}
