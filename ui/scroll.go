package ui

import "hvdeck/theme"

// scroll is how far lines that are drawn whole are scrolled.
type scroll int

// do moves by an action of the pager scope, and says whether it was one. The end is
// found when the lines are drawn.
func (s *scroll) do(id string, page int) bool {
	const all = 1 << 20
	steps := map[string]int{
		"pager.down": 1, "pager.up": -1, "pager.half-down": page / 2, "pager.half-up": -page / 2,
		"pager.page-down": page, "pager.page-up": -page, "pager.top": -all, "pager.bottom": all,
	}
	n, ok := steps[id]
	s.by(n)
	return ok
}

func (s *scroll) by(n int) { *s = max(*s+scroll(n), 0) }

// window is what is in sight of the lines: h lines of w cells.
func (s *scroll) window(lines []string, w, h int) []string {
	*s = scroll(max(min(int(*s), len(lines)-h), 0))
	lines = lines[*s:]
	for len(lines) < h {
		lines = append(lines, theme.Blank(w))
	}
	return lines[:h]
}
