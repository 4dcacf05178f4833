package mem

import (
	"math"
	"time"

	"hvdeck/backend"
)

// load gives figures that move with time alone.
type load struct {
	base          float64 // mean share, 0 to 1
	phase, period float64 // of its slow wave: 0 to 1, seconds
}

func (h *Hypervisor) newLoad(base float64) load {
	return load{base, h.rng.Float64(), 60 + 240*h.rng.Float64()}
}

// share is between 0.01 and 1: a slow wave, a quicker one and bursts.
func (l load) share(at time.Time, stretch float64) float64 {
	t := float64(at.UnixMilli()) / 1000 * stretch
	slow := math.Sin(2 * math.Pi * (t/l.period + l.phase))
	quick := math.Sin(2 * math.Pi * (t/7.3 + 3*l.phase))
	burst := math.Pow(math.Max(0, math.Sin(2*math.Pi*(t/41+l.phase))), 12)
	v := l.base * (1 + 0.45*slow + 0.2*quick + 0.9*burst)
	return math.Min(1, math.Max(0.01, v))
}

// sampleVM is what a running VM does now; the caller holds mu.
func (m *machine) sample(at time.Time) backend.Sample {
	s := backend.Sample{Ref: m.ID, At: at, MemTotal: float64(m.Memory)}
	s.MemUsed = float64(m.Memory) * math.Min(0.97, 0.35+0.5*m.load.share(at, 0.1))
	if m.State == backend.PowerPaused || m.State == backend.PowerSuspended {
		return s
	}
	s.CPU = 100 * m.load.share(at, 1)
	if m.State == backend.PowerIdle {
		s.CPU = math.Min(s.CPU, 2)
	}
	disk, net := m.load.share(at, 0.7), m.load.share(at, 1.3)
	s.DiskRead, s.DiskWrite = 24e6*disk*disk, 9e6*disk
	s.NetIn, s.NetOut = 11e6*net*net, 4e6*net
	return s
}

func (h *host) sample(at time.Time, vms []*machine) backend.Sample {
	s := backend.Sample{Ref: h.ID, At: at, MemTotal: float64(h.Memory)}
	var used, rd, wr, in, out float64
	for _, m := range vms {
		if m.host != h || !alive(m.State) {
			continue
		}
		one := m.sample(at)
		used += one.MemUsed
		rd, wr, in, out = rd+one.DiskRead, wr+one.DiskWrite, in+one.NetIn, out+one.NetOut
	}
	s.CPU = 100 * h.load.share(at, 1)
	s.MemUsed = math.Min(0.96*s.MemTotal, 3*float64(gib)+used)
	s.DiskRead, s.DiskWrite, s.NetIn, s.NetOut = rd, wr, in, out
	return s
}

// node splits a host's load by CPU and cell.
func (h *host) node(at time.Time, cells int, vms []*machine) *backend.NodeSample {
	n := &backend.NodeSample{Ref: h.ID, At: at}
	total := backend.CPUShare{ID: -1}
	for i := range h.CPUs {
		one := h.load
		one.phase += float64(i) * 0.137
		one.base *= 0.5 + 0.1*float64((i*7)%11)
		cpu := cpuShare(i, one.share(at, 1+float64(i%3)/10))
		total.User += cpu.User / float64(h.CPUs)
		total.System += cpu.System / float64(h.CPUs)
		total.IOWait += cpu.IOWait / float64(h.CPUs)
		n.CPUs = append(n.CPUs, cpu)
	}
	total.Idle = 100 - total.User - total.System - total.IOWait
	n.Total = total
	used := h.sample(at, vms).MemUsed
	n.Mem = memShare(-1, float64(h.Memory), used)
	for i := range cells {
		lean := 1 + 0.2*math.Sin(float64(i)+float64(at.Unix())/90)
		part := float64(h.Memory) / float64(cells)
		n.Cells = append(n.Cells, memShare(i, part, math.Min(0.97*part, lean*used/float64(cells))))
	}
	return n
}

func cpuShare(id int, busy float64) backend.CPUShare {
	c := backend.CPUShare{ID: id, User: 68 * busy, System: 24 * busy, IOWait: 8 * busy}
	c.Idle = 100 - c.User - c.System - c.IOWait
	return c
}

func memShare(id int, total, used float64) backend.MemShare {
	rest := total - used
	return backend.MemShare{ID: id, Total: total, Free: 0.55 * rest, Buffers: 0.05 * rest, Cached: 0.4 * rest}
}
