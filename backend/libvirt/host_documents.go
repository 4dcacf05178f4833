package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// hostDocuments are N5: what the host is made of and what it offers. Sources:
// virConnectGetSysinfo, …GetCapabilities, …GetDomainCapabilities,
// …GetStoragePoolCapabilities.
func (c *client) hostDocuments() []document {
	return []document{
		c.hostDocument("System information", func(lv *libvirt.Libvirt) (string, error) { return lv.ConnectGetSysinfo(0) }),
		c.hostDocument("Capabilities", (*libvirt.Libvirt).ConnectGetCapabilities),
		c.hostDocument("Domain capabilities", func(lv *libvirt.Libvirt) (string, error) {
			return lv.ConnectGetDomainCapabilities(nil, nil, nil, nil, 0)
		}),
		c.hostDocument("Storage capabilities", func(lv *libvirt.Libvirt) (string, error) {
			return lv.ConnectGetStoragePoolCapabilities(0)
		}),
	}
}

// hostDocument is a page made of an XML text about the host.
func (c *client) hostDocument(name string, ask func(*libvirt.Libvirt) (string, error)) document {
	return document{name: name, fetch: func(ctx context.Context, r backend.Ref) (*backend.Document, error) {
		if r != c.node.ref {
			return nil, backend.Refuse(backend.ClassNotFound, "read "+name+" of", "", "this connection has no such host")
		}
		text, err := read(ctx, c, "read "+name+" of", c.node.name, ask)
		if err != nil {
			err = withRemedy(err, "SMBIOS", "the host has no DMI tables that its libvirt can read: nothing is known of its hardware")
			return nil, withRemedy(err, "not supported by the connection driver", "this driver has no such document")
		}
		sections, err := documentSections(text)
		if err != nil {
			return nil, parsed(name, c.node.name, err)
		}
		return &backend.Document{Ref: r, Name: name, At: time.Now(), Sections: sections, Raw: text}, nil
	}}
}
