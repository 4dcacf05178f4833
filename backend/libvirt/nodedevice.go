package libvirt

import (
	"context"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// listNodeDevices lists the devices of the host: one list, and the XML of each.
// Sources: virConnectListAllNodeDevices, virNodeDeviceGetXMLDesc.
func (c *client) listNodeDevices(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	all, err := c.nodeDevicesWith(ctx, 0)
	if err != nil {
		return ignoreUnsupported(err)
	}
	// Only newer daemons know devices that are defined and not there.
	off, _ := c.nodeDevicesWith(ctx, uint32(libvirt.ConnectListNodeDevicesInactive))
	inactive := make(map[string]bool, len(off))
	for _, d := range off {
		inactive[d.Name] = true
	}
	return emitEach(ctx, q, all, func(d libvirt.NodeDevice) string { return d.Name },
		func(ctx context.Context, d libvirt.NodeDevice) (backend.Object, error) {
			o, _, err := c.nodeDevice(ctx, d.Name)
			if err != nil {
				return nil, err
			}
			o.Active = !inactive[d.Name]
			return o, nil
		}, emit)
}

func (c *client) nodeDevicesWith(ctx context.Context, flags uint32) ([]libvirt.NodeDevice, error) {
	return read(ctx, c, "list devices", "", func(lv *libvirt.Libvirt) ([]libvirt.NodeDevice, error) {
		all, _, err := lv.ConnectListAllNodeDevices(1, flags)
		return all, err
	})
}

// nodeDevice reads one device; its XML comes along.
func (c *client) nodeDevice(ctx context.Context, name string) (*backend.NodeDevice, string, error) {
	text, err := read(ctx, c, "read device", name, func(lv *libvirt.Libvirt) (string, error) {
		return lv.NodeDeviceGetXMLDesc(name, 0)
	})
	if err != nil {
		return nil, "", err
	}
	o := &backend.NodeDevice{Meta: backend.Meta{ID: c.ref(backend.KindNodeDevice, name), Name: name}}
	describeNodeDevice(o, text)
	return o, text, nil
}

// describeNodeDevice takes over what the XML tells; of a kind we do not know its types.
func describeNodeDevice(o *backend.NodeDevice, text string) {
	o.Types = deviceTypes(text)
	var x libvirtxml.NodeDevice
	if x.Unmarshal(text) != nil {
		return
	}
	o.Up, o.Path, o.About = x.Parent, x.Path, aboutDevice(&x.Capability)
	if x.Driver != nil {
		o.Driver = x.Driver.Name
	}
}

// deviceTypes are the types of the capabilities of a device and of those within them.
func deviceTypes(text string) []string {
	var types []string
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if err != nil {
			return types
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "capability" {
			continue
		}
		for _, a := range start.Attr {
			if a.Name.Local == "type" {
				types = append(types, a.Value)
			}
		}
	}
}

// aboutDevice is vendor and product, or what else tells a device from its likes.
func aboutDevice(x *libvirtxml.NodeDeviceCapability) string {
	switch {
	case x.System != nil:
		if x.System.Hardware != nil && x.System.Hardware.Vendor != "" {
			return words(x.System.Hardware.Vendor, x.System.Product)
		}
		return x.System.Product
	case x.PCI != nil:
		return words(idName(x.PCI.Vendor), idName(x.PCI.Product))
	case x.USBDevice != nil:
		return words(idName(x.USBDevice.Vendor), idName(x.USBDevice.Product))
	case x.USB != nil:
		return fmt.Sprintf("USB interface %d, class %d", x.USB.Number, x.USB.Class)
	case x.Net != nil:
		return words(x.Net.Interface, x.Net.Address)
	case x.Storage != nil:
		return words(x.Storage.Block, x.Storage.Vendor, x.Storage.Model)
	case x.SCSIHost != nil:
		return fmt.Sprintf("SCSI host %d", x.SCSIHost.Host)
	case x.SCSI != nil:
		return fmt.Sprintf("%d:%d:%d:%d %s", x.SCSI.Host, x.SCSI.Bus, x.SCSI.Target, x.SCSI.Lun, x.SCSI.Type)
	case x.MDev != nil && x.MDev.Type != nil:
		return x.MDev.Type.ID
	case x.DRM != nil:
		return x.DRM.Type
	default:
		return ""
	}
}

// idName is a name, or the number where the host has no name for it.
func idName(x libvirtxml.NodeDeviceIDName) string {
	if name := strings.TrimSpace(x.Name); name != "" {
		return name
	}
	return x.ID
}

// words joins what is not empty.
func words(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

func (c *client) getNodeDevice(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	_, text, err := c.nodeDevice(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return &backend.Detail{Ref: r, At: time.Now(), Raw: text}, nil
}
