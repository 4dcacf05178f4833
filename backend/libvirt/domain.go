package libvirt

import (
	"context"
	"encoding/hex"
	"errors"
	"sync"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// pageSize is how many objects are handed over at once.
const pageSize = 500

// domainSets are the domains that have something, by UUID.
type domainSets struct {
	autostart, transient, snapshots, saved map[libvirt.UUID]bool
}

// listVMs lists domains: one bulk call for the states, one list for each flag, and
// for sizes a bulk call where they are not known yet. IP addresses are those leased by
// libvirt's own networks, learnt a few VMs at a time. Sources:
// virConnectGetAllDomainStats, virConnectListAllDomains.
func (c *client) listVMs(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	domains, err := domainsOf(q.Refs)
	if err != nil {
		return err
	}
	var records []libvirt.DomainStatsRecord
	var sets domainSets
	var failed, failedToo error
	var wait sync.WaitGroup
	wait.Go(func() { sets, failedToo = c.domainSets(ctx) })
	records, failed = c.domainStates(ctx, domains)
	wait.Wait()
	if err := firstError(failed, failedToo); err != nil {
		return err
	}
	if domains == nil {
		c.configs.keep(records)
	}
	// The first page is not kept waiting for the sizes of all others.
	first := records[:min(pageSize, len(records))]
	rest := records[len(first):]
	c.learnConfigs(ctx, first, false)
	c.learnAddresses(ctx, first)
	c.emitVMs(first, sets, emit)
	c.learnConfigs(ctx, rest, domains == nil)
	c.learnAddresses(ctx, rest)
	c.emitVMs(rest, sets, emit)
	return nil
}

// emitVMs hands domains over page by page.
func (c *client) emitVMs(records []libvirt.DomainStatsRecord, sets domainSets, emit func([]backend.Object)) {
	for start := 0; start < len(records); start += pageSize {
		page := records[start:min(start+pageSize, len(records))]
		objects := make([]backend.Object, 0, len(page))
		for i := range page {
			objects = append(objects, c.vm(&page[i], sets))
		}
		emit(objects)
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// domainStates asks for state and reason, which no hung VM can hold up. Where one of
// the domains named has vanished, the server refuses them all; then all are listed.
func (c *client) domainStates(ctx context.Context, domains []libvirt.Domain) ([]libvirt.DomainStatsRecord, error) {
	ask := func(domains []libvirt.Domain) ([]libvirt.DomainStatsRecord, error) {
		return read(ctx, c, "list VMs", "", func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
			return lv.ConnectGetAllDomainStats(domains, uint32(libvirt.DomainStatsState), 0)
		})
	}
	records, err := ask(domains)
	if domains == nil || backend.ClassOf(err) != backend.ClassNotFound {
		return records, err
	}
	records, err = ask(nil)
	return only(records, domains), err
}

func only(records []libvirt.DomainStatsRecord, domains []libvirt.Domain) []libvirt.DomainStatsRecord {
	want := make(map[libvirt.UUID]bool, len(domains))
	for _, d := range domains {
		want[d.UUID] = true
	}
	kept := make([]libvirt.DomainStatsRecord, 0, len(domains))
	for _, r := range records {
		if want[r.Dom.UUID] {
			kept = append(kept, r)
		}
	}
	return kept
}

// domainSets lists the rarer side of each flag.
func (c *client) domainSets(ctx context.Context) (domainSets, error) {
	var s domainSets
	flags := []struct {
		flag libvirt.ConnectListAllDomainsFlags
		into *map[libvirt.UUID]bool
	}{
		{libvirt.ConnectListDomainsAutostart, &s.autostart},
		{libvirt.ConnectListDomainsTransient, &s.transient},
		{libvirt.ConnectListDomainsHasSnapshot, &s.snapshots},
		{libvirt.ConnectListDomainsManagedsave, &s.saved},
	}
	errs := make([]error, len(flags))
	var wait sync.WaitGroup
	for i, f := range flags {
		wait.Go(func() {
			domains, err := read(ctx, c, "list VMs", "", func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
				all, _, err := lv.ConnectListAllDomains(1, f.flag)
				return all, err
			})
			set := make(map[libvirt.UUID]bool, len(domains))
			for _, d := range domains {
				set[d.UUID] = true
			}
			*f.into = set
			if !unsupported(err) {
				errs[i] = err
			}
		})
	}
	wait.Wait()
	return s, firstError(errs...)
}

// vm makes the object of a domain.
func (c *client) vm(r *libvirt.DomainStatsRecord, sets domainSets) *backend.VM {
	uuid := r.Dom.UUID
	p := paramsOf(r.Params)
	state, reason := power(p.integer("state.state"), p.integer("state.reason"))
	if state == backend.PowerOff && sets.saved[uuid] {
		state, reason = backend.PowerSaved, ""
	}
	config := c.configs.get(uuid)
	vm := &backend.VM{
		Meta: backend.Meta{ID: c.vmRef(uuid), Name: r.Dom.Name},
		UUID: uuidText(uuid), State: state, Reason: reason,
		Host: c.node.ref, HostName: c.node.name,
		VCPUs: config.vcpus, Memory: config.memory, DomainID: -1,
		Autostart: sets.autostart[uuid], Persistent: !sets.transient[uuid],
	}
	if state != backend.PowerOff && state != backend.PowerSaved && state != backend.PowerCrashed && r.Dom.ID > 0 {
		vm.DomainID = int(r.Dom.ID)
	}
	if state.Running() {
		vm.IP = c.addresses.ip(uuid)
	}
	if sets.snapshots[uuid] {
		vm.Snapshots = -1
	}
	return vm
}

func (c *client) vmRef(uuid libvirt.UUID) backend.Ref {
	return c.ref(backend.KindVM, uuidText(uuid))
}

// domainsOf turns references into what the calls need: the server looks domains up
// by UUID. No refs give nil.
func domainsOf(refs []backend.Ref) ([]libvirt.Domain, error) {
	var domains []libvirt.Domain
	for _, r := range refs {
		d, err := domainOf(r)
		if err != nil {
			return nil, err
		}
		domains = append(domains, d)
	}
	return domains, nil
}

func domainOf(r backend.Ref) (libvirt.Domain, error) {
	uuid, err := parseUUID(r.ID)
	if err != nil || r.Kind != backend.KindVM {
		return libvirt.Domain{}, backend.Refuse(backend.ClassNotFound, "find", "", "no VM has the id %q", r.ID)
	}
	// The name is only for messages, but must not be empty.
	return libvirt.Domain{Name: r.ID, UUID: uuid, ID: -1}, nil
}

// uuidText is the usual form: 8-4-4-4-12 hexadecimal digits.
func uuidText(u libvirt.UUID) string {
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func parseUUID(s string) (libvirt.UUID, error) {
	var u libvirt.UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, errors.New("not a UUID")
	}
	b, err := hex.DecodeString(s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:])
	if err != nil {
		return u, err
	}
	copy(u[:], b)
	return u, nil
}
