package vsphere

import (
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// GridValues lays out the values of one counter; for the tests.
func GridValues(info []types.PerfSampleInfo, raw []int64, span backend.HistorySpan) (time.Time, []float64) {
	g, ok := newGrid(info, span)
	if !ok {
		return time.Time{}, nil
	}
	return g.begin, g.values(raw, 1)
}
