package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// longLimit is for what copies disks or memory: hours over a slow line.
const longLimit = 24 * time.Hour

// vmWork is the life of a VM (P3, P4).
func (c *client) vmWork(op backend.Op) work {
	switch o := op.(type) {
	case backend.VMNewOp:
		return bind(o, c.newVM)
	case backend.VMUndefineOp:
		return bind(o, c.undefineVM)
	case backend.VMManagedSaveOp:
		return bind(o, c.managedSave)
	case backend.VMManagedSaveRemoveOp:
		return bind(o, c.removeManagedSave)
	case backend.VMRenameOp:
		return bind(o, c.renameVM)
	case backend.VMCloneOp:
		return bind(o, c.cloneVM)
	case backend.VMResourcesOp:
		return bind(o, c.setResources)
	case backend.VMMigrateOp:
		return bind(o, c.migrate)
	case backend.VMSendKeyOp:
		return bind(o, c.sendKeys)
	case backend.VMScreenshotOp:
		return bind(o, c.screenshot)
	case backend.AutostartOp:
		if o.Object.Kind == backend.KindVM {
			return bind(o, c.setAutostart)
		}
	}
	return nil
}

// bind makes work of an operation and the method that does it.
func bind[O backend.Op](op O, do func(context.Context, O, backend.Progress) (backend.Result, error)) work {
	return func(ctx context.Context, progress backend.Progress) (backend.Result, error) {
		return do(ctx, op, progress)
	}
}

func vmVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbVMNew, backend.VerbManagedSave, backend.VerbVMRename, backend.VerbVMClone, backend.VerbVMResources,
		backend.VerbVMMigrate, backend.VerbSendKey, backend.VerbScreenshot, backend.VerbAttach, backend.VerbMedia,
		backend.VerbFor(backend.KindVM, backend.ActUndefine), backend.VerbFor(backend.KindVM, backend.ActAutostart),
	}
}

// changeOf begins an operation on a VM: it is looked up, and named in errors.
func (c *client) changeOf(ctx context.Context, op backend.Op) (change, error) {
	d, err := c.lookupVM(ctx, op.Target())
	if err != nil {
		return change{}, err
	}
	return change{domain: d, deed: deed{doing: op.Title(), object: d.Name, limit: powerLimit, change: true}}, nil
}

// refuse is an error for what is refused before the server is asked.
func (ch change) refuse(class backend.Class, format string, args ...any) *backend.Error {
	return backend.Refuse(class, ch.deed.doing, ch.deed.object, format, args...)
}

// plainly makes the result of a call that gives nothing but an error.
func plainly(fn func(*libvirt.Libvirt) error) func(*libvirt.Libvirt) (backend.Result, error) {
	return func(lv *libvirt.Libvirt) (backend.Result, error) { return backend.Result{}, fn(lv) }
}

// setAutostart says whether a VM starts with its host. Source: virDomainSetAutostart.
func (c *client) setAutostart(ctx context.Context, o backend.AutostartOp, progress backend.Progress) (backend.Result, error) {
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	on := int32(0)
	if o.On {
		on = 1
	}
	ch.run = plainly(func(lv *libvirt.Libvirt) error { return lv.DomainSetAutostart(ch.domain, on) })
	return c.carryOut(ctx, ch, progress)
}

// renameVM needs the VM off; the server says so where it is not. Source:
// virDomainRename.
func (c *client) renameVM(ctx context.Context, o backend.VMRenameOp, progress backend.Progress) (backend.Result, error) {
	if err := checkFileName(o.Title(), "VM", o.Name); err != nil {
		return backend.Result{}, err
	}
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	ch.run = plainly(func(lv *libvirt.Libvirt) error {
		_, err := lv.DomainRename(ch.domain, libvirt.OptString{o.Name}, 0)
		return err
	})
	return c.carryOut(ctx, ch, progress)
}

// managedSave writes a VM's memory to disk and stops it; a cancel leaves it running.
// Source: virDomainManagedSave.
func (c *client) managedSave(ctx context.Context, o backend.VMManagedSaveOp, progress backend.Progress) (backend.Result, error) {
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	ch.deed.limit, ch.abortable = longLimit, true
	ch.run = plainly(func(lv *libvirt.Libvirt) error { return lv.DomainManagedSave(ch.domain, 0) })
	return c.runJob(ctx, ch, progress)
}

// removeManagedSave discards it. The server's own words for a VM without one are those
// of a missing file. Sources: virDomainHasManagedSaveImage, virDomainManagedSaveRemove.
func (c *client) removeManagedSave(ctx context.Context, o backend.VMManagedSaveRemoveOp, progress backend.Progress) (backend.Result, error) {
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	saved, err := read(ctx, c, "read the state of", ch.domain.Name, func(lv *libvirt.Libvirt) (int32, error) {
		return lv.DomainHasManagedSaveImage(ch.domain, 0)
	})
	if err != nil {
		return backend.Result{}, err
	}
	if saved == 0 {
		return backend.Result{}, ch.refuse(backend.ClassNotFound, "it has no saved state")
	}
	ch.run = plainly(func(lv *libvirt.Libvirt) error { return lv.DomainManagedSaveRemove(ch.domain, 0) })
	return c.carryOut(ctx, ch, progress)
}
