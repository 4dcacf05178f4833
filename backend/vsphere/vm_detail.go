package vsphere

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

func vmDetailPaths() []string {
	return append(vmFieldPaths(),
		"name", "config.guestId", "config.guestFullName", "config.version", "config.uuid", "config.instanceUuid",
		"config.firmware", "config.bootOptions", "config.annotation", "config.hardware", "config.files",
		"config.changeTrackingEnabled", "config.cpuHotAddEnabled", "config.cpuHotRemoveEnabled", "config.memoryHotAddEnabled",
		"guest", "runtime", "resourcePool", "parent", "layoutEx", "summary.storage",
	)
}

func (c *Conn) fillVM(d *backend.Detail, got props) {
	guest := as[types.GuestInfo](got["guest"])
	hw := as[types.VirtualHardware](got["config.hardware"])
	pool := moidOf(got["resourcePool"])
	v := &backend.VMDetail{
		GuestID: as[string](got["config.guestId"]), GuestName: orDefault(guest.GuestFullName, as[string](got["config.guestFullName"])),
		HostName: guest.HostName, Firmware: firmware(got), Machine: as[string](got["config.version"]),
		Notes: as[string](got["config.annotation"]), ResourcePool: c.names.place(pool),
		Tools:  toolsWords(guest.ToolsRunningStatus, guest.ToolsVersionStatus2),
		Memory: uint64(max(hw.MemoryMB, 0)) << 20, MaxMemory: uint64(max(hw.MemoryMB, 0)) << 20,
		VCPUs: int(max(hw.NumCPU, 0)), MaxVCPUs: int(max(hw.NumCPU, 0)),
		HotAddCPU: as[bool](got["config.cpuHotAddEnabled"]), HotRemoveCPU: as[bool](got["config.cpuHotRemoveEnabled"]),
		HotAddMemory: as[bool](got["config.memoryHotAddEnabled"]),
	}
	for _, n := range guest.Net {
		v.IPs = append(v.IPs, n.IpAddress...)
	}
	if len(v.IPs) == 0 && guest.IpAddress != "" {
		v.IPs = []string{guest.IpAddress}
	}
	e := equipment{c: c, guest: guest, layout: as[types.VirtualMachineFileLayoutEx](got["layoutEx"]), all: hw.Device}
	for _, dev := range hw.Device {
		e.add(v, dev)
	}
	d.VM = v
	c.vmFields(d, got, hw)
}

func yesNo(val any) string {
	yes, ok := val.(bool)
	switch {
	case !ok:
		return ""
	case yes:
		return "on"
	default:
		return "off"
	}
}

func firmware(got props) string {
	fw := as[string](got["config.firmware"])
	switch fw {
	case "efi":
		fw = "UEFI"
	case "bios":
		fw = "BIOS"
	}
	boot := as[types.VirtualMachineBootOptions](got["config.bootOptions"])
	if boot.EfiSecureBootEnabled != nil && *boot.EfiSecureBootEnabled {
		fw += ", secure boot"
	}
	return fw
}

// equipment reads a VM's devices.
type equipment struct {
	c      *Conn
	guest  types.GuestInfo
	layout types.VirtualMachineFileLayoutEx
	all    []types.BaseVirtualDevice
}

func (e equipment) add(v *backend.VMDetail, dev types.BaseVirtualDevice) {
	switch d := dev.(type) {
	case types.BaseVirtualEthernetCard:
		v.NICs = append(v.NICs, e.nic(dev, d.GetVirtualEthernetCard()))
	case *types.VirtualDisk:
		v.Disks = append(v.Disks, e.disk(d))
	case *types.VirtualCdrom:
		v.Disks = append(v.Disks, e.cdrom(d))
	case *types.VirtualSerialPort:
		v.Console = append(v.Console, backend.Field{Name: label(&d.VirtualDevice), Value: serial(d)})
	}
}

func label(d *types.VirtualDevice) string {
	if d.DeviceInfo == nil {
		return ""
	}
	return d.DeviceInfo.GetDescription().Label
}

func (e equipment) nic(dev types.BaseVirtualDevice, card *types.VirtualEthernetCard) backend.NIC {
	n := backend.NIC{
		Label: label(&card.VirtualDevice), MAC: card.MacAddress,
		Model:   strings.ToLower(strings.TrimPrefix(typeName(dev), "Virtual")),
		Network: e.network(card.Backing), Connected: card.Connectable != nil && card.Connectable.Connected,
	}
	for _, g := range e.guest.Net {
		if g.DeviceConfigId == card.Key || strings.EqualFold(g.MacAddress, card.MacAddress) {
			n.IPs = append(n.IPs, g.IpAddress...)
			n.Network = orDefault(n.Network, g.Network)
		}
	}
	slices.Sort(n.IPs)
	n.IPs = slices.Compact(n.IPs)
	return n
}

