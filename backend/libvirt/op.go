package libvirt

import (
	"context"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// Do implements backend.Backend.
func (c *client) Do(ctx context.Context, op backend.Op, progress backend.Progress) (backend.Result, error) {
	if why := c.caps.Why(op.Verb()); why != "" {
		class := backend.ClassUnsupported
		if c.caps.ReadOnly {
			class = backend.ClassDenied
		}
		return backend.Result{}, backend.Refuse(class, op.Title(), "", "%s", why)
	}
	for _, area := range []func(backend.Op) work{
		c.vmWork, c.deviceWork, c.definitionWork, c.storageWork, c.networkWork, c.secretWork, c.nodeWork,
	} {
		if run := area(op); run != nil {
			defer c.doneTo(op.Target())
			return run(ctx, progress)
		}
	}
	ch, err := c.prepare(ctx, op)
	if err != nil {
		return backend.Result{}, err
	}
	return c.carry(ctx, ch, progress)
}

// doneTo forgets which disks a VM has after an operation on it: not every change of a
// definition raises an event.
func (c *client) doneTo(r backend.Ref) {
	if id, err := parseUUID(r.ID); err == nil && r.Kind == backend.KindVM {
		c.diskUsers.forget(id)
	}
}

// prepare checks a power or snapshot operation and turns it into a call.
func (c *client) prepare(ctx context.Context, op backend.Op) (change, error) {
	domain, err := domainOf(op.Target())
	if err != nil {
		return change{}, err
	}
	domain.Name, err = c.domainName(ctx, domain)
	if err != nil {
		return change{}, err
	}
	ch := change{domain: domain, deed: deed{doing: op.Title(), object: domain.Name, limit: powerLimit, change: true}}
	switch o := op.(type) {
	case backend.SnapshotCreateOp:
		return c.prepareCreate(ch, o)
	case backend.SnapshotRevertOp:
		return c.prepareRevert(ctx, ch, o)
	case backend.SnapshotDeleteOp:
		return c.prepareDelete(ctx, ch, o)
	case backend.SnapshotEditOp:
		return c.prepareEdit(ctx, ch, o)
	default:
		return preparePower(ch, op)
	}
}

// domainName looks up the name, for messages, and whether the VM is still there.
func (c *client) domainName(ctx context.Context, d libvirt.Domain) (string, error) {
	found, err := read(ctx, c, "find", d.Name, func(lv *libvirt.Libvirt) (libvirt.Domain, error) {
		return lv.DomainLookupByUUID(d.UUID)
	})
	return found.Name, err
}
