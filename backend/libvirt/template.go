package libvirt

import (
	"context"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// Template implements backend.Definer: a small definition that the server would take
// as it is, apart from its name.
func (c *client) Template(ctx context.Context, under backend.Ref, k backend.Kind) (string, error) {
	switch k {
	case backend.KindVM:
		return c.vmTemplate(ctx)
	case backend.KindPool:
		return poolTemplate()
	case backend.KindVolume:
		return c.volumeTemplate(ctx, under)
	case backend.KindNetwork:
		return networkTemplate()
	case backend.KindInterface:
		return interfaceTemplate()
	case backend.KindSecret:
		return secretTemplate()
	default:
		return "", backend.Refuse(backend.ClassUnsupported, "make a template of", "", "libvirt can't define a %s from nothing", k)
	}
}

// vmTemplate is a plain VM without a disk, on the default network where there is one.
func (c *client) vmTemplate(ctx context.Context) (string, error) {
	p, err := c.platform(ctx, "make a template of")
	if err != nil {
		return "", err
	}
	v := plainVM{name: "new-vm", vcpus: 1, memory: 1 << 30}
	if _, err := read(ctx, c, "find network", "default", func(lv *libvirt.Libvirt) (libvirt.Network, error) {
		return lv.NetworkLookupByName("default")
	}); err == nil {
		v.network = "default"
	}
	return written(v.domainXML(p))
}

func poolTemplate() (string, error) {
	return written(&libvirtxml.StoragePool{
		Type: "dir", Name: "new-pool", UUID: backend.NewUUID(),
		Target: &libvirtxml.StoragePoolTarget{Path: "/var/lib/libvirt/new-pool"},
	})
}

// volumeTemplate is in the format that fits the pool: only pools of files know qcow2.
func (c *client) volumeTemplate(ctx context.Context, pool backend.Ref) (string, error) {
	v := &libvirtxml.StorageVolume{Name: "new-volume", Capacity: &libvirtxml.StorageVolumeSize{Unit: "GiB", Value: 10}}
	files, err := c.poolOfFiles(ctx, pool)
	if err != nil {
		return "", err
	}
	if files {
		v.Name += ".qcow2"
		v.Target = &libvirtxml.StorageVolumeTarget{Format: &libvirtxml.StorageVolumeTargetFormat{Type: "qcow2"}}
	}
	return written(v)
}

// poolOfFiles reports whether the volumes of a pool are files in a directory.
func (c *client) poolOfFiles(ctx context.Context, r backend.Ref) (bool, error) {
	p, err := c.findPool(ctx, r)
	if err != nil {
		return false, err
	}
	_, text, err := c.pool(ctx, p)
	if err != nil {
		return false, err
	}
	var x libvirtxml.StoragePool
	if err := x.Unmarshal(text); err != nil {
		return false, parsed("pool", p.Name, err)
	}
	switch x.Type {
	case "dir", "fs", "netfs", "gluster", "vstorage":
		return true, nil
	default:
		return false, nil
	}
}

func networkTemplate() (string, error) {
	return written(&libvirtxml.Network{
		Name: "new-network", UUID: backend.NewUUID(),
		Forward: &libvirtxml.NetworkForward{Mode: "nat"},
		MAC:     &libvirtxml.NetworkMAC{Address: newMAC()},
		IPs: []libvirtxml.NetworkIP{{
			Address: "192.168.150.1", Netmask: "255.255.255.0",
			DHCP: &libvirtxml.NetworkDHCP{Ranges: []libvirtxml.NetworkDHCPRange{{Start: "192.168.150.2", End: "192.168.150.254"}}},
		}},
	})
}

func interfaceTemplate() (string, error) {
	off := "off"
	return written(&libvirtxml.Interface{
		Name: "br0", Start: &libvirtxml.InterfaceStart{Mode: "onboot"},
		Protocol: []libvirtxml.InterfaceProtocol{{Family: "ipv4", DHCP: &libvirtxml.InterfaceDHCP{}}},
		Bridge: &libvirtxml.InterfaceBridge{STP: off,
			Interfaces: []libvirtxml.Interface{{Name: "eth0"}}},
	})
}

func secretTemplate() (string, error) {
	id := backend.NewUUID()
	return written(&libvirtxml.Secret{
		Ephemeral: "no", Private: "no", UUID: id, Description: "new secret",
		Usage: &libvirtxml.SecretUsage{Type: "ceph", Name: "client." + id[:8]},
	})
}

// written is an object's XML as text that ends with a line.
func written(x interface{ Marshal() (string, error) }) (string, error) {
	text, err := x.Marshal()
	if err != nil {
		return "", &backend.Error{Doing: "write XML", Message: err.Error(), Err: err}
	}
	return text + "\n", nil
}
