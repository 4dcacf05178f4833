package backendtest

import (
	"context"
	"math"
	"time"

	"hvdeck/backend"
)

func sampleCases() []testCase {
	return []testCase{
		{name: "stats/all", run: statsAll},
		{name: "stats/refs", run: statsRefs},
		{name: "stats/unknown", run: statsUnknown},
		{name: "node/sample", run: nodeSample},
		{name: "node/unknown", run: nodeUnknown},
	}
}

func (r *run) stats(refs ...backend.Ref) map[backend.Ref]backend.Sample {
	ctx, cancel := r.ctx()
	defer cancel()
	all, err := r.b.Stats(ctx, refs)
	if err != nil {
		r.fatalf("sample: %v", err)
	}
	byRef := map[backend.Ref]backend.Sample{}
	for _, s := range all {
		if _, twice := byRef[s.Ref]; twice {
			r.errorf("two samples of %v", s.Ref)
		}
		byRef[s.Ref] = s
		r.checkSample(s)
	}
	return byRef
}

func (r *run) checkSample(s backend.Sample) {
	if s.At.IsZero() {
		r.errorf("the sample of %v does not say of when it is", s.Ref)
	}
	for name, v := range map[string]float64{
		"CPU": s.CPU, "MemUsed": s.MemUsed, "MemTotal": s.MemTotal,
		"DiskRead": s.DiskRead, "DiskWrite": s.DiskWrite, "NetIn": s.NetIn, "NetOut": s.NetOut,
	} {
		if backend.Known(v) && (v < 0 || math.IsInf(v, 0)) {
			r.errorf("%s of %v is %v", name, s.Ref, v)
		}
	}
	if s.CPU > 100 {
		r.errorf("CPU of %v is %v, want a share of its own CPUs", s.Ref, s.CPU)
	}
}

// statsAll samples until the running VM and a host are there: some servers gather
// figures every 20 s only.
func statsAll(r *run) {
	on, off := r.ensureOn(r.Running), r.ensureOff(r.Off)
	host := r.list(backend.Query{Kind: backend.KindHost})[0].Ref()
	r.await("the running VM and its host have a sample", func() bool {
		all := r.stats()
		if _, ok := all[off]; ok {
			r.fatalf("a VM that is off has a sample")
		}
		_, vmOK := all[on]
		_, hostOK := all[host]
		return vmOK && hostOK
	})
}

func statsRefs(r *run) {
	on := r.ensureOn(r.Running)
	for ref := range r.stats(on) {
		if ref != on {
			r.errorf("asked for one VM, got a sample of %v", ref)
		}
	}
}

func statsUnknown(r *run) {
	if all := r.stats(r.unknown(backend.KindVM)); len(all) != 0 {
		r.errorf("%d samples of a VM that does not exist", len(all))
	}
}

func (r *run) monitor() backend.NodeMonitor {
	m, ok := backend.As[backend.NodeMonitor](r.b)
	if !ok {
		r.fatalf("the driver has no NodeMonitor")
	}
	return m
}

func nodeSample(r *run) {
	m := r.monitor()
	host := r.list(backend.Query{Kind: backend.KindHost})[0].Ref()
	r.await("the shares of the node are known", func() bool {
		ctx, cancel := r.ctx()
		defer cancel()
		n, err := m.Node(ctx, host)
		if err != nil {
			r.fatalf("sample node: %v", err)
		}
		r.checkNode(n, host)
		return backend.Known(n.Total.Busy())
	})
}

func (r *run) checkNode(n *backend.NodeSample, host backend.Ref) {
	if n.Ref != host || n.At.IsZero() {
		r.errorf("node sample of %v at %s", n.Ref, n.At.Format(time.RFC3339))
	}
	for _, c := range append([]backend.CPUShare{n.Total}, n.CPUs...) {
		sum := c.User + c.System + c.IOWait + c.Idle
		if backend.Known(sum) && math.Abs(sum-100) > 0.5 {
			r.errorf("the shares of CPU %d add up to %v", c.ID, sum)
		}
	}
	for _, m := range append([]backend.MemShare{n.Mem}, n.Cells...) {
		if backend.Known(m.Total) && m.Total <= 0 || m.Free > m.Total {
			r.errorf("memory of cell %d: %v free of %v", m.ID, m.Free, m.Total)
		}
	}
}

func nodeUnknown(r *run) {
	m := r.monitor()
	ctx, cancel := context.WithTimeout(context.Background(), r.Patience)
	defer cancel()
	_, err := m.Node(ctx, r.unknown(backend.KindHost))
	r.class("sample an unknown host", err, backend.ClassNotFound)
}
