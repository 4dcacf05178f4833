package libvirt

import (
	"context"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// checkSnapshotName adds to the contract's rule what only libvirt refuses.
func checkSnapshotName(doing, vm, name string) error {
	if err := backend.CheckSnapshotName(doing, vm, name); err != nil {
		return err
	}
	if strings.HasPrefix(name, ".") {
		return backend.Refuse(backend.ClassInvalid, doing, vm, "libvirt does not allow the name of a snapshot to begin with a dot: %q", name)
	}
	return nil
}

// prepareCreate makes a snapshot (S2). An internal one of a running VM always has its
// memory; only a disk-only one leaves it out.
func (c *client) prepareCreate(ch change, o backend.SnapshotCreateOp) (change, error) {
	if err := checkSnapshotName(ch.deed.doing, ch.domain.Name, o.Name); err != nil {
		return ch, err
	}
	if o.Quiesce && !o.DiskOnly {
		return ch, backend.Refuse(backend.ClassInvalid, ch.deed.doing, ch.domain.Name,
			"libvirt quiesces the guest only for a disk-only snapshot: choose disk-only as well")
	}
	x := libvirtxml.DomainSnapshot{Name: o.Name, Description: o.Description}
	text, err := x.Marshal()
	if err != nil {
		return ch, ch.deed.failed(err)
	}
	var flags libvirt.DomainSnapshotCreateFlags
	if o.DiskOnly {
		flags |= libvirt.DomainSnapshotCreateDiskOnly | libvirt.DomainSnapshotCreateAtomic
	}
	if o.Quiesce {
		flags |= libvirt.DomainSnapshotCreateQuiesce
	}
	ch.deed.limit, ch.abortable = snapshotLimit, true
	ch.run = func(lv *libvirt.Libvirt) (backend.Result, error) {
		s, err := lv.DomainSnapshotCreateXML(ch.domain, text, uint32(flags)) //nolint:gosec // flags
		if err != nil {
			return backend.Result{}, err
		}
		return backend.Result{Created: c.snapshotRef(ch.domain.UUID, s.Name)}, nil
	}
	return ch, nil
}

// prepareRevert goes back to a snapshot (S3).
func (c *client) prepareRevert(ctx context.Context, ch change, o backend.SnapshotRevertOp) (change, error) {
	s, err := c.findSnapshot(ctx, ch, o.Snapshot)
	if err != nil {
		return ch, err
	}
	if err := c.mayRevert(ctx, ch, s.Name); err != nil {
		return ch, err
	}
	var flags libvirt.DomainSnapshotRevertFlags
	switch o.After {
	case backend.AfterAsTaken: // libvirt's own way
	case backend.AfterRun:
		flags = libvirt.DomainSnapshotRevertRunning
	case backend.AfterPause:
		flags = libvirt.DomainSnapshotRevertPaused
	}
	ch.deed.limit = snapshotLimit
	ch.run = func(lv *libvirt.Libvirt) (backend.Result, error) {
		if err := lv.DomainRevertToSnapshot(s, uint32(flags)); err != nil { //nolint:gosec // flags
			return backend.Result{}, err
		}
		return backend.Result{}, bringTo(lv, ch.domain, o.After)
	}
	return ch, nil
}

// bringTo sees to it that the VM does after a revert what was asked for: some drivers
// accept the wish and leave a VM off that was off in the snapshot.
func bringTo(lv *libvirt.Libvirt, d libvirt.Domain, after backend.After) error {
	if after == backend.AfterAsTaken {
		return nil
	}
	state, _, err := lv.DomainGetState(d, 0)
	if err != nil || libvirt.DomainState(state) != libvirt.DomainShutoff {
		return err
	}
	if after == backend.AfterRun {
		return lv.DomainCreate(d)
	}
	_, err = lv.DomainCreateWithFlags(d, uint32(libvirt.DomainStartPaused))
	if !hasCode(err, libvirt.ErrInvalidArg, libvirt.ErrNoSupport) {
		return err
	}
	// A driver that can't start a VM paused: the next best.
	if err := lv.DomainCreate(d); err != nil {
		return err
	}
	return lv.DomainSuspend(d)
}

// prepareDelete deletes a snapshot (S4). Forgetting a tree without touching its disks
// is never asked for: it crashes libvirtd 9.0.
func (c *client) prepareDelete(ctx context.Context, ch change, o backend.SnapshotDeleteOp) (change, error) {
	if o.MetadataOnly && o.Children {
		return ch, backend.Refuse(backend.ClassInvalid, ch.deed.doing, ch.domain.Name,
			"libvirt can't safely forget a snapshot together with its children: forget them one by one, leaves first")
	}
	s, err := c.findSnapshot(ctx, ch, o.Snapshot)
	if err != nil {
		return ch, err
	}
	if !o.MetadataOnly {
		if err := c.mayDelete(ctx, ch, s.Name, o.Children); err != nil {
			return ch, err
		}
	}
	var flags libvirt.DomainSnapshotDeleteFlags
	if o.Children {
		flags = libvirt.DomainSnapshotDeleteChildren
	}
	if o.MetadataOnly {
		flags = libvirt.DomainSnapshotDeleteMetadataOnly
	}
	ch.deed.limit, ch.abortable = snapshotLimit, true
	ch.run = func(lv *libvirt.Libvirt) (backend.Result, error) {
		defer c.snapshots.forget(ch.domain.UUID)
		defer c.diskUsers.forget(ch.domain.UUID) // the snapshot named files, and no event tells
		return backend.Result{}, lv.DomainSnapshotDelete(s, flags)
	}
	return ch, nil
}

// prepareEdit changes the description by redefining the snapshot (S5). The name is
// libvirt's only key, so it can't be changed without making another snapshot.
func (c *client) prepareEdit(ctx context.Context, ch change, o backend.SnapshotEditOp) (change, error) {
	s, err := c.findSnapshot(ctx, ch, o.Snapshot)
	if err != nil {
		return ch, err
	}
	if o.Name != "" && o.Name != s.Name {
		return ch, backend.Refuse(backend.ClassUnsupported, ch.deed.doing, ch.domain.Name,
			"libvirt can't rename a snapshot; only its description can be changed")
	}
	ch.run = func(lv *libvirt.Libvirt) (backend.Result, error) {
		if o.KeepDescription {
			return backend.Result{}, nil
		}
		defer c.snapshots.forget(ch.domain.UUID)
		return backend.Result{}, redescribe(lv, s, o.Description)
	}
	return ch, nil
}

// redescribe redefines a snapshot with another description. It needs the XML with
// its secrets, or the redefinition would lose them; they go nowhere else.
func redescribe(lv *libvirt.Libvirt, s libvirt.DomainSnapshot, description string) error {
	text, err := lv.DomainSnapshotGetXMLDesc(s, snapshotXMLSecure)
	if err != nil {
		return err
	}
	current, err := lv.DomainSnapshotIsCurrent(s, 0)
	if err != nil {
		return err
	}
	text, err = withDescription(text, description)
	if err != nil {
		return err
	}
	flags := libvirt.DomainSnapshotCreateRedefine
	if current != 0 {
		flags |= libvirt.DomainSnapshotCreateCurrent
	}
	_, err = lv.DomainSnapshotCreateXML(s.Dom, text, uint32(flags))
	return err
}

// snapshotXMLSecure is VIR_DOMAIN_SNAPSHOT_XML_SECURE.
const snapshotXMLSecure = 1

// findSnapshot is the snapshot that a reference names, or the current one.
func (c *client) findSnapshot(ctx context.Context, ch change, r backend.Ref) (libvirt.DomainSnapshot, error) {
	if r.IsZero() {
		name, err := c.currentSnapshot(ctx, ch.domain)
		if err == nil && name == "" {
			err = backend.Refuse(backend.ClassNotFound, ch.deed.doing, ch.domain.Name, "it has no current snapshot")
		}
		return libvirt.DomainSnapshot{Name: name, Dom: ch.domain}, err
	}
	d, name, err := snapshotKey(r)
	if err != nil {
		return libvirt.DomainSnapshot{}, err
	}
	if d.UUID != ch.domain.UUID {
		return libvirt.DomainSnapshot{}, backend.Refuse(backend.ClassInvalid, ch.deed.doing, ch.domain.Name,
			"snapshot %q belongs to another VM", name)
	}
	return libvirt.DomainSnapshot{Name: name, Dom: ch.domain}, nil
}
