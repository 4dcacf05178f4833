package libvirt

import (
	"fmt"
	"hash/fnv"
	"sync"

	libvirt "github.com/digitalocean/go-libvirt"
)

// revisions count what is known to have changed in pools, for Pool.Rev. The zero value
// is ready; safe for concurrent use.
type revisions struct {
	mu  sync.Mutex
	by  map[libvirt.UUID]uint64
	all uint64
}

// bump says that the volumes of a pool may have changed.
func (r *revisions) bump(id libvirt.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = make(map[libvirt.UUID]uint64)
	}
	r.by[id]++
}

// volumesChanged says that the volumes of a pool may have changed, by an event or by
// what was done here.
func (c *client) volumesChanged(pool libvirt.UUID) {
	c.book.touched(pool)
	c.poolRevs.bump(pool)
}

// bumpAll says that every volume may look different: it is known now who uses it.
func (r *revisions) bumpAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all++
}

// of is a number that differs when a pool's volumes may: by what was noticed here, by
// how many there are and by what they take.
func (r *revisions) of(id libvirt.UUID, volumes int32, allocation uint64) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := fnv.New64a()
	fmt.Fprint(h, r.by[id], r.all, volumes, allocation)
	return max(h.Sum64(), 1)
}
