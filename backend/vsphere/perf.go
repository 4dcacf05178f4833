package vsphere

import (
	"context"
	"strconv"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// realtime is the sampling interval of the counters that hosts keep, in seconds.
const realtime = 20

// perfCounters are the server's numbers for the counters that we use, by name.
type perfCounters map[string]int32

// The counters, as group.name.rollup. The rates are in kilobytes a second, the
// usage in hundredths of a percent.
const (
	counterCPU      = "cpu.usage.average"
	counterRead     = "disk.read.average"
	counterWrite    = "disk.write.average"
	counterReceived = "net.received.average"
	counterSent     = "net.transmitted.average"
)

// counters looks the numbers up once for the connection.
func (c *Conn) counters(ctx context.Context) (perfCounters, error) {
	c.perfMu.Lock()
	defer c.perfMu.Unlock()
	if c.perf != nil {
		return c.perf, nil
	}
	pm := c.vc.ServiceContent.PerfManager
	if pm == nil {
		return nil, backend.Refuse(backend.ClassUnsupported, "read the counters of", c.end.shown(), "the server has no performance manager")
	}
	got, err := c.retrieveOne(ctx, "read the counters of", *pm, "perfCounter")
	if err != nil {
		return nil, err
	}
	found := make(perfCounters)
	for _, p := range as[types.ArrayOfPerfCounterInfo](got["perfCounter"]).PerfCounterInfo {
		name := p.GroupInfo.GetElementDescription().Key + "." + p.NameInfo.GetElementDescription().Key + "." + string(p.RollupType)
		switch name {
		case counterCPU, counterRead, counterWrite, counterReceived, counterSent:
			found[name] = p.Key
		}
	}
	c.perf = found
	return found, nil
}

// addRates fills in disk and network rates of the last interval.
func (c *Conn) addRates(ctx context.Context, samples []backend.Sample) error {
	counters, err := c.counters(ctx)
	if err != nil {
		return err
	}
	var ids []types.PerfMetricId
	into := make(map[int32]func(*backend.Sample) *float64)
	for name, field := range map[string]func(*backend.Sample) *float64{
		counterRead:     func(s *backend.Sample) *float64 { return &s.DiskRead },
		counterWrite:    func(s *backend.Sample) *float64 { return &s.DiskWrite },
		counterReceived: func(s *backend.Sample) *float64 { return &s.NetIn },
		counterSent:     func(s *backend.Sample) *float64 { return &s.NetOut },
	} {
		if id, ok := counters[name]; ok {
			ids = append(ids, types.PerfMetricId{CounterId: id})
			into[id] = field
		}
	}
	byID := make(map[string]*backend.Sample, len(samples))
	refs := make([]moref, 0, len(samples))
	for i := range samples {
		byID[samples[i].Ref.ID] = &samples[i]
		refs = append(refs, c.moref(samples[i].Ref))
	}
	return c.queryPerf(ctx, refs, ids, func(moid string, id types.PerfMetricId, value int64) {
		s, field := byID[moid], into[id.CounterId]
		if s != nil && field != nil && id.Instance == "" && value >= 0 {
			*field(s) = float64(value) * 1024
		}
	})
}

// queryPerf hands over the newest value of each series.
func (c *Conn) queryPerf(ctx context.Context, refs []moref, ids []types.PerfMetricId, each func(moid string, id types.PerfMetricId, value int64)) error {
	if len(ids) == 0 {
		return nil
	}
	req := types.QueryPerf{This: *c.vc.ServiceContent.PerfManager}
	for _, r := range refs {
		req.QuerySpec = append(req.QuerySpec, types.PerfQuerySpec{
			Entity: r, MaxSample: 1, MetricId: ids, IntervalId: realtime, Format: string(types.PerfFormatNormal),
		})
	}
	return c.read(ctx, "read the counters of", c.end.shown(), func(ctx context.Context) error {
		res, err := methods.QueryPerf(ctx, c.vc, &req)
		if err != nil {
			return err
		}
		for _, m := range res.Returnval {
			metric, ok := m.(*types.PerfEntityMetric)
			if !ok {
				continue
			}
			for _, v := range metric.Value {
				if s, ok := v.(*types.PerfMetricIntSeries); ok && len(s.Value) > 0 {
					each(metric.Entity.Value, s.Id, s.Value[0])
				}
			}
		}
		return nil
	})
}

// Node implements backend.NodeMonitor: the total and, where the server gives it,
// every CPU. vSphere tells how busy a CPU is, not what with.
func (c *Conn) Node(ctx context.Context, host backend.Ref) (*backend.NodeSample, error) {
	samples, err := c.quickStats(ctx, []backend.Ref{host})
	if err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, backend.Refuse(backend.ClassConflict, "sample", c.names.name(host.ID), "the host is gone or not connected")
	}
	s := samples[0]
	node := &backend.NodeSample{
		Ref: host, At: time.Now(), Total: busyShare(-1, s.CPU),
		Mem: backend.MemShare{ID: -1, Total: s.MemTotal, Free: s.MemTotal - s.MemUsed, Buffers: backend.Unknown(), Cached: backend.Unknown()},
	}
	counters, err := c.counters(ctx)
	id, ok := counters[counterCPU]
	if err != nil || !ok {
		return node, nil // no counters: the total is what there is
	}
	ids := []types.PerfMetricId{{CounterId: id, Instance: "*"}}
	if instances := c.cpuInstances(ctx, host, id); len(instances) > 0 {
		ids = instances
	}
	err = c.queryPerf(ctx, []moref{c.moref(host)}, ids, func(_ string, id types.PerfMetricId, value int64) {
		if n, err := strconv.Atoi(id.Instance); err == nil && value >= 0 {
			node.CPUs = append(node.CPUs, busyShare(n, min(float64(value)/100, 100)))
		}
	})
	if backend.ClassOf(err) == backend.ClassUnreachable {
		return nil, err
	}
	return node, nil
}

// busyShare is all that vSphere tells of a CPU.
func busyShare(id int, busy float64) backend.CPUShare {
	return backend.CPUShare{ID: id, User: busy, System: backend.Unknown(), IOWait: backend.Unknown(), Idle: 100 - busy}
}

// cpuInstances are the host's own names of its CPUs.
func (c *Conn) cpuInstances(ctx context.Context, host backend.Ref, counter int32) []types.PerfMetricId {
	var ids []types.PerfMetricId
	_ = c.read(ctx, "read the counters of", c.names.name(host.ID), func(ctx context.Context) error {
		res, err := methods.QueryAvailablePerfMetric(ctx, c.vc, &types.QueryAvailablePerfMetric{
			This: *c.vc.ServiceContent.PerfManager, Entity: c.moref(host), IntervalId: realtime,
		})
		if err != nil {
			return err
		}
		for _, id := range res.Returnval {
			if id.CounterId == counter && id.Instance != "" {
				ids = append(ids, id)
			}
		}
		return nil
	})
	return ids
}
