package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// realtimeBack is how long hosts keep their own samples.
const realtimeBack = time.Hour

func historyVerbs() []backend.Verb { return []backend.Verb{backend.VerbHistory} }

// learnSpans asks once, when the connection is made, how the server keeps past loads: it
// is a handful of lines. Without an answer there are only the hosts' own samples.
func (c *Conn) learnSpans(ctx context.Context) {
	if c.vc.ServiceContent.PerfManager == nil {
		return
	}
	got, err := c.retrieveOne(ctx, "read the intervals of", *c.vc.ServiceContent.PerfManager, "historicalInterval")
	if err == nil {
		c.spans = spansOf(as[types.ArrayOfPerfInterval](got["historicalInterval"]).PerfInterval)
	}
}

// spansOf are the intervals that are switched on, the shortest first.
func spansOf(intervals []types.PerfInterval) []backend.HistorySpan {
	var spans []backend.HistorySpan
	for _, i := range intervals {
		if i.Enabled && i.SamplingPeriod > 0 && i.Length >= i.SamplingPeriod {
			back := time.Duration(i.Length) * time.Second
			spans = append(spans, backend.HistorySpan{Name: spanName(back), Step: time.Duration(i.SamplingPeriod) * time.Second, Back: back})
		}
	}
	slices.SortFunc(spans, func(a, b backend.HistorySpan) int { return cmp.Compare(a.Step, b.Step) })
	return spans
}

func spanName(back time.Duration) string {
	const day = 24 * time.Hour
	switch back {
	case day:
		return "last day"
	case 7 * day:
		return "last week"
	case 30 * day:
		return "last month"
	case 365 * day:
		return "last year"
	default:
		if back%day == 0 {
			return fmt.Sprintf("last %d days", back/day)
		}
		return fmt.Sprintf("last %d hours", back/time.Hour)
	}
}

// Spans implements backend.Historian. Only hosts keep samples of their own, and those are
// of themselves and their VMs.
func (c *Conn) Spans(r backend.Ref) []backend.HistorySpan {
	if c.vc.ServiceContent.PerfManager == nil {
		return nil
	}
	own := backend.HistorySpan{Name: "last hour", Step: realtime * time.Second, Back: realtimeBack}
	switch r.Kind {
	case backend.KindVM, backend.KindHost:
		return append([]backend.HistorySpan{own}, c.spans...)
	case backend.KindCluster, backend.KindResourcePool, backend.KindPool:
		if c.vc.IsVC() {
			return slices.Clone(c.spans)
		}
		return nil
	default:
		return nil
	}
}

// History implements backend.Historian. Figures that the server does not keep, at its
// level of statistics or for this object, are absent.
func (c *Conn) History(ctx context.Context, r backend.Ref, span backend.HistorySpan) (*backend.History, error) {
	const doing = "read the history of"
	name := c.names.name(r.ID)
	if !slices.Contains(c.Spans(r), span) {
		return nil, backend.Refuse(backend.ClassUnsupported, doing, name, "the server does not keep %q of it", span.Name)
	}
	h := &backend.History{Ref: r, At: time.Now(), Span: span}
	wanted, err := c.metrics(ctx, r, span)
	if err != nil || len(wanted) == 0 {
		return h, err
	}
	metric, err := c.pastPerf(ctx, r, span, wanted)
	if err != nil || metric == nil {
		return h, err
	}
	g, ok := newGrid(metric.SampleInfo, span)
	if !ok {
		return h, nil
	}
	for _, m := range wanted {
		for _, v := range metric.Value {
			s, ok := v.(*types.PerfMetricIntSeries)
			if !ok || s.Id.CounterId != m.counter.id || s.Id.Instance != "" {
				continue
			}
			factor, unit := scale(m.key, m.counter.unit, span.Step)
			h.Series = append(h.Series, backend.Series{Name: m.name, Unit: unit, Begin: c.ours(g.begin), Values: g.values(s.Value, factor)})
			break
		}
	}
	return h, nil
}

// metric is a figure and the counter that it is read from.
type metric struct {
	name, key string
	counter   perfCounter
}

// metrics are the figures that the server has of this object. Source:
// PerformanceManager.QueryAvailablePerfMetric.
func (c *Conn) metrics(ctx context.Context, r backend.Ref, span backend.HistorySpan) ([]metric, error) {
	counters, err := c.counters(ctx)
	if err != nil {
		return nil, err
	}
	has := make(map[int32]bool)
	err = c.read(ctx, "read the history of", c.names.name(r.ID), func(ctx context.Context) error {
		res, err := methods.QueryAvailablePerfMetric(ctx, c.vc, &types.QueryAvailablePerfMetric{
			This: *c.vc.ServiceContent.PerfManager, Entity: c.moref(r), IntervalId: seconds(span.Step),
		})
		if err != nil {
			return err
		}
		for _, id := range res.Returnval {
			if id.Instance == "" {
				has[id.CounterId] = true
			}
		}
		return nil
	})
	var found []metric
	for _, f := range figures() {
		for _, key := range f.counters {
			if counter, ok := counters[key]; ok && has[counter.id] {
				found = append(found, metric{name: f.name, key: key, counter: counter})
				break
			}
		}
	}
	return found, err
}

// pastPerf makes the one query; nil when the server has nothing.
func (c *Conn) pastPerf(ctx context.Context, r backend.Ref, span backend.HistorySpan, wanted []metric) (*types.PerfEntityMetric, error) {
	from := c.theirs(time.Now()).Add(-span.Back)
	spec := types.PerfQuerySpec{
		Entity: c.moref(r), StartTime: &from, MaxSample: seconds(span.Back / (span.Step / time.Second)),
		IntervalId: seconds(span.Step), Format: string(types.PerfFormatNormal),
	}
	for _, m := range wanted {
		spec.MetricId = append(spec.MetricId, types.PerfMetricId{CounterId: m.counter.id})
	}
	var found *types.PerfEntityMetric
	err := c.readWithin(ctx, pageTimeout, "read the history of", c.names.name(r.ID), func(ctx context.Context) error {
		res, err := methods.QueryPerf(ctx, c.vc, &types.QueryPerf{This: *c.vc.ServiceContent.PerfManager, QuerySpec: []types.PerfQuerySpec{spec}})
		if err != nil {
			return err
		}
		for _, m := range res.Returnval {
			if m, ok := m.(*types.PerfEntityMetric); ok && m.Entity.Value == r.ID {
				found = m
			}
		}
		return nil
	})
	return found, err
}
