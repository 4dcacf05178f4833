// Package spark draws figures small: sparklines, bars and plots. It promises exactly
// the cells asked for, and that a value nobody measured (NaN) is drawn as a gap, never
// as zero.
package spark

import (
	"math"
	"strings"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Sparkline draws the last w values, the newest at the right, as plain text of w
// cells. top is the value of a full cell; 0 or less takes the greatest value. Values
// above top are drawn full.
func Sparkline(g *theme.Glyphs, values []float64, w int, top float64) string {
	if w < 1 {
		return ""
	}
	shown := values[max(len(values)-w, 0):]
	top = scale(shown, top)
	var b strings.Builder
	b.WriteString(theme.Blank(w - len(shown)))
	for _, v := range shown {
		b.WriteString(level(g, v, top))
	}
	return b.String()
}

func level(g *theme.Glyphs, v, top float64) string {
	if math.IsNaN(v) {
		return g.SparkGap
	}
	return g.Spark[int(math.Round(clampFraction(v/top)*7))]
}

// scale is top, or the greatest of the values when top is not above 0; never 0.
func scale(values []float64, top float64) float64 {
	if top > 0 {
		return top
	}
	for _, v := range values {
		if v > top && !math.IsInf(v, 0) {
			top = v
		}
	}
	if top <= 0 {
		return 1
	}
	return top
}

func clampFraction(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return math.Max(0, math.Min(1, f))
}

// Bar draws a fraction (0 to 1, clamped; NaN is empty) as plain text of w cells, to an
// eighth of a cell.
func Bar(g *theme.Glyphs, fraction float64, w int) string {
	if w < 1 {
		return ""
	}
	eighths := int(math.Round(clampFraction(fraction) * float64(w) * 8))
	full, part := eighths/8, eighths%8
	out := strings.Repeat(g.Bar[7], full)
	if part > 0 {
		out += g.Bar[part-1]
		full++
	}
	return out + strings.Repeat(g.BarEmpty, w-full)
}

// PlotOpts are the ways to draw a plot.
type PlotOpts struct {
	Top   float64                // the value at the top; 0 or less takes the greatest shown
	Label func(v float64) string // of the axis; nil draws no axis
}

// Plot draws values as an area, the newest at the right: h lines of w cells, the axis
// at the left.
func Plot(th *theme.Theme, values []float64, w, h int, o PlotOpts) []string {
	w, h = max(w, 0), max(h, 0)
	labels, axis := axisLabels(values, w, h, o)
	area := max(w-axis, 0)
	shown := values[max(len(values)-area, 0):]
	top := scale(shown, o.Top)
	out := make([]string, h)
	b := line.New(th, theme.Plain, w)
	for y := range out {
		b.Reset(th, theme.Plain, w)
		if axis > 0 {
			b.AddRight(theme.Muted, labels[y], axis-1).Add(theme.Border, th.Glyphs.Box.TeeRight)
		}
		b.Gap(area - len(shown))
		b.Add(theme.Spark, plotLine(&th.Glyphs, shown, top, h-1-y, h))
		out[y] = b.String()
	}
	return out
}

// axisLabels are the labels of each line and the width of the axis; 0 when there is no
// room for one.
func axisLabels(values []float64, w, h int, o PlotOpts) ([]string, int) {
	if o.Label == nil || h < 1 {
		return nil, 0
	}
	labels := make([]string, h)
	top := scale(values[max(len(values)-w, 0):], o.Top)
	labels[0] = o.Label(top)
	if h >= 5 && h%2 == 1 { // an even height has no row in the middle
		labels[h/2] = o.Label(top / 2)
	}
	if h > 1 {
		labels[h-1] = o.Label(0)
	}
	widest := 0
	for _, l := range labels {
		widest = max(widest, line.Width(l))
	}
	if widest+1 > w/2 {
		return nil, 0
	}
	return labels, widest + 1
}

// plotLine is one line of the area, row 0 the lowest of rows.
func plotLine(g *theme.Glyphs, values []float64, top float64, row, rows int) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(plotCell(g, v, top, row, rows))
	}
	return b.String()
}

func plotCell(g *theme.Glyphs, v, top float64, row, rows int) string {
	if math.IsNaN(v) {
		if row == 0 {
			return g.SparkGap
		}
		return " "
	}
	eighths := int(math.Round(clampFraction(v/top)*float64(rows)*8)) - row*8
	switch {
	case eighths >= 8:
		return g.Spark[7]
	case eighths > 0:
		return g.Spark[eighths-1]
	case row == 0:
		return g.Spark[0] // zero was measured: it is not a gap
	}
	return " "
}
