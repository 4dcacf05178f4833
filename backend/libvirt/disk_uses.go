package libvirt

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// diskUses is what VMs and volumes stand on: who would miss a volume.
type diskUses struct {
	vms     map[string][]string // by path: names of the VMs that have it as a disk
	backing map[string]string   // by path of a volume: the path below it
	volumes map[string]string   // by path: the name of the volume
}

// usesBesides looks at every VM but one, and every volume of the active pools.
// Sources: virConnectListAllDomains, virDomainGetXMLDesc,
// virStoragePoolListAllVolumes, virStorageVolGetXMLDesc.
func (c *client) usesBesides(ctx context.Context, vm libvirt.UUID) (*diskUses, error) {
	uses := &diskUses{vms: map[string][]string{}, backing: map[string]string{}, volumes: map[string]string{}}
	err := c.listVolumes(ctx, backend.Query{Kind: backend.KindVolume}, func(page []backend.Object) {
		for _, o := range page {
			if v, ok := o.(*backend.Volume); ok && v.Path != "" {
				uses.backing[v.Path], uses.volumes[v.Path] = v.Backing, v.Name
			}
		}
	})
	if err != nil {
		return nil, err
	}
	domains, err := read(ctx, c, "list VMs", "", func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
		all, _, err := lv.ConnectListAllDomains(1, 0)
		return all, err
	})
	if err != nil {
		return nil, err
	}
	domains = slices.DeleteFunc(domains, func(d libvirt.Domain) bool { return d.UUID == vm })
	var mu sync.Mutex
	err = each(ctx, domains, func(ctx context.Context, d libvirt.Domain) error {
		paths, err := c.pathsOf(ctx, d)
		if err != nil {
			return ignoreGone(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, p := range paths {
			uses.vms[p] = append(uses.vms[p], d.Name)
		}
		return nil
	})
	return uses, err
}

// pathsOf are the files and devices that a VM has now or will have at its next start:
// disks with the chains below as far as libvirt tells them, copies of them under way,
// kernels.
func (c *client) pathsOf(ctx context.Context, d libvirt.Domain) ([]string, error) {
	var paths []string
	for _, flags := range []libvirt.DomainXMLFlags{0, libvirt.DomainXMLInactive} {
		x, err := c.vmXML(ctx, d, flags)
		if err != nil {
			return nil, err
		}
		if x.OS != nil {
			paths = append(paths, x.OS.Kernel, x.OS.Initrd)
		}
		for _, disk := range disksOf(x) {
			path, err := c.sourcePath(ctx, disk.Source)
			if err != nil {
				return nil, err
			}
			paths = append(append(paths, path), diskOf(&disk).Backing...)
			if disk.Mirror != nil {
				paths = append(paths, diskPath(disk.Mirror.Source))
			}
		}
	}
	slices.Sort(paths)
	return slices.DeleteFunc(slices.Compact(paths), func(p string) bool { return p == "" }), nil
}

// sourcePath is the path of a disk's data, also where the disk is given as a volume.
func (c *client) sourcePath(ctx context.Context, s *libvirtxml.DomainDiskSource) (string, error) {
	if s == nil || s.Volume == nil {
		return diskPath(s), nil
	}
	path, err := read(ctx, c, "find volume", s.Volume.Volume, func(lv *libvirt.Libvirt) (string, error) {
		p, err := lv.StoragePoolLookupByName(s.Volume.Pool)
		if err != nil {
			return "", err
		}
		v, err := lv.StorageVolLookupByName(p, s.Volume.Volume)
		if err != nil {
			return "", err
		}
		return lv.StorageVolGetPath(v)
	})
	return path, ignoreGone(err)
}

// over names who stands on a path: VMs, directly or through volumes above it, and
// volumes right above it other than those that go as well.
func (u *diskUses) over(path string, going map[string]bool) (vms, volumes []string) {
	vms = slices.Clone(u.vms[path])
	for above, below := range u.backing {
		if below != path || above == path {
			continue
		}
		if !going[above] {
			volumes = append(volumes, u.volumes[above])
		}
	}
	for _, above := range u.above(path) {
		vms = append(vms, u.vms[above]...)
	}
	slices.Sort(vms)
	slices.Sort(volumes)
	return slices.Compact(vms), volumes
}

// above are all volumes whose chain goes through a path.
func (u *diskUses) above(path string) []string {
	seen := map[string]bool{path: true}
	for grew := true; grew; {
		grew = false
		for above, below := range u.backing {
			if seen[below] && !seen[above] {
				seen[above], grew = true, true
			}
		}
	}
	delete(seen, path)
	all := make([]string, 0, len(seen))
	for p := range seen {
		all = append(all, p)
	}
	return all
}

// unused refuses paths that other VMs use or other volumes stand on; names are those
// shown for the paths.
func (u *diskUses) unused(doing string, paths []string) error {
	going := make(map[string]bool, len(paths))
	for _, p := range paths {
		going[p] = true
	}
	for _, p := range paths {
		vms, volumes := u.over(p, going)
		name := u.volumes[p]
		if name == "" {
			name = p
		}
		switch {
		case len(vms) > 0:
			return backend.Refuse(backend.ClassConflict, doing, name, "it is used by %s", listed("VM", vms))
		case len(volumes) > 0:
			return backend.Refuse(backend.ClassConflict, doing, name, "%s on it", stands(volumes))
		}
	}
	return nil
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
