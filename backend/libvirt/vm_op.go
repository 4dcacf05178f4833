package libvirt

import (
	"context"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

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

func vmVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbVMNew, backend.VerbManagedSave, backend.VerbVMRename, backend.VerbVMClone, backend.VerbVMResources,
		backend.VerbVMMigrate, backend.VerbSendKey, backend.VerbScreenshot, backend.VerbAttach, backend.VerbMedia,
		backend.VerbFor(backend.KindVM, backend.ActUndefine), backend.VerbFor(backend.KindVM, backend.ActAutostart),
	}
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
