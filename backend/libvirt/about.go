package libvirt

import (
	"context"
	"fmt"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// nodeFacts are what does not change while a connection lives.
type nodeFacts struct {
	ref          backend.Ref
	name         string
	driver       string // "QEMU", "TEST", as the daemon calls itself
	cpuModel     string
	model        string // hardware vendor and model
	info         nodeInfo
	capabilities string // XML
	library      uint64 // version of the daemon: 9000000 is 9.0.0
}

// introduce asks the daemon who it is. Source: virConnectGetType, …GetVersion,
// …GetLibVersion, …GetHostname, …GetCapabilities.
func (c *client) introduce(ctx context.Context, d *dialer) error {
	kind, err := read(ctx, c, "ask for the type of", "", (*libvirt.Libvirt).ConnectGetType)
	if err != nil {
		return err
	}
	lib, err := read(ctx, c, "ask for the version of", "", (*libvirt.Libvirt).ConnectGetLibVersion)
	if err != nil {
		return err
	}
	// What follows may be refused by small drivers.
	version, _ := read(ctx, c, "ask for the version of", "", (*libvirt.Libvirt).ConnectGetVersion)
	host, _ := read(ctx, c, "ask for the name of", "", (*libvirt.Libvirt).ConnectGetHostname)
	capsXML, _ := read(ctx, c, "ask for the capabilities of", "", (*libvirt.Libvirt).ConnectGetCapabilities)
	if c.poll.dead() {
		return deed{doing: "log in"}.unreachable(c.poll.fence.cause)
	}
	c.node = nodeFacts{name: host, driver: kind, capabilities: capsXML, library: lib}
	c.describeNode(d.target.Raw, capsXML)
	c.describeHardware(ctx)
	c.about = backend.About{
		Product: kind, Version: versionText(version), API: "libvirt " + versionText(lib),
		URI: d.target.Raw, HostName: host, Type: "libvirt", ReadOnly: d.opts.ReadOnly,
		Fields: []backend.Field{{Name: "Opened as", Value: d.target.Name}},
	}
	c.caps = capsFor(kind, d.opts.ReadOnly)
	if c.caps.Can[backend.VerbNodeSuspend] == "" && !c.canSleepAnyhow() {
		c.caps.Can[backend.VerbNodeSuspend] = "the host's capabilities say that it can't sleep"
	}
	return nil
}

// describeNode takes the host's id and CPU from the capabilities; without an id the
// URI names the host.
func (c *client) describeNode(uri, capsXML string) {
	id := uri
	var caps libvirtxml.Caps
	if capsXML != "" && caps.Unmarshal(capsXML) == nil {
		if caps.Host.UUID != "" {
			id = caps.Host.UUID
		}
		if caps.Host.CPU != nil {
			c.node.cpuModel = caps.Host.CPU.Model
		}
	}
	c.node.ref = c.ref(backend.KindHost, id)
	if c.node.name == "" {
		c.node.name = uri
	}
}

// describeHardware fills in what virConnectGetSysinfo and virNodeGetInfo know.
func (c *client) describeHardware(ctx context.Context) {
	if info, err := c.readNodeInfo(ctx); err == nil {
		c.node.info = info
		if c.node.cpuModel == "" {
			c.node.cpuModel = info.model
		}
	}
	text, err := read(ctx, c, "ask for the hardware of", "", func(lv *libvirt.Libvirt) (string, error) {
		return lv.ConnectGetSysinfo(0)
	})
	if err != nil {
		return
	}
	var sys libvirtxml.DomainSysInfoSMBIOS
	if xmlUnmarshal(text, &sys) != nil || sys.System == nil {
		return
	}
	c.node.model = smbiosModel(sys.System.Entry)
}

func smbiosModel(entries []libvirtxml.DomainSysInfoEntry) string {
	var vendor, product string
	for _, e := range entries {
		switch e.Name {
		case "manufacturer":
			vendor = e.Value
		case "product":
			product = e.Value
		}
	}
	if vendor == "" || product == "" {
		return vendor + product
	}
	return vendor + " " + product
}

// versionText is libvirt's version number in words. Source: virGetVersion.
func versionText(v uint64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", v/1000000, v/1000%1000, v%1000)
}
