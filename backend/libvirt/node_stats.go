package libvirt

import (
	"context"
	"sync"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// allOfThem stands for all CPUs and for all cells in the calls below.
const allOfThem = -1

// nodeCPU are nanoseconds since the host was started. Source: virNodeGetCPUStats.
type nodeCPU struct{ user, system, idle, iowait float64 }

// nodeMemory keeps what was learnt of a host's counters: how many parameters its
// calls have, and the counters of the sample before.
type nodeMemory struct {
	mu        sync.Mutex
	cpuParams int32
	memParams int32
	total     nodeCPU // of Stats
	totalAt   time.Time
	byCPU     map[int]nodeCPU // of Node; all CPUs under allOfThem
}

// hostSample is the host's load for Stats.
func (c *client) hostSample(ctx context.Context) (backend.Sample, error) {
	s := backend.Sample{Ref: c.node.ref, CPU: backend.Unknown(), MemUsed: backend.Unknown(), MemTotal: backend.Unknown(),
		DiskRead: backend.Unknown(), DiskWrite: backend.Unknown(), NetIn: backend.Unknown(), NetOut: backend.Unknown()}
	now, err := c.nodeCPU(ctx, allOfThem)
	if err != nil && !missing(err) {
		return s, err
	}
	s.At = time.Now()
	if err == nil {
		c.nodeRates.mu.Lock()
		if before := c.nodeRates.total; !c.nodeRates.totalAt.IsZero() {
			s.CPU = share(allOfThem, before, now).Busy()
		}
		c.nodeRates.total, c.nodeRates.totalAt = now, s.At
		c.nodeRates.mu.Unlock()
	}
	mem, err := c.nodeMem(ctx, allOfThem)
	if err != nil && !missing(err) {
		return s, err
	}
	s.MemTotal, s.MemUsed = mem.Total, mem.Used()
	return s, nil
}

// missing reports whether a figure is just not to be had from this server.
func missing(err error) bool {
	switch backend.ClassOf(err) {
	case backend.ClassUnreachable, backend.ClassCancelled:
		return false
	default:
		return true
	}
}

// Node implements backend.NodeMonitor (N1, N2).
func (c *client) Node(ctx context.Context, host backend.Ref) (*backend.NodeSample, error) {
	if host != c.node.ref {
		return nil, backend.Refuse(backend.ClassNotFound, "sample host", "", "this connection has no such host")
	}
	n := &backend.NodeSample{Ref: host, Total: noShare(allOfThem)}
	now, err := c.cpusNow(ctx)
	if err != nil {
		return nil, err
	}
	n.At = time.Now()
	n.Total, n.CPUs = c.nodeRates.shares(now)
	if n.Mem, err = c.nodeMem(ctx, allOfThem); err != nil && !missing(err) {
		return nil, err
	}
	for cell := range c.node.info.cells {
		m, err := c.nodeMem(ctx, int32(cell))
		if err != nil {
			if missing(err) {
				n.Cells = nil
				break
			}
			return nil, err
		}
		n.Cells = append(n.Cells, m)
	}
	return n, nil
}

// cpusNow reads the counters of every CPU that is online, and of all together.
func (c *client) cpusNow(ctx context.Context) (map[int]nodeCPU, error) {
	now := make(map[int]nodeCPU)
	total, err := c.nodeCPU(ctx, allOfThem)
	if err != nil {
		if missing(err) {
			return now, nil
		}
		return nil, err
	}
	now[allOfThem] = total
	online, err := c.cpuMap(ctx)
	if err != nil {
		if missing(err) {
			return now, nil
		}
		return nil, err
	}
	var mu sync.Mutex
	err = each(ctx, online.online, func(ctx context.Context, cpu int) error {
		one, err := c.nodeCPU(ctx, int32(cpu)) //nolint:gosec // a small number
		if err != nil {
			if missing(err) {
				return nil
			}
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		now[cpu] = one
		return nil
	})
	return now, err
}

// nodeCPU reads one CPU's counters. The call tells how many parameters it has only
// when asked for none.
func (c *client) nodeCPU(ctx context.Context, cpu int32) (nodeCPU, error) {
	count, err := c.countParams(ctx, &c.nodeRates.cpuParams, func(lv *libvirt.Libvirt) (int32, error) {
		_, n, err := lv.NodeGetCPUStats(cpu, 0, 0)
		return n, err
	})
	if err != nil {
		return nodeCPU{}, err
	}
	return read(ctx, c, "sample host", c.node.name, func(lv *libvirt.Libvirt) (nodeCPU, error) {
		all, _, err := lv.NodeGetCPUStats(cpu, count, 0)
		var n nodeCPU
		for _, p := range all {
			switch p.Field {
			case "user":
				n.user = float64(p.Value)
			case "kernel":
				n.system = float64(p.Value)
			case "idle":
				n.idle = float64(p.Value)
			case "iowait":
				n.iowait = float64(p.Value)
			}
		}
		return n, err
	})
}

// nodeMem reads a cell's memory, or the host's. Source: virNodeGetMemoryStats, KiB.
func (c *client) nodeMem(ctx context.Context, cell int32) (backend.MemShare, error) {
	unknown := backend.Unknown()
	m := backend.MemShare{ID: int(cell), Total: unknown, Free: unknown, Buffers: unknown, Cached: unknown}
	slot := &c.nodeRates.memParams
	if cell != allOfThem {
		slot = nil // a cell has fewer than the whole
	}
	count, err := c.countParams(ctx, slot, func(lv *libvirt.Libvirt) (int32, error) {
		_, n, err := lv.NodeGetMemoryStats(0, cell, 0)
		return n, err
	})
	if err != nil {
		return m, err
	}
	all, err := read(ctx, c, "sample host", c.node.name, func(lv *libvirt.Libvirt) ([]libvirt.NodeGetMemoryStats, error) {
		all, _, err := lv.NodeGetMemoryStats(count, cell, 0)
		return all, err
	})
	for _, p := range all {
		bytes := 1024 * float64(p.Value)
		switch p.Field {
		case "total":
			m.Total = bytes
		case "free":
			m.Free = bytes
		case "buffers":
			m.Buffers = bytes
		case "cached":
			m.Cached = bytes
		}
	}
	return m, err
}

// countParams asks once how many parameters a call has; a nil slot asks each time.
func (c *client) countParams(ctx context.Context, slot *int32, ask func(*libvirt.Libvirt) (int32, error)) (int32, error) {
	if slot != nil {
		c.nodeRates.mu.Lock()
		known := *slot
		c.nodeRates.mu.Unlock()
		if known > 0 {
			return known, nil
		}
	}
	n, err := read(ctx, c, "sample host", c.node.name, ask)
	if err == nil && slot != nil {
		c.nodeRates.mu.Lock()
		*slot = n
		c.nodeRates.mu.Unlock()
	}
	return n, err
}

// shares turns counters into shares since the call before.
func (m *nodeMemory) shares(now map[int]nodeCPU) (total backend.CPUShare, cpus []backend.CPUShare) {
	m.mu.Lock()
	defer m.mu.Unlock()
	total = noShare(allOfThem)
	for id, n := range now {
		s := noShare(id)
		if before, seen := m.byCPU[id]; seen {
			s = share(id, before, n)
		}
		if id == allOfThem {
			total = s
		} else {
			cpus = append(cpus, s)
		}
	}
	m.byCPU = now
	sortShares(cpus)
	return total, cpus
}

func noShare(id int) backend.CPUShare {
	u := backend.Unknown()
	return backend.CPUShare{ID: id, User: u, System: u, IOWait: u, Idle: u}
}

// share is how the time between two readings was spent, in percent.
func share(id int, before, now nodeCPU) backend.CPUShare {
	user, system := now.user-before.user, now.system-before.system
	idle, iowait := now.idle-before.idle, now.iowait-before.iowait
	total := user + system + idle + iowait
	if total <= 0 || user < 0 || system < 0 || idle < 0 || iowait < 0 {
		return noShare(id)
	}
	return backend.CPUShare{ID: id, User: user / total * 100, System: system / total * 100,
		IOWait: iowait / total * 100, Idle: idle / total * 100}
}
