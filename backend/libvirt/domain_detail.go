package libvirt

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// getVM gives a VM's definition, addresses and disk sizes (I4, I6). None of its calls
// waits for a VM that hangs, except one for the guest agent, which is given up.
// Sources: virDomainGetXMLDesc, virDomainInterfaceAddresses, virDomainListGetStats.
func (c *client) getVM(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	d, err := domainOf(r)
	if err != nil {
		return nil, err
	}
	if d.Name, err = c.domainName(ctx, d); err != nil {
		return nil, err
	}
	text, err := c.domainText(ctx, c.poll, d, 0)
	if err != nil {
		return nil, err
	}
	detail := &backend.Detail{Ref: r, VM: &backend.VMDetail{}, Raw: text}
	var x libvirtxml.Domain
	if err := x.Unmarshal(text); err == nil {
		describeVM(detail, &x)
		if x.ID != nil {
			c.addControl(ctx, d, detail)
			c.addAddresses(ctx, d, &x, detail.VM)
		}
		c.addBacking(ctx, &x, detail.VM)
		c.addSizes(ctx, d, detail.VM)
	}
	detail.At = time.Now()
	return detail, nil
}

// describeVM takes what the XML says.
func describeVM(detail *backend.Detail, x *libvirtxml.Domain) {
	vm := detail.VM
	vm.Notes = x.Description
	if x.Title != "" {
		detail.Fields = append(detail.Fields, backend.Field{Name: "Title", Value: x.Title})
	}
	detail.Fields = append(detail.Fields, backend.Field{Name: "Type", Value: x.Type})
	if x.OS != nil {
		vm.Firmware = firmware(x.OS)
		if x.OS.Type != nil {
			vm.Machine, vm.GuestID = x.OS.Type.Machine, x.OS.Type.Type
			vm.GuestName = strings.TrimSpace(x.OS.Type.Type + " " + x.OS.Type.Arch)
		}
	}
	if x.VCPU != nil {
		vm.MaxVCPUs, vm.VCPUs = counted(uint64(x.VCPU.Value)), counted(uint64(x.VCPU.Value))
		if x.VCPU.Current > 0 {
			vm.VCPUs = counted(uint64(x.VCPU.Current))
		}
	}
	if x.Memory != nil {
		vm.MaxMemory = sized(uint64(x.Memory.Value), unitBytes(x.Memory.Unit))
		vm.Memory = vm.MaxMemory
	}
	if x.CurrentMemory != nil {
		vm.Memory = sized(uint64(x.CurrentMemory.Value), unitBytes(x.CurrentMemory.Unit))
	}
	if x.Devices == nil {
		return
	}
	vm.Tools = agentState(x.Devices.Channels)
	for i := range x.Devices.Interfaces {
		vm.NICs = append(vm.NICs, nicOf(&x.Devices.Interfaces[i]))
	}
	for i := range x.Devices.Disks {
		vm.Disks = append(vm.Disks, diskOf(&x.Devices.Disks[i]))
	}
	vm.Console = consolesOf(x.Devices)
	vm.Consoles = consoleNames(x.Devices)
	vm.Headless = headless(x)
}

// headless reports whether QEMU has no display to show: libvirt gives a VM with
// graphics a video card by itself. Source: qemuDomainScreenshot.
func headless(x *libvirtxml.Domain) bool {
	if x.Type != "qemu" && x.Type != "kvm" {
		return false
	}
	return !slices.ContainsFunc(x.Devices.Videos, func(v libvirtxml.DomainVideo) bool { return v.Model.Type != "none" })
}

// firmware in words: BIOS unless a loader says otherwise.
func firmware(os *libvirtxml.DomainOS) string {
	uefi := os.Firmware == "efi" || (os.Loader != nil && os.Loader.Type == "pflash")
	switch {
	case os.Type != nil && os.Type.Type != "hvm":
		return ""
	case uefi && os.Loader != nil && os.Loader.Secure == "yes":
		return "UEFI, secure boot"
	case uefi:
		return "UEFI"
	default:
		return "BIOS"
	}
}

// unitBytes is libvirt's unit of a size; KiB is the default.
func unitBytes(unit string) uint64 {
	powers := map[string]uint64{"b": 1, "bytes": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30, "T": 1 << 40, "TiB": 1 << 40}
	if b, ok := powers[unit]; ok {
		return b
	}
	return 1 << 10
}

