package libvirt

import (
	"fmt"

	"libvirt.org/go/libvirtxml"
)

// consoleNames names the devices that virDomainOpenConsole takes, in the order in
// which it chooses: the consoles, then the serial ports. libvirt names them when the
// VM starts; for one that is off these are the names that it will give.
func consoleNames(d *libvirtxml.DomainDeviceList) []string {
	var devices []string
	known := map[string]bool{"": true}
	add := func(name string) {
		if !known[name] {
			known[name] = true
			devices = append(devices, name)
		}
	}
	for i, console := range d.Consoles {
		if reachable(console.Source) {
			add(consoleName(i, console))
		}
	}
	for i, s := range d.Serials {
		if !reachable(s.Source) {
			continue
		}
		port := uint(i)
		if s.Target != nil && s.Target.Port != nil {
			port = *s.Target.Port
		}
		add(aliasOr(s.Alias, fmt.Sprintf("serial%d", port)))
	}
	return devices
}

// consoleName: a console of type serial is the serial port itself, seen once more.
func consoleName(i int, console libvirtxml.DomainConsole) string {
	kind, port := "serial", uint(i)
	if t := console.Target; t != nil {
		if t.Type != "" && t.Type != "serial" {
			kind = "console"
		}
		if t.Port != nil {
			port = *t.Port
		}
	}
	return aliasOr(console.Alias, fmt.Sprintf("%s%d", kind, port))
}

func aliasOr(a *libvirtxml.DomainAlias, name string) string {
	if a == nil || a.Name == "" {
		return name
	}
	return a.Name
}

// reachable reports whether libvirt can connect a client to a character device.
func reachable(s *libvirtxml.DomainChardevSource) bool {
	return s != nil && (s.Pty != nil || s.UNIX != nil)
}
