package task

import "time"

// rateWindow is the least time that a rate is taken over: shorter ones jump.
const rateWindow = time.Second

// pace is what the rate of a transfer is computed from.
type pace struct {
	at    time.Time
	moved int64
}

// moved notes how far a transfer has come. The rate is of the last second or more,
// smoothed. Needs mu.
func (r *Runner) moved(e *entry, done, total int64) {
	now := r.opts.Now()
	e.Moved, e.Total = max(done, 0), max(total, 0)
	if total > 0 {
		e.Progress = int(min(max(done, 0)*100/total, 100))
	}
	if e.pace.at.IsZero() {
		e.pace = pace{now, done}
		return
	}
	took := now.Sub(e.pace.at)
	if took < rateWindow {
		return
	}
	rate := float64(done-e.pace.moved) / took.Seconds()
	if e.Rate > 0 {
		rate = 0.6*rate + 0.4*e.Rate
	}
	e.Rate, e.pace = max(rate, 0), pace{now, done}
}

// Left is how long a transfer will still take at its rate; 0 when unknown.
func (t Task) Left() time.Duration {
	if t.Rate <= 0 || t.Total <= t.Moved {
		return 0
	}
	return time.Duration(float64(t.Total-t.Moved) / t.Rate * float64(time.Second))
}
