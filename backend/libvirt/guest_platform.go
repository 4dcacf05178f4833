package libvirt

import (
	"context"
	"slices"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// guestPlatform is what a new VM is made of, chosen from what the host offers.
type guestPlatform struct {
	domainType, osType, arch, emulator string
	machine                            string // "" leaves it to the server
	// offers are the domain capabilities; zero where the driver has none.
	offers libvirtxml.DomainCaps
}

// platform chooses the best for a plain guest: the host's own architecture, KVM where
// there is it, q35 or virt where that is known. Sources: virConnectGetCapabilities,
// virConnectGetDomainCapabilities.
func (c *client) platform(ctx context.Context, doing string) (guestPlatform, error) {
	var caps libvirtxml.Caps
	if err := caps.Unmarshal(c.node.capabilities); err != nil || len(caps.Guests) == 0 {
		return guestPlatform{}, backend.Refuse(backend.ClassUnsupported, doing, "", "the host says of no guest that it can run it")
	}
	p := platformOf(&caps)
	text, err := read(ctx, c, "read the domain capabilities of", "", func(lv *libvirt.Libvirt) (string, error) {
		return lv.ConnectGetDomainCapabilities(optionalString(p.emulator), optionalString(p.arch),
			optionalString(p.machine), optionalString(p.domainType), 0)
	})
	if err != nil && !unsupported(err) {
		return p, err
	}
	if text != "" {
		if err := p.offers.Unmarshal(text); err != nil {
			return p, parsed("domain capabilities", "", err)
		}
	}
	return p, nil
}

func platformOf(caps *libvirtxml.Caps) guestPlatform {
	guest := bestGuest(caps)
	p := guestPlatform{osType: guest.OSType, arch: guest.Arch.Name, emulator: guest.Arch.Emulator}
	machines := guest.Arch.Machines
	if d := bestDomain(guest.Arch.Domains); d != nil {
		p.domainType = d.Type
		if d.Emulator != "" {
			p.emulator = d.Emulator
		}
		if len(d.Machines) > 0 {
			machines = d.Machines
		}
	}
	for _, want := range []string{"q35", "virt"} {
		// Other architectures have machines of these names that are no PCs.
		fits := want == "q35" && p.arch == "x86_64" || want == "virt" && (p.arch == "aarch64" || strings.HasPrefix(p.arch, "riscv"))
		if fits && slices.ContainsFunc(machines, func(m libvirtxml.CapsGuestMachine) bool { return m.Name == want }) {
			p.machine = want
		}
	}
	return p
}

// bestGuest is the fully virtualized guest of the host's own architecture, else the
// first one.
func bestGuest(caps *libvirtxml.Caps) *libvirtxml.CapsGuest {
	best := &caps.Guests[0]
	arch := ""
	if caps.Host.CPU != nil {
		arch = caps.Host.CPU.Arch
	}
	for i := range caps.Guests {
		if g := &caps.Guests[i]; g.OSType == "hvm" && g.Arch.Name == arch {
			best = g
		}
	}
	return best
}

func bestDomain(domains []libvirtxml.CapsGuestDomain) *libvirtxml.CapsGuestDomain {
	for _, want := range []string{"kvm", "hvf", "qemu"} {
		for i := range domains {
			if domains[i].Type == want {
				return &domains[i]
			}
		}
	}
	if len(domains) > 0 {
		return &domains[0]
	}
	return nil
}

// full reports whether it is one of QEMU's machines, with all its devices.
func (p guestPlatform) full() bool {
	return slices.Contains([]string{"kvm", "hvf", "qemu"}, p.domainType)
}

// has reports whether the domain capabilities offer a value.
func has(enums []libvirtxml.DomainCapsEnum, name, value string) bool {
	for _, e := range enums {
		if e.Name == name && slices.Contains(e.Values, value) {
			return true
		}
	}
	return false
}

func (p guestPlatform) offersUEFI() bool {
	return p.offers.OS != nil && has(p.offers.OS.Enums, "firmware", "efi")
}

func (p guestPlatform) offersVNC() bool {
	g, v := p.offers.Devices, p.offers.Devices
	return g != nil && g.Graphics != nil && has(g.Graphics.Enums, "type", "vnc") && v.Video != nil && v.Video.Supported == "yes"
}

// videoModel is a display that every guest can drive, and text mode works on.
func (p guestPlatform) videoModel() string {
	if d := p.offers.Devices; d != nil && d.Video != nil {
		for _, m := range []string{"vga", "virtio", "bochs", "ramfb"} {
			// Only PCs have a VGA to boot with.
			if (m != "vga" || p.arch == "x86_64" || p.arch == "i686") && has(d.Video.Enums, "modelType", m) {
				return m
			}
		}
	}
	return ""
}

// hostModel reports whether guests can have the host's own CPU model.
func (p guestPlatform) hostModel() bool {
	if p.domainType != "kvm" || p.offers.CPU == nil {
		return false
	}
	return slices.ContainsFunc(p.offers.CPU.Modes, func(m libvirtxml.DomainCapsCPUMode) bool {
		return m.Name == "host-model" && m.Supported == "yes"
	})
}

// optionalString is a string that may be left out of a call.
func optionalString(s string) libvirt.OptString {
	if s == "" {
		return nil
	}
	return libvirt.OptString{s}
}
