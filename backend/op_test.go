package backend

import (
	"testing"
	"time"
)

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		op   Op
		want time.Duration
	}{
		{ResetOp{}, SpanUsual}, {SecretSetOp{}, SpanUsual}, {SnapshotCreateOp{}, SpanMemory}, {SnapshotDeleteOp{}, SpanMemory},
		{VMMigrateOp{}, SpanDisks}, {PoolBuildOp{}, SpanDisks}, {VolumeDownloadOp{}, SpanDisks}, {VolumeWipeOp{}, SpanDisks},
	} {
		if got := SpanOf(c.op); got != c.want {
			t.Errorf("%s: %v, want %v", c.op.Title(), got, c.want)
		}
	}
}
