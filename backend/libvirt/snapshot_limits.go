package libvirt

import (
	"context"
	"maps"
	"slices"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// What QEMU's driver refuses to do with snapshots, known before it is asked. The rules
// are those of libvirt 9.0, which later versions loosen: see the versions.

const (
	libvirt900 = 9_000_000 // deletes external snapshots
	libvirt909 = 9_009_000 // reverts to external snapshots
)

// insideDisks are the images that hold an internal snapshot, by disk.
func insideDisks(x *libvirtxml.DomainSnapshot) map[string]string {
	paths := make(map[string]string)
	for _, d := range disksOf(x.Domain) {
		paths[targetOf(&d)] = diskPath(d.Source)
	}
	inside := make(map[string]string)
	if x.Disks == nil {
		return inside
	}
	for _, d := range x.Disks.Disks {
		if d.Snapshot == "internal" && paths[d.Name] != "" {
			inside[d.Name] = paths[d.Name]
		}
	}
	return inside
}

// snapshotDisks tells for each disk of a snapshot which image has its state, and where
// an external one let the disk go on.
func snapshotDisks(x *libvirtxml.DomainSnapshot) []backend.SnapshotDisk {
	if x.Disks == nil {
		return nil
	}
	images := make(map[string]string)
	for _, d := range disksOf(x.Domain) {
		images[targetOf(&d)] = diskPath(d.Source)
	}
	var all []backend.SnapshotDisk
	for _, d := range x.Disks.Disks {
		if d.Snapshot != "internal" && d.Snapshot != "external" {
			continue
		}
		disk := backend.SnapshotDisk{Label: d.Name, Image: images[d.Name]}
		if d.Snapshot == "external" {
			disk.Overlay = diskPath(d.Source)
		}
		all = append(all, disk)
	}
	return all
}

// external reports whether libvirt counts it so: any part outside of the images.
func external(s *backend.Snapshot) bool {
	return s.Storage == backend.StorageExternal || s.Storage == backend.StorageMixed
}

// judgeSnapshots fills in what speaks against deleting and reverting.
func (c *client) judgeSnapshots(ctx context.Context, d libvirt.Domain, all []*backend.Snapshot) error {
	if !strings.EqualFold(c.node.driver, "QEMU") {
		return nil
	}
	byRef := make(map[backend.Ref]*backend.Snapshot, len(all))
	var inner, outer bool
	for _, s := range all {
		byRef[s.ID] = s
		inner, outer = inner || !external(s), outer || external(s)
	}
	var disks map[string]string
	if inner && outer {
		var err error
		if disks, err = c.runningDisks(ctx, d); err != nil {
			return ignoreGone(err)
		}
	}
	facts := c.snapshots.all(d.UUID)
	for _, s := range all {
		s.NoRevert, s.NoDelete = c.noRevert(s), c.noDelete(s, byRef[s.Up])
		if s.NoDelete == "" {
			s.NoDelete = overlaid(facts[s.Name].inside, disks)
		}
	}
	judgeTrees(all, byRef)
	return nil
}

// runningDisks are the images that a running VM writes to, by disk; nil when it is off.
func (c *client) runningDisks(ctx context.Context, d libvirt.Domain) (map[string]string, error) {
	x, err := c.vmXML(ctx, d, 0)
	if err != nil || x.ID == nil {
		return nil, err
	}
	disks := make(map[string]string)
	for _, disk := range disksOf(x) {
		disks[targetOf(&disk)] = diskPath(disk.Source)
	}
	return disks, nil
}

func (c *client) noRevert(s *backend.Snapshot) string {
	if external(s) && c.node.library < libvirt909 {
		return "libvirt " + versionText(c.node.library) + " can't revert to an external snapshot (9.9 can)"
	}
	return ""
}

func (c *client) noDelete(s, parent *backend.Snapshot) string {
	switch {
	case !external(s):
		return ""
	case c.node.library < libvirt900:
		return "libvirt " + versionText(c.node.library) + " can't delete an external snapshot (9.0 can)"
	case parent != nil && !external(parent):
		return "libvirt can't delete an external snapshot that stands on an internal one"
	default:
		return ""
	}
}

// overlaid is why an internal snapshot can't be deleted while its VM runs on other
// images than those that hold it.
func overlaid(inside, running map[string]string) string {
	for _, disk := range slices.Sorted(maps.Keys(inside)) {
		if now := running[disk]; now != "" && now != inside[disk] {
			return "it is inside the image of " + disk + " that is now below an overlay: libvirt can delete it only while the VM is off"
		}
	}
	return ""
}

// judgeTrees: with all below it goes only what is internal all through.
func judgeTrees(all []*backend.Snapshot, byRef map[backend.Ref]*backend.Snapshot) {
	for _, s := range all {
		s.NoDeleteTree = s.NoDelete
	}
	for _, s := range all {
		why := s.NoDelete
		if external(s) {
			why = "libvirt can't delete external snapshots together with what they hang under: " + s.Name
		}
		if why == "" {
			continue
		}
		up := byRef[s.Up]
		for range all { // a chain is never longer; a broken one must not go round
			if up == nil {
				break
			}
			if up.NoDeleteTree == "" {
				up.NoDeleteTree = why
			}
			up = byRef[up.Up]
		}
	}
}

// judged is a snapshot with what speaks against changing it, as it is now.
func (c *client) judged(ctx context.Context, ch change, name string) (*backend.Snapshot, error) {
	c.snapshots.forget(ch.domain.UUID)
	all, err := c.snapshotsOf(ctx, ch.domain)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
	}
	return nil, nil //nolint:nilnil // the server says best that there is none
}

// mayDelete refuses a deletion that the server would refuse, or leave half done.
func (c *client) mayDelete(ctx context.Context, ch change, name string, tree bool) error {
	s, err := c.judged(ctx, ch, name)
	if err != nil || s == nil {
		return err
	}
	why := s.NoDelete
	if tree {
		why = s.NoDeleteTree
	}
	if why == "" {
		return nil
	}
	refusal := ch.refuse(backend.ClassUnsupported, "snapshot %s: %s", name, why)
	if external(s) || tree {
		refusal.Remedy = "delete them one by one from the ends, or forget one (metadata only): its data stays where it is"
	}
	return refusal
}

func (c *client) mayRevert(ctx context.Context, ch change, name string) error {
	s, err := c.judged(ctx, ch, name)
	if err != nil || s == nil || s.NoRevert == "" {
		return err
	}
	refusal := ch.refuse(backend.ClassUnsupported, "snapshot %s: %s", name, s.NoRevert)
	refusal.Remedy = "define a VM on the image that the snapshot froze, or clone that image"
	return refusal
}
