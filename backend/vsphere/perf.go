package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// realtime is the sampling interval of the counters that hosts keep, in seconds.
const realtime = 20

// perfCounters are the counters that we use, by name.
type perfCounters map[string]perfCounter

// perfCounter is the server's number for a counter, and the key of its unit.
type perfCounter struct {
	id   int32
	unit string
}

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
	found, wanted := make(perfCounters), wantedCounters()
	for _, p := range as[types.ArrayOfPerfCounterInfo](got["perfCounter"]).PerfCounterInfo {
		if p.GroupInfo == nil || p.NameInfo == nil || p.UnitInfo == nil {
			continue
		}
		name := p.GroupInfo.GetElementDescription().Key + "." + p.NameInfo.GetElementDescription().Key + "." + string(p.RollupType)
		if wanted[name] {
			found[name] = perfCounter{id: p.Key, unit: p.UnitInfo.GetElementDescription().Key}
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
		if counter, ok := counters[name]; ok {
			ids = append(ids, types.PerfMetricId{CounterId: counter.id})
			into[counter.id] = field
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
