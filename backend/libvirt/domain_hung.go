package libvirt

import (
	"context"
	"slices"
	"sync"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

const (
	// hungAge is for how long it is believed which VMs hang.
	hungAge = 5 * time.Second
	// hungAfter is for how long a VM's hypervisor has to have been silent for that.
	hungAfter = time.Second
)

// hungVMs remembers which VMs hang.
type hungVMs struct {
	mu   sync.Mutex
	read time.Time
	by   map[libvirt.UUID]bool
}

// carefulStats is dearStats while some VMs hang: it asks for the others only. One that
// begins to hang just then blocks it, and then there are no figures from QEMU until one
// of them recovers.
func (c *client) carefulStats(ctx context.Context, domains []libvirt.Domain, groups uint32) (got []libvirt.DomainStatsRecord, ok bool) {
	well, err := c.responsive(ctx, domains)
	if err != nil || len(well) == 0 {
		return nil, false
	}
	patience, cancel := context.WithTimeout(ctx, dearPatience)
	defer cancel()
	got, err = read(patience, c, "sample", "", func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
		select {
		case c.careful <- struct{}{}:
			defer func() { <-c.careful }()
			return lv.ConnectGetAllDomainStats(well, groups, statsNoWait)
		default:
			return nil, backend.Refuse(backend.ClassBusy, "sample", "", "more than %d VMs hang", maxDear)
		}
	})
	return got, err == nil
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
