// Package plot draws a figure over time as a line, with its scale at the left, the times
// below and the least, the mean and the greatest value above. It promises exactly the
// cells asked for, that a value nobody measured (NaN) stays a gap and is never drawn as
// zero, and that a peak is seen also where there are more values than room: each column
// reaches from the least to the greatest value that falls into it.
package plot

import (
	"math"
	"time"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Plot is a figure over time.
type Plot struct {
	Name string
	// Values are the oldest first; NaN where there is none.
	Values []float64
	// Begin is when the first value begins, and Step how long each of them lasts. A zero
	// Begin: the times are not known, and there is no line for them.
	Begin time.Time
	Step  time.Duration
	Zone  *time.Location // of the times; nil: local time
	// Format writes a value with its unit.
	Format func(float64) string
	Binary bool    // the scale counts in steps of 1024
	Most   float64 // values are not greater, as those of a percentage; 0: they may be
	Mark   int     // index of the value to point at; below 0: none
	Labels int     // cells that the labels of the scale take at least, so that plots below each other line up
}

// LabelWidth is how many cells the labels of the scale need.
func (p Plot) LabelWidth() int {
	top := p.top()
	return max(line.Width(p.Format(top)), line.Width(p.Format(top/2)), line.Width(p.Format(0)))
}

// minArea is the least height of the drawing; below it there are words only.
const minArea = 2

// Draw gives h lines of w cells.
func (p Plot) Draw(th *theme.Theme, w, h int) []string {
	out := make([]string, 0, max(h, 0))
	if h > 0 {
		out = append(out, p.head(th, w))
	}
	times := 0
	if !p.Begin.IsZero() && p.Step > 0 && len(p.Values) > 0 {
		times = 1
	}
	rows := h - 1 - times
	if rows >= minArea && w > 0 {
		axis, labels := p.axis(rows, w)
		out = append(out, p.area(th, w, rows, axis, labels)...)
		if times > 0 {
			out = append(out, p.timeLine(th, w, axis))
		}
	}
	for len(out) < h {
		out = append(out, theme.Blank(w))
	}
	return out
}

// head is the name, the value pointed at or the newest, and what all of them come to.
func (p Plot) head(th *theme.Theme, w int) string {
	b := line.New(th, theme.Plain, w)
	b.Gap(1).Add(theme.Head, p.Name)
	least, mean, greatest, some := p.sum()
	if !some {
		return b.Add(theme.Muted, "  no figures").String()
	}
	if p.Mark >= 0 && p.Mark < len(p.Values) {
		word := "no figure"
		if v := p.Values[p.Mark]; !math.IsNaN(v) {
			word = p.Format(v)
		}
		b.Add(theme.Focus, "  "+word)
	}
	pair := func(name string, v float64) {
		b.Add(theme.Muted, "  "+name+" ").Add(theme.Text, p.Format(v))
	}
	pair("min", least)
	pair("mean", mean)
	pair("max", greatest)
	return b.String()
}

// sum is over the values that there are; some is false where there are none.
func (p Plot) sum() (least, mean, greatest float64, some bool) {
	total, n := 0.0, 0
	least, greatest = math.Inf(1), math.Inf(-1)
	for _, v := range p.Values {
		if !known(v) {
			continue
		}
		total, n = total+v, n+1
		least, greatest = math.Min(least, v), math.Max(greatest, v)
	}
	if n == 0 {
		return 0, 0, 0, false
	}
	return least, total / float64(n), greatest, true
}

func known(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// top is the value at the upper end of the scale: a round one.
func (p Plot) top() float64 {
	_, _, greatest, some := p.sum()
	if !some || greatest <= 0 {
		return 1
	}
	unit := 1.0
	if p.Binary {
		for greatest/unit >= 1024 {
			unit *= 1024
		}
	}
	round := roundUp(greatest / unit)
	if p.Binary && round >= 1000 {
		round = 1024
	}
	if p.Most > 0 && greatest <= p.Most {
		return math.Min(round*unit, p.Most)
	}
	return round * unit
}

// roundUp gives the next of 1, 2, 2.5, 5 and their tenfolds.
func roundUp(v float64) float64 {
	ten := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 2.5, 5} {
		if v <= step*ten {
			return step * ten
		}
	}
	return 10 * ten
}

// axis is the scale: the width it takes with its line, 0 where there is no room, and a
// label for each row.
func (p Plot) axis(rows, w int) (width int, labels []string) {
	labels = make([]string, rows)
	top := p.top()
	labels[0] = p.Format(top)
	if rows >= 5 && rows%2 == 1 { // an even height has no row in the middle
		labels[rows/2] = p.Format(top / 2)
	}
	labels[rows-1] = p.Format(0)
	for _, l := range labels {
		width = max(width, line.Width(l))
	}
	if width = max(width, p.Labels) + 1; width > w/3 {
		return 0, labels
	}
	return width, labels
}

// area is the drawing with the scale.
func (p Plot) area(th *theme.Theme, w, rows, axis int, labels []string) []string {
	cols := w - axis
	canvas := p.canvas(th, cols, rows)
	mark := p.column(p.Mark, cols)
	out := make([]string, rows)
	b := line.New(th, theme.Plain, w)
	for y := range out {
		b.Reset(th, theme.Plain, w)
		if axis > 0 {
			b.AddRight(theme.Muted, labels[y], axis-1).Add(theme.Border, th.Glyphs.Box.TeeRight)
		}
		if mark < 0 {
			out[y] = b.Add(theme.Spark, string(canvas[y])).String()
			continue
		}
		under, tok := string(canvas[y][mark]), theme.Accent
		if under == " " {
			under, tok = th.Glyphs.Box.Vertical, theme.Muted
		}
		b.Add(theme.Spark, string(canvas[y][:mark])).Add(tok, under)
		out[y] = b.Add(theme.Spark, string(canvas[y][mark+1:])).String()
	}
	return out
}

// column is the cell of a value; below 0 for none.
func (p Plot) column(i, cols int) int {
	n := len(p.Values)
	if i < 0 || i >= n || cols < 1 {
		return -1
	}
	return min((2*i+1)*cols/(2*n), cols-1)
}
