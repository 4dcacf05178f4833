package libvirt

import (
	"context"
	"slices"
	"sync"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// diskUsers remembers which VM has which files as disks or media, from the live and
// the lasting definition of each VM, with the chains that libvirt tells. The zero value
// is ready; safe for concurrent use.
type diskUsers struct {
	mu      sync.Mutex
	by      map[libvirt.UUID]userOf
	whole   bool // every VM has been looked at
	reading bool
	tried   time.Time // when reading last ended
	// changed are the VMs that changed while they were being read.
	changed map[libvirt.UUID]bool
}

// userOf is what one VM uses.
type userOf struct {
	name  string
	paths []string // as diskPath gives them
	read  time.Time
}

const (
	// userLimit bounds reading one VM: one whose QEMU hangs may not answer.
	userLimit = 5 * time.Second
	// userRetry is how long to wait after not all VMs could be read.
	userRetry = 30 * time.Second
	// userFresh is how old what is known may be when a volume is deleted: some changes
	// of a definition raise no event.
	userFresh = 10 * time.Second
	// userAge is the same for lists.
	userAge = 10 * time.Minute
)

// forget says that a VM has changed: it is read again before anything is certain.
func (u *diskUsers) forget(id libvirt.UUID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if vm, known := u.by[id]; known {
		vm.read = time.Time{}
		u.by[id] = vm
	}
	if u.changed == nil {
		u.changed = make(map[libvirt.UUID]bool)
	}
	u.changed[id] = true
	u.whole, u.tried = false, time.Time{}
}

// index is who uses which path, down the chains that below tells; known is false until
// all VMs have been looked at.
func (u *diskUsers) index(below map[string]string) (users map[string][]string, known bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	users = make(map[string][]string)
	for _, vm := range u.by {
		seen := make(map[string]bool)
		for _, path := range vm.paths {
			for ; path != "" && !seen[path]; path = below[path] {
				seen[path] = true
				users[path] = append(users[path], vm.name)
			}
		}
	}
	for _, names := range users {
		slices.Sort(names)
	}
	return users, u.whole
}

// begin claims the reading; false when somebody does it or it was tried just now.
func (u *diskUsers) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	fresh := u.whole && time.Since(u.tried) < userAge
	if u.reading || fresh || !u.whole && time.Since(u.tried) < userRetry && !u.tried.IsZero() {
		return false
	}
	u.reading, u.changed = true, nil
	return true
}

func (u *diskUsers) ended(whole bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reading, u.whole = false, whole && len(u.changed) == 0
	if len(u.changed) == 0 {
		u.tried = time.Now()
	}
}

// domainTouched forgets the disks of a VM when an event may have changed them.
func (c *client) domainTouched(procedure uint32, id libvirt.UUID) {
	switch procedure {
	case procDomainReboot, procDomainWatchdog, procDomainIOError, procDomainMetadata, procDomainTunable:
	default:
		c.diskUsers.forget(id)
	}
}

// learnUsers reads in the background who uses which disk, if that is not known; a list
// is not kept waiting for it.
func (c *client) learnUsers() {
	if !c.diskUsers.begin() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	guard.Go("libvirt disk users", c.poll.fence.fail, func() {
		defer cancel()
		err := c.readUsers(ctx, userAge)
		c.diskUsers.ended(err == nil)
		if err == nil {
			c.poolRevs.bumpAll()
		}
	})
	guard.Go("libvirt disk users end", c.poll.fence.fail, func() {
		select {
		case <-c.poll.fence.done:
			cancel()
		case <-ctx.Done():
		}
	})
}

// readUsers reads every VM whose disks are not known, or known for longer than age, on
// a connection of its own, so that lists go on meanwhile. Sources:
// virConnectListAllDomains, virDomainGetXMLDesc.
func (c *client) readUsers(ctx context.Context, age time.Duration) error {
	r, err := c.aside(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	all, err := call(ctx, r, deed{doing: "list VMs", limit: readLimit}, func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
		all, _, err := lv.ConnectListAllDomains(1, 0)
		return all, err
	})
	if err != nil {
		return err
	}
	c.diskUsers.keep(all)
	return each(ctx, c.diskUsers.stale(all, age), func(ctx context.Context, d libvirt.Domain) error {
		paths, err := userPaths(ctx, r, d)
		if err != nil {
			return ignoreGone(err)
		}
		c.diskUsers.put(d, paths)
		return nil
	})
}

// keep forgets VMs that are gone.
func (u *diskUsers) keep(all []libvirt.Domain) {
	u.mu.Lock()
	defer u.mu.Unlock()
	there := make(map[libvirt.UUID]bool, len(all))
	for _, d := range all {
		there[d.UUID] = true
	}
	for id := range u.by {
		if !there[id] {
			delete(u.by, id)
		}
	}
}

// stale are the VMs to read.
func (u *diskUsers) stale(all []libvirt.Domain, age time.Duration) []libvirt.Domain {
	u.mu.Lock()
	defer u.mu.Unlock()
	var out []libvirt.Domain
	for _, d := range all {
		if known, ok := u.by[d.UUID]; !ok || time.Since(known.read) > age || known.name != d.Name {
			out = append(out, d)
		}
	}
	return out
}

func (u *diskUsers) put(d libvirt.Domain, paths []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.by == nil {
		u.by = make(map[libvirt.UUID]userOf)
	}
	vm := userOf{name: d.Name, paths: paths, read: time.Now()}
	if u.changed[d.UUID] {
		vm.read = time.Time{}
	}
	u.by[d.UUID] = vm
}

// userPaths are the files that a VM has as disks or media, now or at its next start.
func userPaths(ctx context.Context, r *rpcConn, d libvirt.Domain) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, userLimit)
	defer cancel()
	var paths []string
	for _, flags := range []libvirt.DomainXMLFlags{0, libvirt.DomainXMLInactive} {
		text, err := call(ctx, r, deed{doing: "read the disks of", object: d.Name, limit: readLimit}, func(lv *libvirt.Libvirt) (string, error) {
			return lv.DomainGetXMLDesc(d, flags)
		})
		if err != nil {
			return nil, err
		}
		paths = append(paths, diskPaths(text)...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// domainDisks is the part of a domain's XML that names files.
type domainDisks struct {
	OS struct {
		Kernel string `xml:"kernel"`
		Initrd string `xml:"initrd"`
	} `xml:"os"`
	Disks []libvirtxml.DomainDisk `xml:"devices>disk"`
}

// diskPaths are the paths of all disks in a domain's XML, with their chains and the
// copies that are being made of them.
func diskPaths(text string) []string {
	var x domainDisks
	if xmlUnmarshal(text, &x) != nil {
		return nil
	}
	paths := []string{x.OS.Kernel, x.OS.Initrd}
	for i := range x.Disks {
		d := diskOf(&x.Disks[i])
		paths = append(append(paths, d.Path), d.Backing...)
		if m := x.Disks[i].Mirror; m != nil {
			paths = append(paths, diskPath(m.Source))
		}
	}
	return slices.DeleteFunc(paths, func(p string) bool { return p == "" })
}

// usedBy looks up who uses a volume, by its path and by its name in its pool.
func usedBy(users map[string][]string, pool string, v *backend.Volume) []string {
	all := slices.Concat(users[v.Path], users[pool+"/"+v.Name])
	slices.Sort(all)
	return slices.Compact(all)
}
