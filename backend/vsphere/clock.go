package vsphere

import (
	"fmt"
	"sync/atomic"
	"time"

	"hvdeck/backend"
)

// skew is how far the server's clock is ahead of ours, in whole seconds: the way there and
// back makes less of no worth. Times that are shown are by our clock, as ages are made of
// them, and as they stand beside those of other servers. It is safe for concurrent use.
type skew struct{ ahead atomic.Int64 } // nanoseconds

// set takes what the clocks differed by when the server was asked.
func (s *skew) set(ahead time.Duration) { s.ahead.Store(int64(ahead.Round(time.Second))) }

// correct follows a clock that was set while we are connected.
func (s *skew) correct(ahead time.Duration) {
	if off := ahead - s.get(); off.Abs() > 2*time.Second {
		s.set(ahead)
	}
}

func (s *skew) get() time.Duration { return time.Duration(s.ahead.Load()) }

// ours is a moment of the server's by our clock; zero stays zero.
func (c *Conn) ours(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-c.skew.get())
}

// theirs is a moment of ours by the server's clock.
func (c *Conn) theirs(t time.Time) time.Time { return t.Add(c.skew.get()) }

// clockField tells of a clock that is off; none where it is not.
func clockField(ahead time.Duration) []backend.Field {
	word := "ahead of"
	if ahead < 0 {
		word = "behind"
	}
	if ahead = ahead.Abs().Round(time.Second); ahead < 5*time.Second {
		return nil
	}
	return []backend.Field{{Name: "Clock", Value: fmt.Sprintf("%v %s ours; times are shown by ours", ahead, word)}}
}
