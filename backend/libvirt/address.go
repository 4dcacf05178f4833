package libvirt

import (
	"context"
	"strings"
	"sync"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// addressBook knows which VM has which MAC address, and which address was leased to
// it: that is all that a list can know of IP addresses without asking each VM.
type addressBook struct {
	mu       sync.Mutex
	macs     map[libvirt.UUID][]string
	leases   map[string]string // IP by MAC
	leasedAt time.Time
}

const (
	// maxLearn bounds the definitions that one list reads; the next goes on.
	maxLearn = 8
	// leaseAge is how often leases are read again.
	leaseAge = 5 * time.Second
)

// ip is the address leased to a VM; empty when unknown.
func (b *addressBook) ip(id libvirt.UUID) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, mac := range b.macs[id] {
		if ip := b.leases[mac]; ip != "" {
			return ip
		}
	}
	return ""
}

// forget drops what a change of its devices made wrong.
func (b *addressBook) forget(id libvirt.UUID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.macs, id)
}

// unknown gives some of the running VMs whose MAC addresses are not known, and
// whether leases are due to be read.
func (b *addressBook) unknown(records []libvirt.DomainStatsRecord) (some []libvirt.Domain, due bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range records {
		if libvirt.DomainState(paramsOf(records[i].Params).integer("state.state")) != libvirt.DomainRunning { //nolint:gosec // an enum
			continue
		}
		macs, known := b.macs[records[i].Dom.UUID]
		due = due || len(macs) > 0
		if !known && len(some) < maxLearn {
			some = append(some, records[i].Dom)
		}
	}
	return some, (due || len(some) > 0) && time.Since(b.leasedAt) > leaseAge
}

func (b *addressBook) put(id libvirt.UUID, macs []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.macs == nil {
		b.macs = make(map[libvirt.UUID][]string)
	}
	b.macs[id] = macs
}

func (b *addressBook) putLeases(byMAC map[string]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leases, b.leasedAt = byMAC, time.Now()
}

// learnAddresses reads a few definitions and, now and then, the leases; what can't be
// read is left out. Sources: virDomainGetXMLDesc, virNetworkGetDHCPLeases.
func (c *client) learnAddresses(ctx context.Context, records []libvirt.DomainStatsRecord) {
	some, due := c.addresses.unknown(records)
	_ = each(ctx, some, func(ctx context.Context, d libvirt.Domain) error {
		text, err := read(ctx, c, "read", d.Name, func(lv *libvirt.Libvirt) (string, error) {
			return lv.DomainGetXMLDesc(d, 0)
		})
		if err != nil {
			return ignoreGone(err)
		}
		c.addresses.put(d.UUID, macsOf(text))
		return nil
	})
	if !due {
		return
	}
	nets, err := c.networksWith(ctx, libvirt.ConnectListNetworksActive)
	byMAC := make(map[string]string)
	for _, n := range nets {
		var leases []backend.Lease
		if leases, err = c.leases(ctx, n); err != nil {
			break
		}
		for _, l := range leases {
			byMAC[strings.ToLower(l.MAC)] = l.IP
		}
	}
	if err == nil || unsupported(err) {
		c.addresses.putLeases(byMAC)
	}
}

func macsOf(domainXML string) []string {
	var x libvirtxml.Domain
	if x.Unmarshal(domainXML) != nil || x.Devices == nil {
		return nil
	}
	var macs []string
	for _, nic := range x.Devices.Interfaces {
		if nic.MAC != nil {
			macs = append(macs, strings.ToLower(nic.MAC.Address))
		}
	}
	return macs
}
