package libvirt

import (
	"context"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

var _ backend.Definer = (*client)(nil)

// Flags of the calls that give XML, where the library has no names for them.
const (
	networkXMLInactive   = 1 // VIR_NETWORK_XML_INACTIVE
	interfaceXMLInactive = 1 // VIR_INTERFACE_XML_INACTIVE
)

// Definition implements backend.Definer. Sources: virDomainGetXMLDesc with
// VIR_DOMAIN_XML_SECURE and _INACTIVE, virStoragePoolGetXMLDesc,
// virStorageVolGetXMLDesc, virNetworkGetXMLDesc, virInterfaceGetXMLDesc,
// virSecretGetXMLDesc, virDomainSnapshotGetXMLDesc with
// VIR_DOMAIN_SNAPSHOT_XML_SECURE; without the SECURE flags where we may only read.
func (c *client) Definition(ctx context.Context, r backend.Ref) (string, error) {
	run, err := c.definitionCall(ctx, r)
	if err != nil {
		return "", err
	}
	return read(ctx, c, "read the definition of "+r.Kind.String(), "", run)
}

func (c *client) definitionCall(ctx context.Context, r backend.Ref) (func(*libvirt.Libvirt) (string, error), error) {
	switch r.Kind {
	case backend.KindVM:
		d, err := c.lookupVM(ctx, r)
		flags := libvirt.DomainXMLInactive
		if !c.caps.ReadOnly { // the daemon would refuse
			flags |= libvirt.DomainXMLSecure
		}
		return func(lv *libvirt.Libvirt) (string, error) { return lv.DomainGetXMLDesc(d, flags) }, err
	case backend.KindPool:
		p, err := c.findPool(ctx, r)
		return lasting(func(lv *libvirt.Libvirt, flag uint32) (string, error) {
			return lv.StoragePoolGetXMLDesc(p, libvirt.StorageXMLFlags(flag)) //nolint:gosec // a flag
		}, uint32(libvirt.StorageXMLInactive)), err
	case backend.KindVolume:
		v, _, err := c.lookupVolume(ctx, r)
		return func(lv *libvirt.Libvirt) (string, error) { return lv.StorageVolGetXMLDesc(v, 0) }, err
	case backend.KindNetwork:
		n, err := c.lookupNetwork(ctx, r)
		return lasting(func(lv *libvirt.Libvirt, flag uint32) (string, error) {
			return lv.NetworkGetXMLDesc(n, flag)
		}, networkXMLInactive), err
	case backend.KindInterface:
		return lasting(func(lv *libvirt.Libvirt, flag uint32) (string, error) {
			i, err := lv.InterfaceLookupByName(r.ID)
			if err != nil {
				return "", err
			}
			return lv.InterfaceGetXMLDesc(i, flag)
		}, interfaceXMLInactive), nil
	case backend.KindSecret:
		id, err := parseUUID(r.ID)
		if err != nil {
			return nil, backend.Refuse(backend.ClassNotFound, "find secret", "", "no secret has the id %q", r.ID)
		}
		return func(lv *libvirt.Libvirt) (string, error) {
			s, err := lv.SecretLookupByUUID(id)
			if err != nil {
				return "", err
			}
			return lv.SecretGetXMLDesc(s, 0)
		}, nil
	case backend.KindSnapshot:
		d, name, err := snapshotKey(r)
		var flags uint32
		if !c.caps.ReadOnly {
			flags = snapshotXMLSecure
		}
		return func(lv *libvirt.Libvirt) (string, error) {
			return lv.DomainSnapshotGetXMLDesc(libvirt.DomainSnapshot{Name: name, Dom: d}, flags)
		}, err
	default:
		return nil, backend.Refuse(backend.ClassUnsupported, "read the definition of", "", "libvirt has no definition of a %s", r.Kind)
	}
}

// lasting asks for the lasting definition, and for the only one where a driver knows
// no other.
func lasting(ask func(lv *libvirt.Libvirt, flag uint32) (string, error), flag uint32) func(*libvirt.Libvirt) (string, error) {
	return func(lv *libvirt.Libvirt) (string, error) {
		text, err := ask(lv, flag)
		if err != nil && tooOld(err) {
			return ask(lv, 0)
		}
		return text, err
	}
}
