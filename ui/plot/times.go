package plot

import (
	"time"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

const day = 24 * time.Hour

// tickSteps are the distances between times on the axis that people read easily.
func tickSteps() []time.Duration {
	return []time.Duration{
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day,
	}
}

// timeLine names round times below the drawing.
func (p Plot) timeLine(th *theme.Theme, w, axis int) string {
	const apart = 10 // cells from one time to the next, at least
	cols := w - axis
	whole := p.Step * time.Duration(len(p.Values))
	step := day * 28
	for _, s := range tickSteps() {
		if int64(s)*int64(cols) >= int64(whole)*apart {
			step = s
			break
		}
	}
	b := line.New(th, theme.Plain, w)
	b.Gap(axis)
	for at := p.firstTick(step); at.Before(p.Begin.Add(whole)); at = nextTick(at, step) {
		col := int(int64(at.Sub(p.Begin)) * int64(cols) / int64(whole))
		text := th.Glyphs.Box.Vertical + tickText(at, step)
		if free := axis + col - b.Used(); free >= 0 && b.Left()-free >= line.Width(text) {
			b.Gap(free).Add(theme.Muted, text)
		}
	}
	return b.String()
}

// firstTick is the first round time at or after the begin, by the clock on the wall.
func (p Plot) firstTick(step time.Duration) time.Time {
	zone := p.Zone
	if zone == nil {
		zone = time.Local
	}
	begin := p.Begin.In(zone)
	midnight := time.Date(begin.Year(), begin.Month(), begin.Day(), 0, 0, 0, 0, zone)
	at := midnight
	for at.Before(begin) {
		at = nextTick(at, step)
	}
	return at
}

// nextTick goes on by days of the calendar, which have 23 or 25 hours at times.
func nextTick(at time.Time, step time.Duration) time.Time {
	if step >= day {
		return at.AddDate(0, 0, int(step/day))
	}
	return at.Add(step)
}

func tickText(at time.Time, step time.Duration) string {
	if step >= day {
		return at.Format("01-02")
	}
	if at.Hour() == 0 && at.Minute() == 0 && step >= 2*time.Hour {
		return at.Format("01-02")
	}
	return at.Format("15:04")
}
