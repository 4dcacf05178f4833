package libvirt

import (
	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// plainVM is what the definition of a new VM is made from.
type plainVM struct {
	name    string
	vcpus   int
	memory  uint64 // bytes
	disk    *libvirtxml.DomainDisk
	iso     string
	network string
	uefi    bool
}

// spareSlots are the PCI Express ports of a new VM: each device plugged in while it
// runs takes one, and none can be added then.
const spareSlots = 12

// balloonPeriod is how often a guest tells its memory figures, in seconds.
const balloonPeriod = 5

// domainXML is the definition of a plain VM on a platform.
func (v plainVM) domainXML(p guestPlatform) *libvirtxml.Domain {
	x := &libvirtxml.Domain{
		Type: p.domainType, Name: v.name, UUID: backend.NewUUID(),
		Memory: &libvirtxml.DomainMemory{Value: uint(v.memory >> 10), Unit: "KiB"},
		VCPU:   &libvirtxml.DomainVCPU{Value: uint(max(v.vcpus, 0))},
		OS:     &libvirtxml.DomainOS{Type: &libvirtxml.DomainOSType{Arch: p.arch, Machine: p.machine, Type: p.osType}},
		Features: &libvirtxml.DomainFeatureList{
			ACPI: &libvirtxml.DomainFeature{}, APIC: &libvirtxml.DomainFeatureAPIC{},
		},
		Devices: &libvirtxml.DomainDeviceList{Emulator: p.emulator},
	}
	if v.uefi {
		x.OS.Firmware = "efi"
	}
	if p.arch != "x86_64" && p.arch != "i686" {
		x.Features.APIC = nil
	}
	if p.hostModel() {
		x.CPU = &libvirtxml.DomainCPU{Mode: "host-model"}
	}
	x.Clock = &libvirtxml.DomainClock{Offset: "utc"}
	v.addStorage(x.Devices, p)
	v.addNetwork(x.Devices)
	addConsole(x.Devices)
	if p.full() {
		addComforts(x.Devices, p)
	}
	return x
}

// addStorage puts in the disk and the installation medium; an empty disk is passed
// over by the firmware, so the medium comes second and only once.
func (v plainVM) addStorage(d *libvirtxml.DomainDeviceList, p guestPlatform) {
	if v.disk != nil {
		disk := *v.disk
		disk.Boot = &libvirtxml.DomainDeviceBoot{Order: 1}
		d.Disks = append(d.Disks, disk)
	}
	if v.iso == "" {
		return
	}
	bus := cdromBus(p.arch, p.machine)
	d.Disks = append(d.Disks, libvirtxml.DomainDisk{
		Device: "cdrom",
		Driver: &libvirtxml.DomainDiskDriver{Name: "qemu", Type: "raw"},
		Source: &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: v.iso}},
		Target: &libvirtxml.DomainDiskTarget{Dev: busPrefix(bus) + "a", Bus: bus},
		Boot:   &libvirtxml.DomainDeviceBoot{Order: 2}, ReadOnly: &libvirtxml.DomainDiskReadOnly{},
	})
}

// cdromBus is what a CD-ROM drive hangs on.
func cdromBus(arch, machine string) string {
	switch {
	case machineIs(machine, "q35"):
		return "sata"
	case arch == "x86_64" || arch == "i686":
		return "ide"
	default:
		return "scsi"
	}
}

func (v plainVM) addNetwork(d *libvirtxml.DomainDeviceList) {
	if v.network == "" {
		return
	}
	d.Interfaces = append(d.Interfaces, networkCard(v.network, "virtio", newMAC()))
}

// newMAC is a random address of QEMU's range.
func newMAC() string { return backend.NewMAC([3]byte{0x52, 0x54, 0x00}) }

// networkCard is a NIC on a virtual network.
func networkCard(network, model, mac string) libvirtxml.DomainInterface {
	return libvirtxml.DomainInterface{
		MAC: &libvirtxml.DomainInterfaceMAC{Address: mac},
		Source: &libvirtxml.DomainInterfaceSource{
			Network: &libvirtxml.DomainInterfaceSourceNetwork{Network: network}},
		Model: &libvirtxml.DomainInterfaceModel{Type: model},
	}
}

// addConsole puts in a serial console, which this program shows.
func addConsole(d *libvirtxml.DomainDeviceList) {
	port := uint(0)
	pty := func() *libvirtxml.DomainChardevSource {
		return &libvirtxml.DomainChardevSource{Pty: &libvirtxml.DomainChardevSourcePty{}}
	}
	d.Serials = []libvirtxml.DomainSerial{{Source: pty(), Target: &libvirtxml.DomainSerialTarget{Port: &port}}}
	d.Consoles = []libvirtxml.DomainConsole{{Source: pty(), Target: &libvirtxml.DomainConsoleTarget{Type: "serial", Port: &port}}}
}

// addComforts puts in what only a full machine has: room for hot plug, a channel for
// the guest agent, memory figures, randomness, a display for those who need one.
func addComforts(d *libvirtxml.DomainDeviceList, p guestPlatform) {
	if p.machine == "q35" || p.machine == "virt" {
		root := uint(0)
		d.Controllers = append(d.Controllers, libvirtxml.DomainController{Type: "pci", Index: &root, Model: "pcie-root"})
		for range spareSlots {
			d.Controllers = append(d.Controllers, libvirtxml.DomainController{Type: "pci", Model: "pcie-root-port"})
		}
	}
	d.Channels = []libvirtxml.DomainChannel{{
		Source: &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{Mode: "bind"}},
		Target: &libvirtxml.DomainChannelTarget{VirtIO: &libvirtxml.DomainChannelTargetVirtIO{Name: agentChannel}},
	}}
	d.MemBalloon = &libvirtxml.DomainMemBalloon{Model: "virtio", Stats: &libvirtxml.DomainMemBalloonStats{Period: balloonPeriod}}
	if r := p.offers.Devices; r != nil && r.RNG != nil && r.RNG.Supported == "yes" {
		d.RNGs = []libvirtxml.DomainRNG{{Model: "virtio",
			Backend: &libvirtxml.DomainRNGBackend{Random: &libvirtxml.DomainRNGBackendRandom{Device: "/dev/urandom"}}}}
	}
	if model := p.videoModel(); model != "" && p.offersVNC() {
		d.Graphics = []libvirtxml.DomainGraphic{{VNC: &libvirtxml.DomainGraphicVNC{AutoPort: "yes", Listen: "127.0.0.1"}}}
		d.Videos = []libvirtxml.DomainVideo{{Model: libvirtxml.DomainVideoModel{Type: model}}}
		d.Inputs = []libvirtxml.DomainInput{{Type: "tablet", Bus: "usb"}}
	}
}