func (e equipment) network(backing types.BaseVirtualDeviceBackingInfo) string {
	switch b := backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		return b.DeviceName
	case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
		return orDefault(e.c.names.place(b.Port.PortgroupKey), b.Port.PortgroupKey)
	case *types.VirtualEthernetCardOpaqueNetworkBackingInfo:
		return b.OpaqueNetworkId
	default:
		return ""
	}
}

func (e equipment) disk(d *types.VirtualDisk) backend.Disk {
	disk := backend.Disk{Label: label(&d.VirtualDevice), Capacity: uint64(max(d.CapacityInBytes, d.CapacityInKB<<10, 0))}
	disk.Bus, disk.Device = e.slot(&d.VirtualDevice)
	for _, layer := range layers(d.Backing) {
		if disk.Path == "" {
			disk.Path, disk.Format = layer.path, layer.format
			continue
		}
		disk.Backing = append(disk.Backing, layer.path)
	}
	disk.Allocation = e.allocated(d.Key)
	return disk
}

func (e equipment) cdrom(d *types.VirtualCdrom) backend.Disk {
	disk := backend.Disk{Label: label(&d.VirtualDevice), Format: "iso", ReadOnly: true}
	disk.Bus, disk.Device = e.slot(&d.VirtualDevice)
	switch b := d.Backing.(type) {
	case *types.VirtualCdromIsoBackingInfo:
		disk.Path = b.FileName
	case *types.VirtualCdromAtapiBackingInfo:
		disk.Path, disk.Format = b.DeviceName, "device"
	}
	return disk
}

// slot is the bus and the place on it: "scsi", "scsi0:1".
func (e equipment) slot(d *types.VirtualDevice) (string, string) {
	for _, dev := range e.all {
		ctl, ok := dev.(types.BaseVirtualController)
		if !ok || ctl.GetVirtualController().Key != d.ControllerKey {
			continue
		}
		bus := "scsi"
		switch dev.(type) {
		case *types.VirtualIDEController:
			bus = "ide"
		case *types.VirtualNVMEController:
			bus = "nvme"
		case types.BaseVirtualSATAController:
			bus = "sata"
		}
		unit := int32(0)
		if d.UnitNumber != nil {
			unit = *d.UnitNumber
		}
		return bus, fmt.Sprintf("%s%d:%d", bus, ctl.GetVirtualController().BusNumber, unit)
	}
	return "", ""
}

// allocated is what all files of a disk take.
func (e equipment) allocated(key int32) uint64 {
	sizes := make(map[int32]int64, len(e.layout.File))
	for _, f := range e.layout.File {
		sizes[f.Key] = f.Size
	}
	var total int64
	for _, d := range e.layout.Disk {
		if d.Key != key {
			continue
		}
		for _, unit := range d.Chain {
			for _, k := range unit.FileKey {
				total += sizes[k]
			}
		}
	}
	return uint64(max(total, 0))
}

func serial(d *types.VirtualSerialPort) string {
	switch b := d.Backing.(type) {
	case *types.VirtualSerialPortURIBackingInfo:
		return b.ServiceURI
	case *types.VirtualSerialPortFileBackingInfo:
		return b.FileName
	case *types.VirtualSerialPortPipeBackingInfo:
		return b.PipeName
	default:
		return ""
	}
}

// layer is one file of a disk's chain.
type layer struct{ path, format string }

// layers are the files of a disk, the one written to first.
func layers(backing types.BaseVirtualDeviceBackingInfo) []layer {
	var all []layer
	for len(all) < 64 {
		switch b := backing.(type) {
		case *types.VirtualDiskFlatVer2BackingInfo:
			all = append(all, layer{b.FileName, provisioning(b.ThinProvisioned)})
			if b.Parent == nil {
				return all
			}
			backing = b.Parent
		case *types.VirtualDiskSeSparseBackingInfo:
			all = append(all, layer{b.FileName, "vmdk, sesparse"})
			if b.Parent == nil {
				return all
			}
			backing = b.Parent
		case *types.VirtualDiskSparseVer2BackingInfo:
			all = append(all, layer{b.FileName, "vmdk, sparse"})
			if b.Parent == nil {
				return all
			}
			backing = b.Parent
		case *types.VirtualDiskRawDiskMappingVer1BackingInfo:
			all = append(all, layer{b.FileName, "raw device mapping"})
			if b.Parent == nil {
				return all
			}
			backing = b.Parent
		default:
			return all
		}
	}
	return all
}

func provisioning(thin *bool) string {
	if thin != nil && *thin {
		return "vmdk, thin"
	}
	return "vmdk, thick"
}
