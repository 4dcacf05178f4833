package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/detail"
	"hvdeck/ui/kind"
	"hvdeck/ui/line"
)

// view draws the whole frame.
func (m *Model) view() tea.View {
	v := tea.NewView(strings.Join(m.frame(), "\n"))
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "hvdeck"
	return v
}

// frame is the screen as lines of the terminal's width.
func (m *Model) frame() []string {
	if m.w < minWidth || m.h < minHeight {
		return m.tooSmall()
	}
	m.env.Refresh(m.now())
	lay := m.layout()
	out := make([]string, 0, m.h)
	out = append(out, m.header(m.w))
	out = append(out, m.body(lay)...)
	if lay.tasks {
		out = append(out, m.taskLine(m.w))
	}
	out = append(out, m.footLine(m.w))
	return m.withOverlay(out)
}

func (m *Model) tooSmall() []string {
	out := make([]string, 0, max(m.h, 1))
	if m.h > 0 && m.w > 0 {
		out = append(out, line.Fit("hvdeck needs 40x10", m.w, ""))
	}
	for len(out) < m.h {
		out = append(out, theme.Blank(m.w))
	}
	return out
}

func (m *Model) body(lay layout) []string {
	if s := m.screen(); s != nil {
		return m.box(lay.body, s.title(m), "", "", true, func(w, h int) []string { return s.draw(m, w, h) })
	}
	var left []string
	for _, p := range lay.stack {
		left = append(left, m.slotBox(m.slots[p.slot], p.rect)...)
	}
	if lay.details.w == 0 {
		return left
	}
	right := m.detailBox(lay.details)
	if len(left) == 0 {
		return right
	}
	return line.Join(left, right)
}

func (m *Model) slotBox(s *slot, r rect) []string {
	focused := m.focused(s)
	wide := m.wide || m.zoom == zoomFull
	return m.box(r, s.title(m), s.view().FilterText(), s.view().Counts(), focused, func(w, h int) []string {
		return s.view().Draw(w, h, focused, wide, m.emptyWords(s))
	})
}

// box draws a frame with a title, a filter and counts around what inside draws. The
// focus shows in the title only: recolouring borders would cost kilobytes.
func (m *Model) box(r rect, title, filter, counts string, focused bool, inside func(w, h int) []string) []string {
	th, g := m.env.Theme, m.env.Theme.Glyphs.Box
	if r.w < 4 || r.h < 2 {
		return blankLines(r)
	}
	tok := theme.Title
	if focused {
		tok = theme.Focus
	}
	b := line.New(th, theme.Plain, r.w)
	b.Add(theme.Border, g.TopLeft).AddMax(tok, " "+title+" ", max(r.w-4-line.Width(counts), 3))
	if filter != "" {
		b.Add(theme.Border, g.Horizontal).AddMax(theme.Match, " /"+filter+" ", max(b.Left()-line.Width(counts)-4, 0))
	}
	if counts != "" {
		b.Rule(theme.Border, g.Horizontal, b.Left()-line.Width(counts)-3)
		b.Add(theme.Muted, " "+counts+" ")
	}
	b.Rule(theme.Border, g.Horizontal, b.Left()-1).Add(theme.Border, g.TopRight)
	out := []string{b.String()}
	side := th.Render(theme.Border, theme.Plain, g.Vertical)
	for _, l := range inside(r.w-2, r.h-2) {
		out = append(out, side+l+side)
	}
	b.Reset(th, theme.Plain, r.w)
	b.Add(theme.Border, g.BottomLeft).Rule(theme.Border, g.Horizontal, b.Left()-1).Add(theme.Border, g.BottomRight)
	return append(out, b.String())
}

func blankLines(r rect) []string {
	out := make([]string, r.h)
	for i := range out {
		out[i] = theme.Blank(r.w)
	}
	return out
}

// detailBox draws the details of what is under the cursor.
func (m *Model) detailBox(r rect) []string {
	o := m.subject()
	title, position := "0 Details", ""
	var sections []kind.Section
	if o != nil {
		title, sections = m.detailTitle(o), m.detailSections(o)
	}
	return m.box(r, title, "", position, m.focus == focusDetails, func(w, h int) []string {
		lines := detail.Lines(m.env.Theme, sections, w)
		m.detailScroll = max(min(m.detailScroll, len(lines)-h), 0)
		lines = lines[m.detailScroll:]
		for len(lines) < h {
			lines = append(lines, theme.Blank(w))
		}
		return lines[:h]
	})
}

// detailTitle is the name after the tabs, the open one in brackets: what changes
// with the cursor stands last.
func (m *Model) detailTitle(o backend.Object) string {
	tabs := m.detailTabs()
	names := make([]string, len(tabs))
	for i, t := range tabs {
		names[i] = t
		if i == m.detailTab {
			names[i] = "[" + t + "]"
		}
	}
	return "0 " + strings.Join(names, " ") + " " + m.env.Theme.Glyphs.Dot + " " + o.Title()
}
