package libvirt

import (
	"context"
	"sync"

	libvirt "github.com/digitalocean/go-libvirt"
)

// domainConfig is what a list shows of a domain's definition.
type domainConfig struct {
	vcpus  int
	memory uint64 // bytes
}

// configCache keeps sizes between lists: asking a running domain for them goes to
// its QEMU, which may hang.
type configCache struct {
	mu sync.Mutex
	by map[libvirt.UUID]domainConfig
}

func (c *configCache) get(id libvirt.UUID) domainConfig {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by[id]
}

// put takes in a bulk answer.
func (c *configCache) put(records []libvirt.DomainStatsRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = make(map[libvirt.UUID]domainConfig, len(records))
	}
	for i := range records {
		p := paramsOf(records[i].Params)
		if !p.has("balloon.maximum") && !p.has("vcpu.current") {
			continue
		}
		c.by[records[i].Dom.UUID] = domainConfig{
			vcpus: counted(p.unsigned("vcpu.current")), memory: sized(p.unsigned("balloon.maximum"), 1<<10),
		}
	}
}

// missing are the domains of records whose sizes are not known.
func (c *configCache) missing(records []libvirt.DomainStatsRecord) (off, running []libvirt.Domain) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range records {
		if _, known := c.by[records[i].Dom.UUID]; known {
			continue
		}
		p := paramsOf(records[i].Params)
		if libvirt.DomainState(p.integer("state.state")) == libvirt.DomainShutoff { //nolint:gosec // an enum
			off = append(off, records[i].Dom)
		} else {
			running = append(running, records[i].Dom)
		}
	}
	return off, running
}

// forget drops what may have changed; with no ids everything.
func (c *configCache) forget(ids ...libvirt.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(ids) == 0 {
		c.by = nil
	}
	for _, id := range ids {
		delete(c.by, id)
	}
}

// keep forgets domains that are gone.
func (c *configCache) keep(records []libvirt.DomainStatsRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.by) <= len(records) {
		return
	}
	alive := make(map[libvirt.UUID]bool, len(records))
	for i := range records {
		alive[records[i].Dom.UUID] = true
	}
	for id := range c.by {
		if !alive[id] {
			delete(c.by, id)
		}
	}
}

const configGroups = uint32(libvirt.DomainStatsBalloon | libvirt.DomainStatsVCPU)

// learnConfigs asks for the sizes that are not known yet; they are left out when
// the server does not say or a VM hangs. all is set when records are (nearly) all
// domains: then one call for all that are off is cheaper than naming them.
func (c *client) learnConfigs(ctx context.Context, records []libvirt.DomainStatsRecord, all bool) {
	off, running := c.configs.missing(records)
	if len(off) > 0 {
		domains, flags := off, uint32(0)
		if all && len(off) > len(records)/2 {
			domains, flags = nil, uint32(libvirt.ConnectGetAllDomainsStatsInactive)
		}
		got, err := read(ctx, c, "list VMs", "", func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
			return lv.ConnectGetAllDomainStats(domains, configGroups, flags|statsNoWait)
		})
		if err == nil {
			c.configs.put(got)
		}
	}
	if len(running) > 0 {
		if got, ok := c.dearStats(ctx, running, configGroups); ok {
			c.configs.put(got)
		}
	}
}
