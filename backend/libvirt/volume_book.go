package libvirt

import (
	"slices"
	"sync"
	"time"

	libvirt "github.com/digitalocean/go-libvirt"
)

// volumeBook remembers which volumes stand on which files, as seen in lists. The zero
// value is ready; safe for concurrent use.
type volumeBook struct {
	mu sync.Mutex
	by map[libvirt.UUID]map[string]standing // by pool and path
	// looked is when the daemon was last made to look at what a pool has.
	looked map[libvirt.UUID]time.Time
	// read is when a pool was last read as a whole, changed when it last changed.
	read, changed map[libvirt.UUID]time.Time
}

// standing is a volume and the file that it stands on, if any.
type standing struct{ name, backing string }

// note remembers what a volume stands on; true when that is news.
func (b *volumeBook) note(pool libvirt.UUID, path string, s standing) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was, known := b.by[pool][path]
	if known && was == s {
		return false
	}
	if b.by == nil {
		b.by = make(map[libvirt.UUID]map[string]standing)
	}
	if b.by[pool] == nil {
		b.by[pool] = make(map[string]standing)
	}
	b.by[pool][path] = s
	return s.backing != was.backing || s.backing != "" && s.name != was.name
}

// has reports whether a path is that of a volume.
func (b *volumeBook) has(path string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, pool := range b.by {
		if _, known := pool[path]; known {
			return true
		}
	}
	return false
}

// refreshed says that the daemon has looked at a pool's storage since began.
func (b *volumeBook) refreshed(pool libvirt.UUID, began time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.looked == nil {
		b.looked = make(map[libvirt.UUID]time.Time)
	}
	b.looked[pool] = began
}

// refreshedWithin reports whether that was not longer ago than age.
func (b *volumeBook) refreshedWithin(pool libvirt.UUID, age time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Since(b.looked[pool]) < age
}

// keep forgets the volumes of a pool that are not there any more; the pool was read as
// a whole since began.
func (b *volumeBook) keep(pool libvirt.UUID, there map[string]bool, began time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read == nil {
		b.read = make(map[libvirt.UUID]time.Time)
	}
	if b.changed[pool].Before(began) {
		b.read[pool] = began
	}
	for path := range b.by[pool] {
		if !there[path] {
			delete(b.by[pool], path)
		}
	}
}

// below is what each file stands on.
func (b *volumeBook) below() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make(map[string]string)
	for _, pool := range b.by {
		for path, s := range pool {
			if s.backing != "" {
				all[path] = s.backing
			}
		}
	}
	return all
}

// above are the names of the volumes of a pool by the file that they stand on.
func (b *volumeBook) above(pool libvirt.UUID) map[string][]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make(map[string][]string)
	for _, s := range b.by[pool] {
		if s.backing != "" {
			all[s.backing] = append(all[s.backing], s.name)
		}
	}
	for _, names := range all {
		slices.Sort(names)
	}
	return all
}

// allAbove are the volumes of all pools by the file that they stand on.
func (b *volumeBook) allAbove() map[string][]stander {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make(map[string][]stander)
	for _, pool := range b.by {
		for path, s := range pool {
			if s.backing != "" {
				all[s.backing] = append(all[s.backing], stander{path, s.name})
			}
		}
	}
	return all
}

// stander is a volume above another file.
type stander struct{ path, name string }

// fresh reports whether a pool was read as a whole within age, and nothing is known to
// have changed since.
func (b *volumeBook) fresh(pool libvirt.UUID, age time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Since(b.read[pool]) < age
}

// touched says that the volumes of a pool may stand on other files now.
func (b *volumeBook) touched(pool libvirt.UUID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.read, pool)
	if b.changed == nil {
		b.changed = make(map[libvirt.UUID]time.Time)
	}
	b.changed[pool] = time.Now()
}

// gone forgets a volume that was deleted.
func (b *volumeBook) gone(pool libvirt.UUID, path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.by[pool], path)
}
