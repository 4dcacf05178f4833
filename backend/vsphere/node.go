package vsphere

import (
	"context"
	"strconv"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// Node implements backend.NodeMonitor: the total and, where the server gives it,
// every CPU. vSphere tells how busy a CPU is, not what with.
func (c *Conn) Node(ctx context.Context, host backend.Ref) (*backend.NodeSample, error) {
	got, err := c.retrieveOne(ctx, "sample", c.moref(host), statSets("HostSystem")[0].PathSet...)
	if err != nil {
		return nil, err
	}
	var s backend.Sample
	if !hostSample(&s, got) {
		return nil, backend.Refuse(backend.ClassConflict, "sample", c.names.name(host.ID), "vCenter has no connection to the host")
	}
	node := &backend.NodeSample{
		Ref: host, At: time.Now(), Total: busyShare(-1, s.CPU),
		Mem: backend.MemShare{ID: -1, Total: s.MemTotal, Free: s.MemTotal - s.MemUsed, Buffers: backend.Unknown(), Cached: backend.Unknown()},
	}
	counters, err := c.counters(ctx)
	if backend.ClassOf(err) == backend.ClassUnreachable {
		return nil, err
	}
	counter, ok := counters[counterCPU]
	if !ok {
		return node, nil // the total is what there is
	}
	ids := []types.PerfMetricId{{CounterId: counter.id, Instance: "*"}}
	if instances := c.cpuInstances(ctx, host, counter.id); len(instances) > 0 {
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
