package libvirt

import (
	"context"
	"sync"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

const (
	statsNoWait = uint32(libvirt.ConnectGetAllDomainsStatsNowait)
	statsActive = uint32(libvirt.ConnectGetAllDomainsStatsActive)

	// loadGroups go to each VM's QEMU; safeGroups don't.
	safeGroups = uint32(libvirt.DomainStatsState | libvirt.DomainStatsInterface)
	loadGroups = safeGroups | uint32(libvirt.DomainStatsCPUTotal|libvirt.DomainStatsBalloon|libvirt.DomainStatsBlock)
)

// NOWAIT only skips VMs that another call is busy with: the first call to meet a VM
// that hangs waits for it, for ever. From then on that call is the one that keeps
// the VM busy, and the next are quick. So such calls are given up after a while, and
// at most maxDear may be stuck at a time, for as many hung VMs; with more, those
// that hang are asked for nothing. See carefulStats.
const (
	maxDear      = 2
	dearPatience = 2 * time.Second
)

// dearStats asks for groups that go to QEMU, of these domains or of all that run;
// ok is false when there is no answer.
func (c *client) dearStats(ctx context.Context, domains []libvirt.Domain, groups uint32) (got []libvirt.DomainStatsRecord, ok bool) {
	flags := statsNoWait
	if domains == nil {
		flags |= statsActive
	}
	for range maxDear {
		patience, cancel := context.WithTimeout(ctx, dearPatience)
		got, err := read(patience, c, "sample", "", func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
			select {
			case c.dear <- struct{}{}:
				defer func() { <-c.dear }()
				return lv.ConnectGetAllDomainStats(domains, groups, flags)
			default:
				return nil, backend.Refuse(backend.ClassBusy, "sample", "", "%d VMs hang", maxDear)
			}
		})
		gaveUp := patience.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil {
			c.noneHangs()
			return got, true
		}
		if !gaveUp && backend.ClassOf(err) != backend.ClassBusy {
			return nil, false
		}
	}
	return c.carefulStats(ctx, domains, groups)
}

// Stats implements backend.Backend. Source: virConnectGetAllDomainStats,
// virNodeGetCPUStats, virNodeGetMemoryStats.
func (c *client) Stats(ctx context.Context, refs []backend.Ref) ([]backend.Sample, error) {
	var vms []backend.Ref
	host := len(refs) == 0
	for _, r := range refs {
		if r.Kind == backend.KindVM {
			vms = append(vms, r)
		}
		host = host || r == c.node.ref
	}
	var samples []backend.Sample
	if len(vms) > 0 || len(refs) == 0 {
		got, err := c.vmSamples(ctx, vms)
		if err != nil {
			return nil, err
		}
		samples = got
	}
	if host {
		s, err := c.hostSample(ctx)
		if err != nil {
			return nil, err
		}
		samples = append(samples, s)
	}
	return samples, nil
}

func (c *client) vmSamples(ctx context.Context, refs []backend.Ref) ([]backend.Sample, error) {
	domains, err := domainsOf(refs)
	if err != nil {
		return nil, err
	}
	records, ok := c.dearStats(ctx, domains, loadGroups)
	if !ok {
		records, err = read(ctx, c, "sample VMs", "", func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
			flags := statsNoWait
			if domains == nil {
				flags |= statsActive
			}
			return lv.ConnectGetAllDomainStats(domains, safeGroups, flags)
		})
		if err != nil {
			return nil, err
		}
	}
	at := time.Now()
	records = running(records)
	c.learnConfigs(ctx, records, false)
	samples := make([]backend.Sample, 0, len(records))
	for i := range records {
		samples = append(samples, c.vmSample(&records[i], at))
	}
	c.rates.sweep(at)
	return samples, nil
}

