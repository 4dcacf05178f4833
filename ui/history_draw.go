package ui

import (
	"time"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/line"
	"hvdeck/ui/plot"
)

// The size of a plot: what can still be read, and what more would not help; and the
// width from which two stand side by side.
const (
	plotLeast  = 6
	plotMost   = 14
	plotsAside = 150
)

// plots draws as many plots as fit, from the first row in sight on.
func (s *historyScreen) plots(th *theme.Theme, data *backend.History, w, h int) []string {
	columns := 1
	if w >= plotsAside && len(data.Series) > 1 {
		columns = 2
	}
	rows := (len(data.Series) + columns - 1) / columns
	s.rows = max(min(h/plotLeast, rows), 1)
	s.top = max(min(s.top, rows-s.rows), 0)
	s.cells = w / columns
	height := min(h/s.rows, plotMost)
	drawn := s.plotsOf(data)
	out := make([]string, 0, h)
	for row := s.top; row < rows && len(out)+height <= h; row++ {
		var blocks [][]string
		for col := range columns {
			width := w / columns
			if col == columns-1 {
				width = w - width*(columns-1)
			}
			i := row*columns + col
			if i >= len(data.Series) {
				blocks = append(blocks, blankLines(rect{w: width, h: height}))
				continue
			}
			blocks = append(blocks, drawn[i].Draw(th, width, height))
		}
		out = append(out, line.Join(blocks...)...)
	}
	for len(out) < h {
		out = append(out, theme.Blank(w))
	}
	return out
}

// plotsOf are the plots of all series, with scales of one width.
func (s *historyScreen) plotsOf(data *backend.History) []plot.Plot {
	markAt := s.markTime(data)
	out := make([]plot.Plot, len(data.Series))
	labels := 0
	for i, x := range data.Series {
		out[i] = plotOf(x, data.Span.Step, s.mark, markAt)
		labels = max(labels, out[i].LabelWidth())
	}
	for i := range out {
		out[i].Labels = labels
	}
	return out
}

// markTime is when the value that is read begins, by the longest series: they need not
// begin together.
func (s *historyScreen) markTime(data *backend.History) time.Time {
	if s.mark < 0 {
		return time.Time{}
	}
	for _, x := range data.Series {
		if len(x.Values) == longest(data.Series) && !x.Begin.IsZero() {
			return x.Begin.Add(time.Duration(s.mark) * data.Span.Step)
		}
	}
	return time.Time{}
}
