package vsphere

import (
	"math"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// figure is one line of a history: the first of its counters that the server has for
// the object.
type figure struct {
	name     string
	counters []string
}

// figures are what a history shows, of every kind of object; the server says which of
// them it has.
func figures() []figure {
	return []figure{
		{"CPU", []string{counterCPU, "cpu.usagemhz.average"}},
		{"CPU ready", []string{"cpu.ready.summation"}},
		{"Memory", []string{"mem.usage.average"}},
		{"Memory consumed", []string{"mem.consumed.average"}},
		{"Memory active", []string{"mem.active.average"}},
		{"Disk read", []string{counterRead, "virtualDisk.read.average", "datastore.read.average"}},
		{"Disk write", []string{counterWrite, "virtualDisk.write.average", "datastore.write.average"}},
		{"Disk latency", []string{"disk.maxTotalLatency.latest", "datastore.maxTotalLatency.latest"}},
		{"Read latency", []string{"datastore.totalReadLatency.average"}},
		{"Write latency", []string{"datastore.totalWriteLatency.average"}},
		{"Network in", []string{counterReceived}},
		{"Network out", []string{counterSent}},
		{"Used", []string{"disk.used.latest"}},
		{"Capacity", []string{"disk.capacity.latest"}},
	}
}

func wantedCounters() map[string]bool {
	wanted := map[string]bool{}
	for _, f := range figures() {
		for _, name := range f.counters {
			wanted[name] = true
		}
	}
	return wanted
}

// scale is what a value of a counter is multiplied by, and the unit that it has then. A
// time summed up over a step is given as a share of the step; with several CPUs it may
// exceed 100 %. Source: PerformanceManager.Unit.
func scale(name, unit string, step time.Duration) (float64, string) {
	switch unit {
	case "percent":
		return 0.01, "%"
	case "kiloBytes":
		return 1 << 10, "B"
	case "megaBytes":
		return 1 << 20, "B"
	case "kiloBytesPerSecond":
		return 1 << 10, "B/s"
	case "megaHertz":
		return 1, "MHz"
	case "microsecond":
		return 0.001, "ms"
	case "millisecond":
		if name == "cpu.ready.summation" {
			return 100 / float64(step.Milliseconds()), "%"
		}
		return 1, "ms"
	default:
		return 1, ""
	}
}

// grid is where the samples of an answer belong: count steps, of which the last ends with
// the newest sample. Servers give them in any order, and leave out those they lack.
type grid struct {
	begin time.Time
	step  time.Duration
	count int
	slots []int // of each sample; -1: before the first step
}

// newGrid lays out the samples; false when there are none.
func newGrid(samples []types.PerfSampleInfo, span backend.HistorySpan) (grid, bool) {
	var newest time.Time
	for _, s := range samples {
		if s.Timestamp.After(newest) {
			newest = s.Timestamp
		}
	}
	if newest.IsZero() || span.Step <= 0 {
		return grid{}, false
	}
	g := grid{step: span.Step, count: int(span.Back / span.Step)}
	g.begin = newest.Add(-time.Duration(g.count) * g.step)
	for _, s := range samples {
		back := int(math.Round(float64(newest.Sub(s.Timestamp)) / float64(g.step)))
		g.slots = append(g.slots, max(g.count-1-back, -1))
	}
	return g, true
}

// values puts a counter's values in their places. What the server has not it says by a
// negative number.
func (g grid) values(raw []int64, factor float64) []float64 {
	out := make([]float64, g.count)
	for i := range out {
		out[i] = backend.Unknown()
	}
	for i, v := range raw {
		if i < len(g.slots) && g.slots[i] >= 0 && v >= 0 {
			out[g.slots[i]] = float64(v) * factor
		}
	}
	return out
}