// agentChannel is the name of the guest agent's channel.
const agentChannel = "org.qemu.guest_agent.0"

// agentState is the agent's state in words; empty when there is no channel.
func agentState(channels []libvirtxml.DomainChannel) string {
	for _, ch := range channels {
		if ch.Target == nil || ch.Target.VirtIO == nil || ch.Target.VirtIO.Name != agentChannel {
			continue
		}
		if ch.Target.VirtIO.State == "connected" {
			return "agent running"
		}
		return "agent not running"
	}
	return "no agent"
}

// addAddresses asks for IP addresses where they may be known, the cheapest first.
func (c *client) addAddresses(ctx context.Context, d libvirt.Domain, x *libvirtxml.Domain, vm *backend.VMDetail) {
	if len(vm.NICs) == 0 {
		return
	}
	found := c.addressesFrom(ctx, d, libvirt.DomainInterfaceAddressesSrcLease)
	if len(found) == 0 && agentState(x.Devices.Channels) == "agent running" {
		found = c.agentAddresses(ctx, d)
	}
	if len(found) == 0 {
		found = c.addressesFrom(ctx, d, libvirt.DomainInterfaceAddressesSrcArp)
	}
	for i := range vm.NICs {
		vm.NICs[i].IPs = found[strings.ToLower(vm.NICs[i].MAC)]
		vm.IPs = append(vm.IPs, vm.NICs[i].IPs...)
	}
}

// addressesFrom gives addresses by MAC; none when the source does not know.
func (c *client) addressesFrom(ctx context.Context, d libvirt.Domain, source libvirt.DomainInterfaceAddressesSource) map[string][]string {
	got, err := read(ctx, c, "read addresses of", d.Name, func(lv *libvirt.Libvirt) ([]libvirt.DomainInterface, error) {
		return lv.DomainInterfaceAddresses(d, uint32(source), 0) //nolint:gosec // an enum
	})
	if err != nil {
		return nil
	}
	return byMAC(got)
}

// agentAddresses asks the guest agent, one guest at a time and not for long: a call
// that hangs keeps its place in the connection until the guest answers.
func (c *client) agentAddresses(ctx context.Context, d libvirt.Domain) map[string][]string {
	ctx, cancel := context.WithTimeout(ctx, dearPatience)
	defer cancel()
	got, err := read(ctx, c, "read addresses of", d.Name, func(lv *libvirt.Libvirt) ([]libvirt.DomainInterface, error) {
		select {
		case c.agent <- struct{}{}:
			defer func() { <-c.agent }()
			return lv.DomainInterfaceAddresses(d, uint32(libvirt.DomainInterfaceAddressesSrcAgent), 0)
		default:
			return nil, nil
		}
	})
	if err != nil {
		return nil
	}
	return byMAC(got)
}

// byMAC sorts addresses by the interface that has them.
func byMAC(nics []libvirt.DomainInterface) map[string][]string {
	found := make(map[string][]string)
	for _, nic := range nics {
		mac := strings.ToLower(optional(nic.Hwaddr))
		for _, a := range nic.Addrs {
			found[mac] = append(found[mac], a.Addr)
		}
	}
	return found
}

// addSizes fills in disk sizes and CPU time.
func (c *client) addSizes(ctx context.Context, d libvirt.Domain, vm *backend.VMDetail) {
	records, ok := c.dearStats(ctx, []libvirt.Domain{d}, uint32(libvirt.DomainStatsBlock|libvirt.DomainStatsCPUTotal))
	if !ok || len(records) == 0 {
		return
	}
	diskSizes(vm, paramsOf(records[0].Params))
}

// diskSizes takes over what the parameters tell; of disks there are no more than those.
func diskSizes(vm *backend.VMDetail, p params) {
	vm.CPUTime = max(time.Duration(p.integer("cpu.time")), 0)
	for i := range min(p.integer("block.count"), int64(len(p))) {
		prefix := fmt.Sprintf("block.%d.", i)
		name, _ := p.find(prefix + "name")
		at := slices.IndexFunc(vm.Disks, func(k backend.Disk) bool { return k.Label == name })
		if at >= 0 {
			vm.Disks[at].Capacity = p.unsigned(prefix + "capacity")
			vm.Disks[at].Allocation = p.unsigned(prefix + "allocation")
		}
	}
}
