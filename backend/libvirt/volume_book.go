package libvirt

import (
	"slices"
	"sync"

	libvirt "github.com/digitalocean/go-libvirt"
)

// volumeBook remembers which volumes stand on which files, as seen in lists. The zero
// value is ready; safe for concurrent use.
type volumeBook struct {
	mu sync.Mutex
	by map[libvirt.UUID]map[string]standing // by pool and path
}

// standing is a volume that stands on another file.
type standing struct{ name, backing string }

// note remembers what a volume stands on; true when that is news.
func (b *volumeBook) note(pool libvirt.UUID, path string, s standing) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by[pool][path] == s || s.backing == "" && b.by[pool][path].backing == "" {
		return false
	}
	if b.by == nil {
		b.by = make(map[libvirt.UUID]map[string]standing)
	}
	if b.by[pool] == nil {
		b.by[pool] = make(map[string]standing)
	}
	if s.backing == "" {
		delete(b.by[pool], path)
	} else {
		b.by[pool][path] = s
	}
	return true
}

// keep forgets the volumes of a pool that are not there any more.
func (b *volumeBook) keep(pool libvirt.UUID, there map[string]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
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
			all[path] = s.backing
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
		all[s.backing] = append(all[s.backing], s.name)
	}
	for _, names := range all {
		slices.Sort(names)
	}
	return all
}

// allAbove are the names of the volumes of all pools that stand on a file.
func (b *volumeBook) allAbove(path string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for _, pool := range b.by {
		for _, s := range pool {
			if s.backing == path {
				names = append(names, s.name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
