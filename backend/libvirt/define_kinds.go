package libvirt

import (
	"context"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// defineRun sends a definition.
type defineRun func(*libvirt.Libvirt) (backend.Result, error)

// defineCall is the call of each kind. Sources: virDomainDefineXMLFlags,
// virDomainCreateXML, virStoragePoolDefineXML, virStoragePoolCreateXML,
// virStorageVolCreateXML, virNetworkDefineXMLFlags, virNetworkCreateXMLFlags,
// virInterfaceDefineXML, virSecretDefineXML, virDomainSnapshotCreateXML.
func (c *client) defineCall(ctx context.Context, d defining) (defineRun, error) {
	switch d.Kind {
	case backend.KindVM:
		return c.defineVM(ctx, d)
	case backend.KindPool:
		return c.definePool(ctx, d)
	case backend.KindVolume:
		return c.defineVolume(ctx, d)
	case backend.KindNetwork:
		return c.defineNetwork(ctx, d)
	case backend.KindInterface:
		return c.defineInterface(d), nil
	case backend.KindSecret:
		return c.defineSecret(d), nil
	case backend.KindSnapshot:
		return c.defineSnapshot(ctx, d)
	default:
		return nil, backend.Refuse(backend.ClassUnsupported, d.deed.doing, d.deed.object, "libvirt can't define a %s", d.Kind)
	}
}

func (c *client) defineVM(ctx context.Context, d defining) (defineRun, error) {
	running := false
	if !d.Object.IsZero() {
		dom, err := domainOf(d.Object)
		if err != nil {
			return nil, err
		}
		name, err := c.domainName(ctx, dom)
		if err != nil {
			return nil, err
		}
		if err := d.sameName(name); err != nil {
			return nil, err
		}
		if running, err = c.vmRuns(ctx, dom); err != nil {
			return nil, err
		}
	}
	return func(lv *libvirt.Libvirt) (backend.Result, error) {
		dom, err := validated(func(validate bool) (libvirt.Domain, error) {
			if d.Transient {
				return lv.DomainCreateXML(d.XML, flagIf(validate, libvirt.DomainStartValidate))
			}
			return lv.DomainDefineXMLFlags(d.XML, flagIf(validate, libvirt.DomainDefineValidate))
		})
		if err != nil {
			return backend.Result{}, err
		}
		c.configs.forget(dom.UUID)
		result := backend.Result{Created: c.vmRef(dom.UUID)}
		if running {
			result.Text = "it runs: the changes wait for its next start"
		}
		return result, nil
	}, nil
}

func (c *client) definePool(ctx context.Context, d defining) (defineRun, error) {
	if !d.Object.IsZero() {
		p, err := c.findPool(ctx, d.Object)
		if err != nil {
			return nil, err
		}
		if err := d.sameName(p.Name); err != nil {
			return nil, err
		}
	}
	return func(lv *libvirt.Libvirt) (backend.Result, error) {
		p, err := validated(func(validate bool) (libvirt.StoragePool, error) {
			if d.Transient {
				return lv.StoragePoolCreateXML(d.XML, 0) // it has no validation
			}
			return lv.StoragePoolDefineXML(d.XML, uint32(flagIf(validate, libvirt.StoragePoolDefineValidate))) //nolint:gosec // a flag
		})
		return backend.Result{Created: c.poolRef(p.UUID)}, err
	}, nil
}

func (c *client) defineVolume(ctx context.Context, d defining) (defineRun, error) {
	if err := checkFileName(d.deed.doing, "volume", d.head.name); err != nil {
		return nil, err
	}
	pool, err := c.findPool(ctx, d.Under)
	if err != nil {
		return nil, err
	}
	return func(lv *libvirt.Libvirt) (backend.Result, error) {
		v, err := validated(func(validate bool) (libvirt.StorageVol, error) {
			return lv.StorageVolCreateXML(pool, d.XML, flagIf(validate, libvirt.StorageVolCreateValidate))
		})
		c.volumesChanged(pool.UUID)
		return backend.Result{Created: c.volumeRef(pool.UUID, v.Key)}, err
	}, nil
}

func (c *client) defineNetwork(ctx context.Context, d defining) (defineRun, error) {
	if !d.Object.IsZero() {
		n, err := c.lookupNetwork(ctx, d.Object)
		if err != nil {
			return nil, err
		}
		if err := d.sameName(n.Name); err != nil {
			return nil, err
		}
	}
	return func(lv *libvirt.Libvirt) (backend.Result, error) {
		n, err := validated(func(validate bool) (libvirt.Network, error) {
			switch {
			case d.Transient && validate:
				return lv.NetworkCreateXMLFlags(d.XML, uint32(libvirt.NetworkCreateValidate))
			case d.Transient:
				return lv.NetworkCreateXML(d.XML)
			case validate:
				return lv.NetworkDefineXMLFlags(d.XML, uint32(libvirt.NetworkDefineValidate))
			default:
				return lv.NetworkDefineXML(d.XML)
			}
		})
		return backend.Result{Created: c.ref(backend.KindNetwork, uuidText(n.UUID))}, err
	}, nil
}

func (c *client) defineInterface(d defining) defineRun {
	return func(lv *libvirt.Libvirt) (backend.Result, error) {
		i, err := validated(func(validate bool) (libvirt.Interface, error) {
			return lv.InterfaceDefineXML(d.XML, uint32(flagIf(validate, libvirt.InterfaceDefineValidate))) //nolint:gosec // a flag
		})
		return backend.Result{Created: c.ref(backend.KindInterface, i.Name)}, err
	}
}

func (c *client) defineSecret(d defining) defineRun {
	return func(lv *libvirt.Libvirt) (backend.Result, error) {
		s, err := validated(func(validate bool) (libvirt.Secret, error) {
			return lv.SecretDefineXML(d.XML, uint32(flagIf(validate, libvirt.SecretDefineValidate))) //nolint:gosec // a flag
		})
		return backend.Result{Created: c.ref(backend.KindSecret, uuidText(s.UUID))}, err
	}
}

// defineSnapshot redefines what libvirt knows of a snapshot, or makes known one that
// the disks have already; no disk is touched.
func (c *client) defineSnapshot(ctx context.Context, d defining) (defineRun, error) {
	vm := d.Under
	if !d.Object.IsZero() {
		dom, _, err := snapshotKey(d.Object)
		if err != nil {
			return nil, err
		}
		vm = c.vmRef(dom.UUID)
	}
	dom, err := domainOf(vm)
	if err != nil {
		return nil, err
	}
	if dom.Name, err = c.domainName(ctx, dom); err != nil {
		return nil, err
	}
	if err := checkSnapshotName(d.deed.doing, dom.Name, d.head.name); err != nil {
		return nil, err
	}
	current, err := c.currentSnapshot(ctx, dom)
	if err != nil {
		return nil, err
	}
	flags := libvirt.DomainSnapshotCreateRedefine
	if current == d.head.name {
		flags |= libvirt.DomainSnapshotCreateCurrent
	}
	return func(lv *libvirt.Libvirt) (backend.Result, error) {
		defer c.snapshots.forget(dom.UUID)
		s, err := validated(func(validate bool) (libvirt.DomainSnapshot, error) {
			return lv.DomainSnapshotCreateXML(dom, d.XML, uint32(flags|flagIf(validate, libvirt.DomainSnapshotCreateValidate))) //nolint:gosec // flags
		})
		return backend.Result{Created: c.snapshotRef(dom.UUID, s.Name)}, err
	}, nil
}

// flagIf is the flag where it is wanted.
func flagIf[F ~int32](wanted bool, flag F) F {
	if wanted {
		return flag
	}
	return 0
}
