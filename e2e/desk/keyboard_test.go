package desk

import (
	"testing"
	"time"

	"hvdeck/ui/uitest"
)

// times is n keys of which the last took something else.
func times(n int, each, last time.Duration) uitest.Latency {
	var l uitest.Latency
	for range n - 1 {
		l.Own = append(l.Own, each)
	}
	l.Own = append(l.Own, last)
	l.Times = l.Own
	return l
}

func TestWhatIsSluggish(t *testing.T) {
	const ms = time.Millisecond
	calm := times(60, 15*ms, 20*ms)
	lost := times(60, 15*ms, 15*ms)
	lost.Missed = 1
	for what, c := range map[string]struct {
		calm, meanwhile uitest.Latency
		sluggish        bool
	}{
		"as ever":                      {calm, times(60, 15*ms, 25*ms), false},
		"one key of many is late":      {calm, times(60, 15*ms, 250*ms), false},
		"a freeze of a second":         {calm, times(1000, 15*ms, time.Second), true},
		"a freeze of half of it":       {times(60, 30*ms, 70*ms), times(1000, 15*ms, 555*ms), true},
		"all keys are late":            {calm, times(60, 100*ms, 100*ms), true},
		"all are late in the calm too": {times(60, 90*ms, 90*ms), times(60, 100*ms, 100*ms), false},
		"a key is lost":                {calm, lost, true},
		"hardly a key":                 {calm, times(2, 15*ms, 15*ms), true},
	} {
		if why := sluggish(c.calm, c.meanwhile, true); (why != "") != c.sluggish {
			t.Errorf("%s: %q", what, why)
		}
	}
	slow := func(n int) uitest.Latency { // n of 300 keys
		l := times(300, 9*ms, 9*ms)
		for i := range n {
			l.Own[i] = 21 * ms
		}
		return l
	}
	for n, late := range map[int]bool{1: false, 4: false, 5: true, 30: true} {
		if why := sluggish(times(60, 9*ms, 12*ms), slow(n), false); (why != "") != late {
			t.Errorf("%d of 300 keys take more than 20 ms without the race detector: %q", n, why)
		}
	}
}
