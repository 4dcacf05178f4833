package libvirt

import (
	"context"
	"slices"
	"strings"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// diskFiles gathers the files that a VM has, from one XML after the other.
type diskFiles struct {
	paths []string
	open  map[string]bool // disks of which an XML does not tell what they stand on
	told  map[string]bool // disks of which one tells it
}

func newDiskFiles() *diskFiles {
	return &diskFiles{open: make(map[string]bool), told: make(map[string]bool)}
}

// all are the files, each once.
func (f *diskFiles) all() []string {
	slices.Sort(f.paths)
	return slices.DeleteFunc(slices.Compact(f.paths), func(p string) bool { return p == "" })
}

// unclear are the disks that no XML told of what they stand on.
func (f *diskFiles) unclear() []string {
	var paths []string
	for path := range f.open {
		if !f.told[path] {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// domain takes in the disks of a definition.
func (f *diskFiles) domain(x *domainDisks) {
	f.paths = append(f.paths, x.paths()...)
	for i := range x.Disks {
		f.chain(&x.Disks[i])
	}
}

// chain follows a disk down as far as its XML goes. That of a VM that runs goes down to
// the end; that of one that is off names the disk alone.
func (f *diskFiles) chain(d *libvirtxml.DomainDisk) {
	if d.Source == nil || d.Source.Volume != nil {
		return // its pool knows it
	}
	path, format, below := diskPath(d.Source), "", d.BackingStore
	if d.Driver != nil {
		format = d.Driver.Type
	}
	for path != "" {
		if below == nil {
			// libvirt takes a disk without a format for raw: nothing is below.
			if format != "" && format != "raw" {
				f.open[path] = true
			}
			return
		}
		f.told[path] = true
		path, format = diskPath(below.Source), ""
		if below.Format != nil {
			format = below.Format.Type
		}
		below = below.BackingStore
	}
}

// snapshotFiles is the part of a snapshot's XML that names files.
type snapshotFiles struct {
	Memory struct {
		File string `xml:"file,attr"`
	} `xml:"memory"`
	Overlays []libvirtxml.DomainSnapshotDisk `xml:"disks>disk"`
	Domain   domainDisks                     `xml:"domain"`
	Inactive domainDisks                     `xml:"inactiveDomain"`
}

// snapshot takes in the files of a snapshot: those of the VM as it was, and the overlays
// that were put on them.
func (f *diskFiles) snapshot(x *snapshotFiles) {
	f.paths = append(f.paths, x.Memory.File)
	f.domain(&x.Domain)
	f.domain(&x.Inactive)
	for i := range x.Overlays {
		o := &x.Overlays[i]
		path := diskPath(o.Source)
		f.paths = append(f.paths, path)
		if path != "" && x.Domain.has(o.Name) {
			f.told[path] = true // it stands on the disk that the VM had
		}
	}
}

// has reports whether there is a disk of that name.
func (x *domainDisks) has(target string) bool {
	return slices.ContainsFunc(x.Disks, func(d libvirtxml.DomainDisk) bool {
		return targetOf(&d) == target && d.Source != nil
	})
}

// withSnapshots are the VMs that have snapshots. Source: virConnectListAllDomains.
func (c *client) withSnapshots(ctx context.Context) (map[libvirt.UUID]bool, error) {
	all, err := read(ctx, c, "list VMs", "", func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
		all, _, err := lv.ConnectListAllDomains(1, libvirt.ConnectListDomainsHasSnapshot)
		return all, err
	})
	have := make(map[libvirt.UUID]bool, len(all))
	for _, d := range all {
		have[d.UUID] = true
	}
	return have, ignoreUnsupported(err)
}

// addSnapshots takes in the files that the snapshots of a VM name. Sources:
// virDomainListAllSnapshots, virDomainSnapshotGetXMLDesc.
func (c *client) addSnapshots(ctx context.Context, r *rpcConn, d libvirt.Domain, files *diskFiles) error {
	asked := deed{doing: "list snapshots of", object: d.Name, limit: readLimit}
	all, err := call(ctx, r, asked, func(lv *libvirt.Libvirt) ([]libvirt.DomainSnapshot, error) {
		all, _, err := lv.DomainListAllSnapshots(d, 1, 0)
		return all, err
	})
	if err != nil {
		return c.explained(err)
	}
	for _, s := range all {
		asked := deed{doing: "read snapshot", object: s.Name, limit: readLimit}
		text, err := call(ctx, r, asked, func(lv *libvirt.Libvirt) (string, error) { return lv.DomainSnapshotGetXMLDesc(s, 0) })
		if err != nil {
			if ignoreGone(err) == nil {
				continue
			}
			return c.explained(err)
		}
		var x snapshotFiles
		if err := parsed("snapshot", s.Name, xmlUnmarshal(text, &x)); err != nil {
			return err
		}
		files.snapshot(&x)
	}
	return nil
}

// unclearDisk is a file that a VM stands on of which nobody knows what is below it.
type unclearDisk struct{ vm, path string }

// unclear are the disks of all VMs but one that no XML tells of what they stand on, and
// the files that their chains lead to: below tells where. Those that are volumes are
// among them.
func (u *diskUsers) unclear(below map[string]string, besides libvirt.UUID) []unclearDisk {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []unclearDisk
	for id, vm := range u.by {
		if id == besides {
			continue
		}
		seen := make(map[string]bool)
		for _, path := range vm.paths {
			seen[path] = true
		}
		for _, path := range vm.unclear {
			all = append(all, unclearDisk{vm.name, path})
		}
		for _, path := range vm.paths {
			for path = below[path]; path != "" && !seen[path]; path = below[path] {
				seen[path] = true
				all = append(all, unclearDisk{vm.name, path})
			}
		}
	}
	return all
}

// unclearDisks are the disks of all VMs but one whose chain nobody tells: no XML, and no
// pool, since they are not among the volumes of one.
func (c *client) unclearDisks(below map[string]string, besides libvirt.UUID) []unclearDisk {
	return slices.DeleteFunc(c.diskUsers.unclear(below, besides), func(d unclearDisk) bool { return c.book.has(d.path) })
}

// knownIn reports whether it is known who uses the volumes of a pool: all VMs have been
// looked at, and none has a disk there that is not among the pool's volumes.
func (c *client) knownIn(target string) bool {
	return c.diskUsers.all() && !slices.ContainsFunc(c.unclearDisks(c.book.below(), libvirt.UUID{}), func(d unclearDisk) bool {
		return holds(target, d.path)
	})
}

// holds reports whether a path is below a directory.
func holds(dir, path string) bool {
	return dir != "" && strings.HasPrefix(path, strings.TrimRight(dir, "/")+"/")
}