// running keeps the domains that have a process.
func running(records []libvirt.DomainStatsRecord) []libvirt.DomainStatsRecord {
	kept := records[:0]
	for _, r := range records {
		switch libvirt.DomainState(paramsOf(r.Params).integer("state.state")) { //nolint:gosec // an enum
		case libvirt.DomainShutoff, libvirt.DomainCrashed:
		default:
			kept = append(kept, r)
		}
	}
	return kept
}

func (c *client) vmSample(r *libvirt.DomainStatsRecord, at time.Time) backend.Sample {
	p := paramsOf(r.Params)
	unknown := backend.Unknown()
	s := backend.Sample{Ref: c.vmRef(r.Dom.UUID), At: at, MemUsed: unknown, MemTotal: unknown}
	now := counters{at: at}
	now.cpu, now.known[0] = p.sum("cpu.time", "")
	now.read, now.known[1] = p.sum("block.", ".rd.bytes")
	now.write, now.known[2] = p.sum("block.", ".wr.bytes")
	now.in, now.known[3] = p.sum("net.", ".rx.bytes")
	now.out, now.known[4] = p.sum("net.", ".tx.bytes")
	rate := c.rates.next(s.Ref, now)
	s.DiskRead, s.DiskWrite, s.NetIn, s.NetOut = rate.read, rate.write, rate.in, rate.out
	s.CPU = unknown
	if vcpus := c.configs.get(r.Dom.UUID).vcpus; vcpus > 0 {
		s.CPU = clampPercent(rate.cpu / 1e9 / float64(vcpus) * 100)
	}
	memory(&s, p)
	return s
}

// memory fills in what a VM takes. Source: virDomainMemoryStats, KiB.
func memory(s *backend.Sample, p params) {
	if p.has("balloon.current") {
		s.MemTotal = 1024 * float64(p.unsigned("balloon.current"))
	}
	switch {
	case p.has("balloon.unused") && p.has("balloon.current"):
		s.MemUsed = max(s.MemTotal-1024*float64(p.unsigned("balloon.unused")), 0)
	case p.has("balloon.rss"):
		s.MemUsed = 1024 * float64(p.unsigned("balloon.rss"))
	}
}

func clampPercent(v float64) float64 {
	if !backend.Known(v) {
		return v
	}
	return min(max(v, 0), 100)
}

// counters are totals since a VM was started; or, from rateMemory, rates a second.
// cpu is nanoseconds.
type counters struct {
	at                        time.Time
	cpu, read, write, in, out float64
	known                     [5]bool
}

// rateMemory keeps the counters and rates of the sample before.
type rateMemory struct {
	mu   sync.Mutex
	last map[backend.Ref]remembered
}

type remembered struct{ counters, rates counters }

// shortestInterval is the least time between two samples that gives a fair rate.
const shortestInterval = 200 * time.Millisecond

// next takes in new counters and gives the rates since the sample before.
func (m *rateMemory) next(r backend.Ref, now counters) counters {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		m.last = make(map[backend.Ref]remembered)
	}
	before, seen := m.last[r]
	if seen && now.at.Sub(before.counters.at) < shortestInterval {
		return before.rates
	}
	rates := since(before.counters, now, seen)
	m.last[r] = remembered{now, rates}
	return rates
}

// since gives rates a second; unknown where a counter is missing or went back.
func since(before, now counters, seen bool) counters {
	seconds := now.at.Sub(before.at).Seconds()
	one := func(i int, b, n float64) float64 {
		if !seen || !before.known[i] || !now.known[i] || n < b || seconds <= 0 {
			return backend.Unknown()
		}
		return (n - b) / seconds
	}
	return counters{
		cpu: one(0, before.cpu, now.cpu), read: one(1, before.read, now.read), write: one(2, before.write, now.write),
		in: one(3, before.in, now.in), out: one(4, before.out, now.out),
	}
}

// sweep forgets objects that have not been sampled for a while.
func (m *rateMemory) sweep(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for r, l := range m.last {
		if now.Sub(l.counters.at) > 10*time.Minute {
			delete(m.last, r)
		}
	}
}
