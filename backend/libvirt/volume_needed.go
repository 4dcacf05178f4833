package libvirt

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// volumeUses is who would miss volumes.
type volumeUses struct {
	vms   map[string][]string  // by path, and by POOL/VOLUME: names of the VMs
	above map[string][]stander // by path: the volumes that stand right on it
	// unclear are the disks of VMs of which nobody knows what they stand on.
	unclear []unclearDisk
}

// usesBesides looks at every VM but one, and every volume of the active pools; what is
// known is not older than age. When something can't be read, nothing is known.
// Sources: virConnectListAllDomains, virDomainGetXMLDesc,
// virStoragePoolListAllVolumes, virStorageVolGetXMLDesc.
func (c *client) usesBesides(ctx context.Context, vm libvirt.UUID, age time.Duration) (*volumeUses, error) {
	if err := c.bookAll(ctx, age); err != nil {
		return nil, err
	}
	if err := c.readUsers(ctx, age); err != nil {
		return nil, err
	}
	below := c.book.below()
	return &volumeUses{
		vms: c.diskUsers.index(below, vm), above: c.book.allAbove(), unclear: c.unclearDisks(below, vm),
	}, nil
}

// bookAll reads what the volumes of every active pool stand on, where that is known for
// longer than age.
func (c *client) bookAll(ctx context.Context, age time.Duration) error {
	pools, err := c.volumeOwners(ctx, backend.Query{Kind: backend.KindVolume})
	if err != nil {
		return err
	}
	for _, p := range pools {
		if c.book.fresh(p.UUID, age) {
			continue
		}
		if err := c.volumesOf(ctx, p, nil, func([]backend.Object) {}); ignoreGone(err) != nil {
			return err
		}
	}
	return nil
}

// volumeData is where the data of a volume is.
type volumeData struct {
	path       string
	pool, name string // "" for a file in no pool
}

// unused refuses data that VMs use, or that volumes stand on other than those that go
// as well.
func (u *volumeUses) unused(doing string, going ...volumeData) error {
	for _, v := range going {
		object := v.name
		if object == "" {
			object = v.path
		}
		if vms := joined(u.vms[v.path], u.vms[v.pool+"/"+v.name]); len(vms) > 0 {
			e := backend.Refuse(backend.ClassConflict, doing, object, "it is used by %s", listed("VM", vms))
			e.Remedy = "detach it from the VM first, or delete the VM with its disks"
			return e
		}
		if above := u.standOn(v.path, going); len(above) > 0 {
			e := backend.Refuse(backend.ClassConflict, doing, object, "%s on it", stands(above))
			e.Remedy = "delete what stands on it first, or give that a copy of its own"
			return e
		}
	}
	return nil
}

// certain refuses data beside which a VM has a disk that is no volume: what such a disk
// stands on is not known, and may be the data.
func (u *volumeUses) certain(doing string, going ...volumeData) error {
	for _, v := range going {
		for _, d := range u.unclear {
			if !holds(path.Dir(v.path), d.path) {
				continue
			}
			e := backend.Refuse(backend.ClassConflict, doing, v.name, "what %s stands on is not known: its disk %s is no known volume", d.vm, d.path)
			e.Remedy = "look at the storage again (pool, v r); if the file is gone, detach the disk"
			return e
		}
	}
	return nil
}

// standOn are the names of the volumes right above a path besides those that go.
func (u *volumeUses) standOn(path string, going []volumeData) []string {
	var names []string
	for _, above := range u.above[path] {
		if !slices.ContainsFunc(going, func(v volumeData) bool { return v.path == above.path }) {
			names = append(names, above.name)
		}
	}
	return joined(names)
}

// notNeeded refuses to touch the data of a volume that a VM uses or another volume
// stands on, or may do so.
func (c *client) notNeeded(ctx context.Context, doing string, pool libvirt.StoragePool, v *backend.Volume) error {
	if err := c.lookAgain(ctx, v.Path); err != nil {
		return err
	}
	uses, err := c.usesBesides(ctx, libvirt.UUID{}, userFresh)
	if err != nil {
		return err
	}
	data := volumeData{v.Path, pool.Name, v.Name}
	if err := uses.unused(doing, data); err != nil {
		return err
	}
	return uses.certain(doing, data)
}

// mayUse refuses a disk that another VM has or another volume stands on: two writers
// destroy it.
func (c *client) mayUse(ctx context.Context, doing string, v volumeData) error {
	uses, err := c.usesBesides(ctx, libvirt.UUID{}, 0)
	if err != nil {
		return err
	}
	return uses.unused(doing, v)
}

// usedBy looks up who uses a volume, by its path and by its name in its pool.
func usedBy(users map[string][]string, pool string, v *backend.Volume) []string {
	return joined(users[v.Path], users[pool+"/"+v.Name])
}

func joined(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

func listed(what string, names []string) string {
	if len(names) > 1 {
		what += "s"
	}
	return what + " " + strings.Join(names, ", ")
}

func stands(volumes []string) string {
	if len(volumes) == 1 {
		return "volume " + volumes[0] + " stands"
	}
	return fmt.Sprintf("volumes %s stand", strings.Join(volumes, ", "))
}
