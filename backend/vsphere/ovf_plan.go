package vsphere

import (
	"context"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/ovf"
)

// refusals are what speaks against an import without asking the server.
func (i *importing) refusals() []*backend.Error {
	var all []*backend.Error
	refuse := func(format string, args ...any) { all = append(all, i.refuse(backend.ClassInvalid, format, args...)) }
	for _, f := range i.desc.Errors() {
		refuse("%s", f.Text)
	}
	if !slices.Contains(append(backend.OVFProvisionings(), ""), i.op.Provisioning) {
		refuse("the disk provisioning %q is not known", i.op.Provisioning)
	}
	all = append(all, i.unmapped()...)
	all = append(all, i.badValues()...)
	if len(i.desc.EULAs) > 0 && !i.op.EULA {
		refuse("the licence of the package has not been accepted")
	}
	if i.pkg.Manifest == nil && !i.op.NoManifest {
		e := i.refuse(backend.ClassInvalid, "the package has no manifest, so nothing tells whether its files are whole")
		e.Remedy = "go on without a manifest if you trust the source"
		all = append(all, e)
	}
	return all
}

// unmapped are the networks that a VM of the package uses and nothing is mapped to.
func (i *importing) unmapped() []*backend.Error {
	var all []*backend.Error
	for _, n := range i.desc.Networks {
		at := slices.IndexFunc(i.op.Networks, func(m backend.OVFNetwork) bool { return m.Name == n.Name && !m.Network.IsZero() })
		if at < 0 {
			all = append(all, i.refuse(backend.ClassInvalid, "the network %q of the package is not mapped to one of the server", n.Name))
		}
	}
	for _, m := range i.op.Networks {
		if !slices.ContainsFunc(i.desc.Networks, func(n ovf.Network) bool { return n.Name == m.Name }) {
			all = append(all, i.refuse(backend.ClassInvalid, "the package has no network %q", m.Name))
		}
	}
	return all
}

// badValues are the properties whose values the package does not take.
func (i *importing) badValues() []*backend.Error {
	var all []*backend.Error
	for _, p := range i.desc.Properties {
		value, given := i.value(p)
		switch {
		case given && !p.Settable:
			all = append(all, i.refuse(backend.ClassInvalid, "the property %s is fixed by the package", p.Key))
		case p.Settable:
			if wrong := p.Check(value); wrong != "" {
				all = append(all, i.refuse(backend.ClassInvalid, "the property %s %s", orDefault(p.Label, p.Key), wrong))
			}
		}
	}
	for _, v := range i.op.Properties {
		if !slices.ContainsFunc(i.desc.Properties, func(p ovf.Property) bool { return p.Key == v.Key }) {
			all = append(all, i.refuse(backend.ClassInvalid, "the package has no property %s", v.Key))
		}
	}
	return all
}

// value is what a property will be, and whether the operator gave it.
func (i *importing) value(p ovf.Property) (value string, given bool) {
	for _, v := range i.op.Properties {
		if v.Key == p.Key {
			return plainValue(v), true
		}
	}
	return p.Default, false
}

// plainValue is the value as the server gets it.
func plainValue(v backend.OVFValue) string {
	if !v.Secret.Empty() {
		return string(v.Secret.Reveal())
	}
	return v.Value
}

// params are the choices as the server takes them.
func (i *importing) params() *types.OvfCreateImportSpecParams {
	p := &types.OvfCreateImportSpecParams{
		OvfManagerCommonParams: i.common(),
		EntityName:             escape(i.op.Name), HostSystem: i.at.host, DiskProvisioning: orDefault(i.op.Provisioning, backend.OVFProvisionings()[0]),
	}
	for _, n := range i.op.Networks {
		p.NetworkMapping = append(p.NetworkMapping, types.OvfNetworkMapping{Name: n.Name, Network: i.c.moref(n.Network)})
	}
	for _, v := range i.op.Properties {
		p.PropertyMapping = append(p.PropertyMapping, types.KeyValue{Key: v.Key, Value: plainValue(v)})
	}
	return p
}

// landing finds the resource pool, the folder and the host that an import goes to.
func (a *action) landing(ctx context.Context, op backend.OVFImportOp) (landing, error) {
	if err := a.c.learnPlaces(ctx); err != nil {
		return landing{}, err
	}
	var at landing
	if !op.Host.IsZero() {
		at.host = a.reference(op.Host)
	}
	var err error
	switch op.Under.Kind {
	case backend.KindResourcePool:
		at.pool, err = a.poolOrVM(ctx, op.Under)
	case backend.KindCluster:
		at.pool, err = a.rootPool(ctx, a.c.moref(op.Under))
	case backend.KindHost:
		at.host = a.reference(op.Under)
		var up moref
		if up, err = a.computeOf(ctx, backend.Placement{Host: op.Under}); err == nil {
			at.pool, err = a.rootPool(ctx, up)
		}
	default:
		return at, a.refuse(backend.ClassInvalid, "a package goes to a resource pool, a vApp, a cluster or a host, not to a %s", op.Under.Kind)
	}
	if err != nil || strings.EqualFold(at.pool.Type, "VirtualApp") { // its VMs are in no folder
		return at, err
	}
	in := op.Folder
	if in.IsZero() {
		id, _ := a.c.names.above(op.Datastore.ID, "Datacenter")
		in = a.c.ref(backend.KindFolder, id)
	}
	folder, err := a.vmFolder(ctx, in)
	at.folder = &folder
	return at, err
}

// rootPool is the resource pool of a cluster or of a single host.
func (a *action) rootPool(ctx context.Context, compute moref) (moref, error) {
	got, err := a.c.retrieveOne(ctx, a.doing, compute, "resourcePool")
	if err != nil {
		return moref{}, err
	}
	pool := as[moref](got["resourcePool"])
	if pool.Value == "" {
		return pool, a.refuse(backend.ClassOther, "the server tells of no resource pool of it")
	}
	return pool, nil
}

// poolOrVM is a reference with its type: a new vApp can't be told from a resource pool by
// its id. The server's answer names the type.
func (a *action) poolOrVM(ctx context.Context, r backend.Ref) (moref, error) {
	ref := a.c.moref(r)
	if r.Kind != backend.KindResourcePool || a.c.names.place(r.ID) != "" {
		return ref, nil
	}
	var err error
	for _, kind := range []string{"VirtualApp", "ResourcePool"} {
		ref.Type = kind
		spec := refSpec([]moref{ref}, []types.PropertySpec{{Type: kind, PathSet: []string{"name", "parent"}}})
		err = a.c.read(ctx, a.doing, a.object, func(ctx context.Context) error {
			return a.c.retrieve(ctx, spec, func(page []types.ObjectContent) {
				for _, o := range page {
					a.c.decode(o)
					ref = o.Obj
				}
			})
		})
		if backend.ClassOf(err) != backend.ClassNotFound {
			break
		}
	}
	return ref, err
}

// masked takes the passwords among the properties out of an error: servers quote values
// that they refuse.
func (i *importing) masked(err error) error {
	if err == nil {
		return nil
	}
	e := *fail(i.doing, i.object, err)
	if text := i.maskedText(e.Message); text != e.Message {
		e.Message, e.Err = text, nil
		return &e
	}
	return err
}

func (i *importing) maskedText(text string) string {
	for _, v := range i.op.Properties {
		if secret := string(v.Secret.Reveal()); secret != "" {
			text = strings.ReplaceAll(text, secret, "(withheld)")
		}
	}
	return text
}
