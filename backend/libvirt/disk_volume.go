package libvirt

import (
	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// volumePath is where a volume's data is at the host.
func volumePath(x *libvirtxml.StorageVolume) string {
	if x.Target == nil {
		return ""
	}
	return x.Target.Path
}

// volumeFormat is what is in a volume; raw where its pool knows no formats.
func volumeFormat(x *libvirtxml.StorageVolume) string {
	if x.Target == nil || x.Target.Format == nil || x.Target.Format.Type == "" || x.Target.Format.Type == "iso" {
		return "raw"
	}
	return x.Target.Format.Type
}

// diskOn is a disk whose data is in a volume.
func diskOn(vol libvirt.StorageVol, x *libvirtxml.StorageVolume, target, bus string) *libvirtxml.DomainDisk {
	return &libvirtxml.DomainDisk{
		Device: "disk",
		Driver: &libvirtxml.DomainDiskDriver{Name: "qemu", Type: volumeFormat(x)},
		Source: volumeSource(vol, x),
		Target: &libvirtxml.DomainDiskTarget{Dev: target, Bus: bus},
	}
}

// volumeSource names a volume by its path where it has one in the file system: every
// tool understands that. Others are named by pool and volume.
func volumeSource(vol libvirt.StorageVol, x *libvirtxml.StorageVolume) *libvirtxml.DomainDiskSource {
	switch x.Type {
	case "file":
		return &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: volumePath(x)}}
	case "block":
		return &libvirtxml.DomainDiskSource{Block: &libvirtxml.DomainDiskSourceBlock{Dev: volumePath(x)}}
	default:
		return &libvirtxml.DomainDiskSource{Volume: &libvirtxml.DomainDiskSourceVolume{Pool: vol.Pool, Volume: vol.Name}}
	}
}

// withMessage adds to the words of an error.
func withMessage(err error, more string) error {
	e, ok := backendError(err)
	if !ok {
		return err
	}
	added := *e
	if added.Message == "" && added.Err != nil {
		added.Message = added.Err.Error()
	}
	added.Message += more
	return &added
}
