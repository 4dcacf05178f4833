package slowline

import (
	"bytes"
	"testing"
	"time"
)

// TestLine: bytes arrive whole and in order, no sooner than the line allows.
func TestLine(t *testing.T) {
	t.Parallel()
	l := Line{Bits: 1_000_000, Delay: 50 * time.Millisecond, Over: 76, Room: 64 << 10}
	sent := bytes.Repeat([]byte("0123456789"), 1000)
	var got []byte
	began := time.Now()
	var last time.Time
	l.Carry(bytes.NewReader(sent), func(p []byte, at time.Time) { got, last = append(got, p...), at })
	if !bytes.Equal(got, sent) {
		t.Fatalf("%d of %d bytes arrived, or in another order", len(got), len(sent))
	}
	packets := (len(sent) + packetMost - 1) / packetMost
	least := l.Delay + time.Duration((len(sent)+packets*l.Over)*8)*time.Microsecond
	if took := last.Sub(began); took < least {
		t.Errorf("the last byte arrived after %v; the line needs %v", took, least)
	}
}
