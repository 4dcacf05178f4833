package vsphere

import (
	"context"
	"fmt"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// rateLimit is how many objects disk and network rates are fetched for: those
// cost a query of the performance manager each.
const rateLimit = 60

// statSets are the figures that the server keeps at hand.
func statSets(kinds ...string) []types.PropertySpec {
	var sets []types.PropertySpec
	for _, k := range kinds {
		paths := []string{"summary.quickStats", "runtime.powerState", "runtime.maxCpuUsage", "summary.config.memorySizeMB"}
		if k == "HostSystem" {
			paths = []string{"summary.quickStats", "runtime.connectionState", "summary.hardware"}
		}
		sets = append(sets, types.PropertySpec{Type: k, PathSet: paths})
	}
	return sets
}

// Stats implements backend.Backend.
func (c *Conn) Stats(ctx context.Context, refs []backend.Ref) ([]backend.Sample, error) {
	ctx = promptly(ctx)
	samples, err := c.quickStats(ctx, refs)
	if err != nil || len(refs) == 0 || len(samples) == 0 || len(samples) > rateLimit {
		return samples, err
	}
	if err := c.addRates(ctx, samples); err != nil && backend.ClassOf(err) == backend.ClassUnreachable {
		return nil, err
	}
	return samples, nil
}

func (c *Conn) quickStats(ctx context.Context, refs []backend.Ref) ([]backend.Sample, error) {
	var samples []backend.Sample
	kinds := []string{"VirtualMachine", "HostSystem"}
	want := make(map[string]bool, len(refs))
	page := func(list []types.ObjectContent) {
		for _, o := range list {
			if len(want) > 0 && !want[o.Obj.Value] {
				continue
			}
			if s, ok := c.sample(o); ok {
				samples = append(samples, s)
			}
		}
	}
	list := make([]moref, 0, len(refs))
	for _, r := range refs {
		if r.Kind == backend.KindVM || r.Kind == backend.KindHost {
			list, want[r.ID] = append(list, c.moref(r)), true
		}
	}
	if len(refs) > 0 {
		if len(list) == 0 {
			return nil, nil
		}
		err := c.readWithin(ctx, pageTimeout, "sample", fmt.Sprintf("%d objects", len(list)), func(ctx context.Context) error {
			samples = samples[:0]
			return c.retrieve(ctx, refSpec(list, statSets(kinds...)), page)
		})
		if backend.ClassOf(err) != backend.ClassNotFound {
			return samples, err
		}
	}
	err := c.readWithin(ctx, pageTimeout, "sample", c.end.shown(), func(ctx context.Context) error {
		samples = samples[:0]
		view, err := c.createView(ctx, kinds)
		if err != nil {
			return err
		}
		defer c.destroyView(view)
		return c.retrieve(ctx, viewSpec(view, statSets(kinds...)), page)
	})
	return samples, err
}

// sample reads one object's figures; false when it does not run.
func (c *Conn) sample(o types.ObjectContent) (backend.Sample, bool) {
	got := make(props, len(o.PropSet))
	for _, p := range o.PropSet {
		got[p.Name] = p.Val
	}
	s := backend.Sample{
		Ref: c.ref(kindOf(o.Obj.Type), o.Obj.Value), At: time.Now(),
		CPU: backend.Unknown(), MemUsed: backend.Unknown(), MemTotal: backend.Unknown(),
		DiskRead: backend.Unknown(), DiskWrite: backend.Unknown(), NetIn: backend.Unknown(), NetOut: backend.Unknown(),
	}
	if o.Obj.Type == "HostSystem" {
		return s, hostSample(&s, got)
	}
	return s, vmSample(&s, got)
}

func hostSample(s *backend.Sample, got props) bool {
	if as[types.HostSystemConnectionState](got["runtime.connectionState"]) != types.HostSystemConnectionStateConnected {
		return false
	}
	q := as[types.HostListSummaryQuickStats](got["summary.quickStats"])
	hw := as[types.HostHardwareSummary](got["summary.hardware"])
	s.CPU = share(q.OverallCpuUsage, int64(hw.NumCpuCores)*int64(hw.CpuMhz))
	s.MemUsed = amountOf(int64(q.OverallMemoryUsage)) * (1 << 20)
	s.MemTotal = amountOf(hw.MemorySize)
	return true
}

func vmSample(s *backend.Sample, got props) bool {
	if as[types.VirtualMachinePowerState](got["runtime.powerState"]) != types.VirtualMachinePowerStatePoweredOn {
		return false
	}
	q := as[types.VirtualMachineQuickStats](got["summary.quickStats"])
	if most := as[int32](got["runtime.maxCpuUsage"]); most > 0 {
		s.CPU = share(q.OverallCpuUsage, int64(most))
	}
	s.MemUsed = amountOf(int64(q.HostMemoryUsage)) * (1 << 20)
	s.MemTotal = amountOf(int64(as[int32](got["summary.config.memorySizeMB"]))) * (1 << 20)
	return true
}

// amountOf is what a server counts; unknown where it says less than nothing.
func amountOf(n int64) float64 {
	if n < 0 {
		return backend.Unknown()
	}
	return float64(n)
}

// share is MHz in percent of what there is, 0 to 100; hyper-threading and turbo
// may take it a little over.
func share(mhz int32, of int64) float64 {
	if of <= 0 || mhz < 0 {
		return backend.Unknown()
	}
	return min(100*float64(mhz)/float64(of), 100)
}
