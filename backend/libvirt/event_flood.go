package libvirt

import (
	"fmt"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

const (
	// mostEvents is how many events of a second are read one by one. Of more it is only
	// known that there were some, and all lists are asked for again.
	mostEvents = 1000
	// mostFrames is how many are taken from the connection in a frameSpan at all: with
	// more the server has to wait. Its answers wait with them, hence the short span.
	mostFrames = 200
	frameSpan  = 10 * time.Millisecond
	// floodPause is the least time between two looks at everything.
	floodPause = time.Second
)

// eventRate counts events. It is for one goroutine.
type eventRate struct {
	second, span per
}

// per counts what comes in a time.
type per struct {
	since time.Time
	n     int
}

func (p *per) count(now time.Time, span time.Duration) int {
	if now.Sub(p.since) >= span {
		p.since, p.n = now, 0
	}
	p.n++
	return p.n
}

// room takes an event in and reports whether it is to be read. It waits when there are
// so many that looking at each would be work enough.
func (r *eventRate) room(now time.Time) bool {
	if r.span.count(now, frameSpan) == mostFrames {
		time.Sleep(frameSpan - now.Sub(r.span.since))
	}
	return r.second.count(now, time.Second) <= mostEvents
}

// skip notes that an event was not read.
func (b *eventBox) skip() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.skipped == 0 {
		b.wake()
	}
	b.skipped++
}

// flooded makes what was not read a look at everything, and says so.
func (c *client) flooded(n *news) {
	c.forgetAll()
	for _, k := range c.caps.Kinds {
		n.changed[k] = nil
	}
	clear(n.pools)
	n.happened = append(n.happened, backend.Event{
		At: time.Now(), Conn: c.id, Name: string(c.id), Severity: backend.SeverityWarning,
		Text: fmt.Sprintf("more than %d events in a second: %d are not listed", mostEvents, n.skipped),
	})
}

// forgetAll drops all that is remembered until an event says otherwise.
func (c *client) forgetAll() {
	c.configs.forget()
	c.addresses.forgetAll()
	c.networks.forgetAll()
	c.snapshots.forgetAll()
	c.diskUsers.forgetAll()
	c.book.forgetAll()
	c.poolRevs.bumpAll()
}

func (b *addressBook) forgetAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.macs = nil
}

func (c *networkCache) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by = nil
}

func (c *snapshotCache) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by = nil
}

// forgetAll has every VM read again before anything is certain.
func (u *diskUsers) forgetAll() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.changed == nil {
		u.changed = make(map[libvirt.UUID]time.Time)
	}
	for id, vm := range u.by {
		vm.read = time.Time{}
		u.by[id] = vm
		u.changed[id] = time.Now()
	}
	u.whole, u.tried = false, time.Time{}
}

func (b *volumeBook) forgetAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for pool := range b.read {
		if b.changed == nil {
			b.changed = make(map[libvirt.UUID]time.Time)
		}
		b.changed[pool] = now
	}
	b.read = nil
}
