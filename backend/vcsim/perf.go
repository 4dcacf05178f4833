package vcsim

import (
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// counters stands in for the performance manager: the simulator's gives noise, at moments
// of its own, in the wrong order, also of VMs that are off. Here a figure is the same
// whoever asks for it, whenever.
type counters struct {
	Self types.ManagedObjectReference
	own  *simulator.PerformanceManager
}

// Reference implements mo.Reference.
func (c *counters) Reference() types.ManagedObjectReference { return c.Self }

func (s *Server) perfReceiver(call *simulator.Method) mo.Reference {
	if call.Name != "QueryPerf" && call.Name != "QueryAvailablePerfMetric" {
		return nil
	}
	own, ok := s.model.Map().Get(call.This).(*simulator.PerformanceManager)
	if !ok {
		return nil
	}
	return &counters{Self: own.Self, own: own}
}

// QueryPerf implements the method of the PerformanceManager: samples at multiples of the
// interval, the oldest first. The format CSV is left to the simulator.
func (c *counters) QueryPerf(ctx *simulator.Context, req *types.QueryPerf) soap.HasFault {
	res := &types.QueryPerfResponse{}
	for _, spec := range req.QuerySpec {
		if spec.Format == string(types.PerfFormatCsv) {
			return c.own.QueryPerf(ctx, req)
		}
		if ctx.Map.Get(spec.Entity) == nil {
			return &methods.QueryPerfBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: spec.Entity})}
		}
		res.Returnval = append(res.Returnval, c.entity(ctx, spec))
	}
	return &methods.QueryPerfBody{Res: res}
}

// QueryAvailablePerfMetric implements the method of the PerformanceManager; an object that
// is gone ends the simulator's own.
func (c *counters) QueryAvailablePerfMetric(ctx *simulator.Context, req *types.QueryAvailablePerfMetric) soap.HasFault {
	if ctx.Map.Get(req.Entity) == nil {
		return &methods.QueryAvailablePerfMetricBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Entity})}
	}
	return c.own.QueryAvailablePerfMetric(ctx, req)
}

// entity answers one query.
func (c *counters) entity(ctx *simulator.Context, spec types.PerfQuerySpec) *types.PerfEntityMetric {
	m := &types.PerfEntityMetric{PerfEntityMetricBase: types.PerfEntityMetricBase{Entity: spec.Entity}}
	if vm, ok := ctx.Map.Get(spec.Entity).(*simulator.VirtualMachine); ok && spec.IntervalId == 20 {
		off := false
		ctx.WithLock(vm, func() { off = vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn })
		if off {
			return m // its host keeps nothing of it
		}
	}
	for _, at := range moments(spec) {
		m.SampleInfo = append(m.SampleInfo, types.PerfSampleInfo{Timestamp: at, Interval: max(spec.IntervalId, 20)})
	}
	for _, id := range c.instances(ctx, spec) {
		series := &types.PerfMetricIntSeries{PerfMetricSeries: types.PerfMetricSeries{Id: id}}
		for _, s := range m.SampleInfo {
			series.Value = append(series.Value, c.value(spec.Entity, id, s))
		}
		m.Value = append(m.Value, series)
	}
	return m
}

// moments are the ends of the intervals asked for, the newest at most.
func moments(spec types.PerfQuerySpec) []time.Time {
	step := time.Duration(max(spec.IntervalId, 20)) * time.Second
	end := time.Now()
	if spec.EndTime != nil && spec.EndTime.Before(end) {
		end = *spec.EndTime
	}
	begin := end.Add(-time.Hour)
	if spec.StartTime != nil {
		begin = *spec.StartTime
	}
	most := 10_000
	if spec.MaxSample > 0 {
		most = int(spec.MaxSample)
	}
	var all []time.Time
	for at := end.UTC().Truncate(step); at.After(begin) && len(all) < most; at = at.Add(-step) {
		all = append(all, at)
	}
	slices.Reverse(all)
	return all
}

// instances are the series asked for; * stands for all of a counter.
func (c *counters) instances(ctx *simulator.Context, spec types.PerfQuerySpec) []types.PerfMetricId {
	var all []types.PerfMetricId
	for _, id := range spec.MetricId {
		if id.Instance != "*" {
			all = append(all, id)
			continue
		}
		res := c.own.QueryAvailablePerfMetric(ctx, &types.QueryAvailablePerfMetric{Entity: spec.Entity, IntervalId: spec.IntervalId})
		for _, has := range res.(*methods.QueryAvailablePerfMetricBody).Res.Returnval {
			if has.CounterId == id.CounterId {
				all = append(all, has)
			}
		}
	}
	return all
}

// value wanders through the hour, the day and the week, around a level of the object's
// own.
func (c *counters) value(of types.ManagedObjectReference, id types.PerfMetricId, s types.PerfSampleInfo) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(of.Value + strconv.Itoa(int(id.CounterId)) + id.Instance))
	phase := float64(h.Sum32()%1000) / 1000
	level := 0.15 + 0.5*phase
	t := float64(s.Timestamp.Unix())
	wave := func(period float64) float64 { return math.Sin(2 * math.Pi * (t/period + phase)) }
	share := level * (1 + 0.3*wave(24*3600) + 0.15*wave(7*24*3600) + 0.2*wave(3100) + 0.1*wave(410))
	share = math.Min(math.Max(share, 0), 1)
	for _, p := range c.own.PerfCounter {
		if p.Key == id.CounterId {
			return int64(share * most(p, s.Interval))
		}
	}
	return 0
}

// most is the value of a counter of an object that is fully used.
func most(p types.PerfCounterInfo, interval int32) float64 {
	switch p.UnitInfo.GetElementDescription().Key {
	case "percent":
		return 10_000
	case "kiloBytes":
		return 8 << 20
	case "kiloBytesPerSecond":
		return 120 << 10
	case "megaHertz":
		return 4800
	case "millisecond":
		if p.RollupType == types.PerfSummaryTypeSummation {
			return float64(interval) * 1000 / 20
		}
		return 40
	default:
		return 100
	}
}
