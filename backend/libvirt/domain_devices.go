package libvirt

import (
	"fmt"
	"strings"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// nicOf translates a network interface.
func nicOf(x *libvirtxml.DomainInterface) backend.NIC {
	nic := backend.NIC{Connected: x.Link == nil || x.Link.State != "down"}
	if x.MAC != nil {
		nic.MAC = x.MAC.Address
	}
	if x.Model != nil {
		nic.Model = x.Model.Type
	}
	if x.Target != nil {
		nic.Label = x.Target.Dev
	}
	nic.Network = nicSource(x.Source)
	return nic
}

// nicSource is what an interface is plugged into, in words.
func nicSource(s *libvirtxml.DomainInterfaceSource) string {
	switch {
	case s == nil:
		return ""
	case s.Network != nil:
		return s.Network.Network
	case s.Bridge != nil:
		return "bridge " + s.Bridge.Bridge
	case s.Direct != nil:
		return strings.TrimSpace("direct " + s.Direct.Dev)
	case s.User != nil:
		return "user"
	case s.Ethernet != nil:
		return "ethernet"
	case s.VHostUser != nil:
		return "vhost-user"
	case s.Hostdev != nil:
		return "host device"
	case s.Internal != nil:
		return "internal " + s.Internal.Name
	case s.VDPA != nil:
		return "vdpa"
	default:
		return "other"
	}
}

// diskOf translates a disk with its backing chain.
func diskOf(x *libvirtxml.DomainDisk) backend.Disk {
	disk := backend.Disk{Device: x.Device, Path: diskPath(x.Source), ReadOnly: x.ReadOnly != nil}
	if x.Target != nil {
		disk.Label, disk.Bus = x.Target.Dev, x.Target.Bus
	}
	if x.Driver != nil {
		disk.Format = x.Driver.Type
	}
	for b := x.BackingStore; b != nil; b = b.BackingStore {
		if path := diskPath(b.Source); path != "" {
			disk.Backing = append(disk.Backing, path)
		}
	}
	return disk
}

// diskPath is where a disk's data is; empty for an empty drive.
func diskPath(s *libvirtxml.DomainDiskSource) string {
	switch {
	case s == nil:
		return ""
	case s.File != nil:
		return s.File.File
	case s.Block != nil:
		return s.Block.Dev
	case s.Dir != nil:
		return s.Dir.Dir
	case s.Network != nil:
		return s.Network.Protocol + ":" + s.Network.Name
	case s.Volume != nil:
		return s.Volume.Pool + "/" + s.Volume.Volume
	case s.NVME != nil:
		return "nvme"
	default:
		return ""
	}
}

// consolesOf lists graphics addresses and serial ports.
func consolesOf(d *libvirtxml.DomainDeviceList) []backend.Field {
	var all []backend.Field
	for _, g := range d.Graphics {
		switch {
		case g.VNC != nil:
			all = append(all, backend.Field{Name: "VNC", Value: address(g.VNC.Listen, g.VNC.Port)})
		case g.Spice != nil:
			all = append(all, backend.Field{Name: "SPICE", Value: address(g.Spice.Listen, g.Spice.Port)})
		case g.RDP != nil:
			all = append(all, backend.Field{Name: "RDP", Value: address(g.RDP.Listen, g.RDP.Port)})
		}
	}
	for i, s := range d.Serials {
		if s.Source == nil {
			continue
		}
		value := "serial"
		if s.Source.Pty != nil {
			value = strings.TrimSpace("pty " + s.Source.Pty.Path)
		}
		all = append(all, backend.Field{Name: fmt.Sprintf("Serial %d", i), Value: value})
	}
	return all
}

// address is a listener; a port that is not chosen yet is left out.
func address(listen string, port int) string {
	if listen == "" {
		listen = "localhost"
	}
	if port <= 0 {
		return listen
	}
	return fmt.Sprintf("%s:%d", listen, port)
}
