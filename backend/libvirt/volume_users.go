package libvirt

import (
	"slices"
	"sync"
	"time"

	libvirt "github.com/digitalocean/go-libvirt"
)

// diskUsers remembers which VM has which files as disks or media, from the live and
// the lasting definition of each VM and those in its snapshots, with the chains that
// libvirt tells. The zero value
// is ready; safe for concurrent use.
type diskUsers struct {
	mu      sync.Mutex
	by      map[libvirt.UUID]userOf
	whole   bool // every VM has been looked at
	reading bool
	tried   time.Time // when reading last ended
	// changed says when a VM changed that has not been read since.
	changed map[libvirt.UUID]time.Time
}

// userOf is what one VM uses.
type userOf struct {
	name  string
	paths []string // as userFiles gives them
	// unclear are those of which no XML tells what they stand on.
	unclear []string
	read    time.Time
}

const (
	// userRetry is how long to wait after not all VMs could be read.
	userRetry = 30 * time.Second
	// userFresh is how old what is known may be when volumes are deleted or
	// overwritten: some changes of a definition raise no event.
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
		u.changed = make(map[libvirt.UUID]time.Time)
	}
	u.changed[id] = time.Now()
	u.whole, u.tried = false, time.Time{}
}

// index is who uses which path besides one VM, down the chains that below tells.
func (u *diskUsers) index(below map[string]string, besides libvirt.UUID) map[string][]string {
	u.mu.Lock()
	defer u.mu.Unlock()
	users := make(map[string][]string)
	for id, vm := range u.by {
		if id == besides {
			continue
		}
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
	return users
}

// all reports whether all VMs have been looked at.
func (u *diskUsers) all() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.whole
}

// begin claims reading in the background; false when somebody does it or it was tried just now.
func (u *diskUsers) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	fresh := u.whole && time.Since(u.tried) < userAge
	if u.reading || fresh || !u.whole && time.Since(u.tried) < userRetry && !u.tried.IsZero() {
		return false
	}
	u.reading = true
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
	for id := range u.changed {
		if !there[id] {
			delete(u.changed, id)
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

// put takes in what a VM uses, read since began.
func (u *diskUsers) put(d libvirt.Domain, files *diskFiles, began time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.by == nil {
		u.by = make(map[libvirt.UUID]userOf)
	}
	vm := userOf{name: d.Name, paths: files.all(), unclear: files.unclear(), read: began}
	if u.changed[d.UUID].Before(began) {
		delete(u.changed, d.UUID)
	} else {
		vm.read = time.Time{}
	}
	u.by[d.UUID] = vm
}
