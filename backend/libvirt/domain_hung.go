package libvirt

import (
	"context"
	"slices"
	"sync"
	"time"

	libvirt "github.com/digitalocean/go-libvirt"
)

const (
	// hungAge is for how long it is believed which VMs hang.
	hungAge = 5 * time.Second
	// hungAfter is for how long a VM's hypervisor has to have been silent for that.
	hungAfter = time.Second
)

// hungVMs remembers which VMs hang, and keeps a connection while some do.
type hungVMs struct {
	mu   sync.Mutex
	read time.Time
	by   map[libvirt.UUID]bool
	side *rpcConn // nil for none
}

// carefulStats is dearStats while some VMs hang: it asks for the others only, on a
// connection of its own, so that those that begin to hang only then hold up no list. Each
// such VM costs a call once: from then on it is known to hang. With more of them than the
// connection has calls there are no figures from QEMU until one recovers.
func (c *client) carefulStats(ctx context.Context, domains []libvirt.Domain, groups uint32) (got []libvirt.DomainStatsRecord, ok bool) {
	r, err := c.sideOfHung(ctx)
	if err != nil || len(r.slots) == cap(r.slots) {
		return nil, false
	}
	well, err := c.responsive(ctx, domains)
	if err != nil || len(well) == 0 {
		return nil, false
	}
	patience, cancel := context.WithTimeout(ctx, dearPatience)
	defer cancel()
	asking := deed{doing: "sample", limit: longLimit}
	got, err = call(patience, r, asking, func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
		return lv.ConnectGetAllDomainStats(well, groups, statsNoWait)
	})
	return got, err == nil
}

// sideOfHung is the connection for what a VM may block while some hang.
func (c *client) sideOfHung(ctx context.Context) (*rpcConn, error) {
	c.hung.mu.Lock()
	r := c.hung.side
	c.hung.mu.Unlock()
	if r != nil && !r.dead() {
		return r, nil
	}
	r, _, err := c.sideline(ctx) // ends with the backend
	if err != nil {
		return nil, err
	}
	c.hung.mu.Lock()
	defer c.hung.mu.Unlock()
	if was := c.hung.side; was != nil && !was.dead() { // somebody else was first
		r.close()
		return was, nil
	}
	c.hung.side = r
	return r, nil
}

// noneHangs gives the connection back when no call is stuck any more.
func (c *client) noneHangs() {
	c.hung.mu.Lock()
	defer c.hung.mu.Unlock()
	if c.hung.side == nil || len(c.hung.side.slots) > 0 || len(c.dear) > 0 {
		return
	}
	c.hung.side.close()
	c.hung.side, c.hung.by, c.hung.read = nil, nil, time.Time{}
}

// responsive leaves out the VMs that hang; nil stands for all that run. Sources:
// virConnectListAllDomains, virDomainGetControlInfo.
func (c *client) responsive(ctx context.Context, domains []libvirt.Domain) ([]libvirt.Domain, error) {
	if domains == nil {
		running, err := read(ctx, c, "list VMs", "", func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
			all, _, err := lv.ConnectListAllDomains(1, libvirt.ConnectListDomainsActive)
			return all, err
		})
		if err != nil {
			return nil, err
		}
		domains = running
	}
	hung, err := c.whichHang(ctx, domains)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(domains), func(d libvirt.Domain) bool { return hung[d.UUID] }), nil
}

// whichHang tells which of these VMs hang, and which others did a moment ago.
func (c *client) whichHang(ctx context.Context, domains []libvirt.Domain) (map[libvirt.UUID]bool, error) {
	c.hung.mu.Lock()
	by, fresh := c.hung.by, time.Since(c.hung.read) < hungAge
	c.hung.mu.Unlock()
	if fresh {
		return by, nil
	}
	began := time.Now()
	silent, err := readEach(ctx, nil, domains, func(libvirt.Domain) string { return "" }, func(ctx context.Context, d libvirt.Domain) (libvirt.UUID, error) {
		state, since := c.control(ctx, d)
		if state == libvirt.DomainControlError || (state == libvirt.DomainControlOccupied && since >= hungAfter) {
			return d.UUID, nil
		}
		return libvirt.UUID{}, nil
	})
	if err != nil {
		return nil, err
	}
	by = make(map[libvirt.UUID]bool, len(silent))
	for _, id := range silent {
		by[id] = true
	}
	delete(by, libvirt.UUID{})
	c.hung.mu.Lock()
	c.hung.by, c.hung.read = by, began
	c.hung.mu.Unlock()
	return by, nil
}
