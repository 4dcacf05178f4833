package ui

import (
	"fmt"
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
	// A theme made for the other kind of background brings its own.
	if th := m.env.Theme; th.Background.Set && th.Dark != m.termDark {
		v.BackgroundColor, v.ForegroundColor = th.Background.Color(), th.Foreground.Color()
	}
	return v
}

// frame is the screen as lines of the terminal's width.
func (m *Model) frame() []string {
	if m.unseen() {
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
	foot := m.footLines(m.w)
	out = append(out[:max(m.h-len(foot), 0)], foot...) // a long note lies over what is above
	return m.withOverlay(out)
}

func (m *Model) tooSmall() []string {
	out := make([]string, 0, max(m.h, 1))
	for _, text := range []string{fmt.Sprintf("hvdeck needs %dx%d", minWidth, minHeight), "until then it takes", "no key but " + m.keyFor("quit-now")} {
		if len(out) < m.h && m.w > 0 {
			out = append(out, line.Fit(text, m.w, ""))
		}
	}
	for len(out) < m.h {
		out = append(out, theme.Blank(m.w))
	}
	return out
}

func (m *Model) body(lay layout) []string {
	if s, ok := m.screen().(*consoleScreen); ok {
		return s.bare(m, lay.body)
	}
	if s := m.screen(); s != nil {
		return m.box(frameOf{rect: lay.body, title: s.title(m), focused: true}, func(w, h int) []string { return s.draw(m, w, h) })
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
	f := frameOf{rect: r, title: s.title(m), filter: s.view().FilterText(), counts: m.counts(s), focused: focused, foot: m.otherPanes(s)}
	return m.box(f, func(w, h int) []string {
		return s.view().Draw(w, h, focused, wide, m.emptyWords(s))
	})
}

// otherPanes name what the fold hides, in the bottom border.
func (m *Model) otherPanes(of *slot) string {
	if m.w >= foldWidth && m.zoom != zoomFull {
		return ""
	}
	var names []string
	for _, s := range m.slots {
		if s != of {
			names = append(names, fmt.Sprintf("%d %s", s.number, s.name))
		}
	}
	return strings.Join(append(names, "0 Details"), "  ")
}

// frameOf is a frame around something: its place, and the words in its borders.
type frameOf struct {
	rect
	title, filter, counts, foot string
	focused                     bool
}

// box draws a frame around what inside draws. The focus shows in the title only:
// recolouring borders would cost kilobytes.
func (m *Model) box(f frameOf, inside func(w, h int) []string) []string {
	if f.w < 4 || f.h < 2 {
		return blankLines(f.rect)
	}
	th, g := m.env.Theme, m.env.Theme.Glyphs.Box
	out := []string{m.topBorder(f)}
	side := th.Render(theme.Border, theme.Plain, g.Vertical)
	for _, l := range inside(f.w-2, f.h-2) {
		out = append(out, side+l+side)
	}
	b := line.New(th, theme.Plain, f.w)
	b.Add(theme.Border, g.BottomLeft)
	if f.foot != "" && line.Width(f.foot) <= f.w-6 {
		b.Add(theme.Border, g.Horizontal).Add(theme.Muted, " "+f.foot+" ")
	}
	b.Rule(theme.Border, g.Horizontal, b.Left()-1).Add(theme.Border, g.BottomRight)
	return append(out, b.String())
}

func (m *Model) topBorder(f frameOf) string {
	th, g := m.env.Theme, m.env.Theme.Glyphs.Box
	tok := theme.Title
	if f.focused {
		tok = theme.Focus
	}
	b := line.New(th, theme.Plain, f.w)
	b.Add(theme.Border, g.TopLeft).AddMax(tok, " "+f.title+" ", max(f.w-4-line.Width(f.counts), 3))
	if f.filter != "" {
		b.Add(theme.Border, g.Horizontal).AddMax(theme.Match, " /"+f.filter+" ", max(b.Left()-line.Width(f.counts)-4, 0))
	}
	if f.counts != "" {
		b.Rule(theme.Border, g.Horizontal, b.Left()-line.Width(f.counts)-3)
		b.Add(theme.Muted, " "+f.counts+" ")
	}
	return b.Rule(theme.Border, g.Horizontal, b.Left()-1).Add(theme.Border, g.TopRight).String()
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
	title := "0 Details"
	var sections []kind.Section
	if o != nil {
		title, sections = m.detailTitle(o), m.detailSections(o)
	}
	return m.box(frameOf{rect: r, title: title, focused: m.focus == focusDetails}, func(w, h int) []string {
		return m.detailScroll.window(detail.Lines(m.env.Theme, sections, w), w, h)
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
