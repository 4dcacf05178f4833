package libvirt

import (
	"strings"

	"libvirt.org/go/libvirtxml"
)

// busPrefix is how the devices of a bus are named: vda, sda, hda.
func busPrefix(bus string) string {
	switch bus {
	case "virtio":
		return "vd"
	case "ide":
		return "hd"
	case "fdc":
		return "fd"
	case "xen":
		return "xvd"
	default:
		return "sd"
	}
}

// diskLetters counts as disks are named: a … z, aa, ab …
func diskLetters(n int) string {
	letters := ""
	for n++; n > 0; n = (n - 1) / 26 {
		letters = string(rune('a'+(n-1)%26)) + letters
	}
	return letters
}

// freeTarget is the first name of a bus that none of the definitions uses.
func freeTarget(bus string, all ...*libvirtxml.Domain) string {
	taken := make(map[string]bool)
	for _, x := range all {
		for _, d := range disksOf(x) {
			taken[targetOf(&d)] = true
		}
	}
	for n := 0; ; n++ {
		if name := busPrefix(bus) + diskLetters(n); !taken[name] {
			return name
		}
	}
}

func disksOf(x *libvirtxml.Domain) []libvirtxml.DomainDisk {
	if x == nil || x.Devices == nil {
		return nil
	}
	return x.Devices.Disks
}

func nicsOf(x *libvirtxml.Domain) []libvirtxml.DomainInterface {
	if x == nil || x.Devices == nil {
		return nil
	}
	return x.Devices.Interfaces
}

// targetOf is a disk's name in its VM, "vda".
func targetOf(d *libvirtxml.DomainDisk) string {
	if d.Target == nil {
		return ""
	}
	return d.Target.Dev
}

// machineIs reports whether a machine is of a kind, by its alias or a version of it:
// "q35", "pc-q35-7.2".
func machineIs(machine, kind string) bool {
	return machine == kind || strings.HasPrefix(machine, kind+"-") || strings.Contains(machine, "-"+kind+"-")
}
