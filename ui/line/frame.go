package line

import "hvdeck/theme"

// Frame puts a box with a title around a body whose lines are each exactly w-4 cells
// wide: a border and a blank at each side. It returns len(body)+2 lines of w cells;
// below 5 cells only blanks.
func Frame(th *theme.Theme, title string, tok theme.Token, body []string, w int) []string {
	out := make([]string, 0, len(body)+2)
	if w < 5 {
		for range len(body) + 2 {
			out = append(out, theme.Blank(w))
		}
		return out
	}
	box := &th.Glyphs.Box
	b := New(th, theme.Plain, w)
	b.Add(theme.Border, box.TopLeft)
	if title != "" {
		b.Gap(1).AddMax(tok, title, w-4).Gap(1)
	}
	b.Rule(theme.Border, box.Horizontal, b.Left()-1).Add(theme.Border, box.TopRight)
	out = append(out, b.String())
	for _, l := range body {
		b.Reset(th, theme.Plain, w)
		b.Add(theme.Border, box.Vertical).Gap(1).Raw(l, w-4).Gap(1).Add(theme.Border, box.Vertical)
		out = append(out, b.String())
	}
	b.Reset(th, theme.Plain, w)
	b.Add(theme.Border, box.BottomLeft).Rule(theme.Border, box.Horizontal, w-2).Add(theme.Border, box.BottomRight)
	return append(out, b.String())
}
