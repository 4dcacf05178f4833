package table

import (
	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Draw returns h lines of w cells. It also settles the scroll position for the size.
func (m *Model[V, K]) Draw(w, h int, th *theme.Theme, focused bool, o Opts) []string {
	h = max(h, 0)
	w = max(w, 0)
	m.header = o.Header && h > 1
	m.page = max(h, 1)
	if m.header {
		m.page = h - 1
	}
	m.clamp()
	visible := m.Visible()
	if m.always != o.Always {
		m.always = o.Always
		m.lay.forget()
	}
	m.arrange(visible, w, o.Wide)

	out := make([]string, 0, h)
	b := line.New(th, theme.Plain, w)
	if m.header {
		out = append(out, m.drawHeader(b, th, w))
	}
	if len(m.rows) == 0 && o.Empty != "" && len(out) < h {
		b.Reset(th, theme.Plain, w)
		out = append(out, b.Gap(gutter).Add(theme.Muted, o.Empty).String())
	}
	for i, v := range visible {
		if len(out) == h {
			break
		}
		b.Reset(th, m.rowState(m.offset+i, focused), w)
		out = append(out, m.drawRow(b, th, v, m.offset+i, focused))
	}
	for len(out) < h {
		out = append(out, theme.Blank(w))
	}
	return out
}

func (m *Model[V, K]) rowState(i int, focused bool) theme.Row {
	if i != m.cursor {
		return theme.Plain
	}
	if focused {
		return theme.Cursor
	}
	return theme.CursorBlur
}

func (m *Model[V, K]) drawHeader(b *line.Builder, th *theme.Theme, w int) string {
	b.Reset(th, theme.Plain, w)
	if m.hscroll > 0 {
		b.Add(theme.Muted, th.Glyphs.Left)
	} else {
		b.Gap(gutter)
	}
	for i, s := range m.lay.slots {
		if i > 0 {
			b.Gap(1)
		}
		c := m.cols[s.col]
		title := c.Title
		if c.Key == m.sortKey {
			title += m.arrow(th)
		}
		if c.Right {
			b.AddRight(theme.Head, title, s.width)
		} else {
			b.AddFit(theme.Head, title, s.width)
		}
	}
	return b.String()
}

func (m *Model[V, K]) arrow(th *theme.Theme) string {
	if m.sortDesc {
		return th.Glyphs.SortDown
	}
	return th.Glyphs.SortUp
}

func (m *Model[V, K]) drawRow(b *line.Builder, th *theme.Theme, v V, i int, focused bool) string {
	tok, sign := m.sign(th, v, i, focused)
	b.AddFit(tok, sign, gutter)
	old := m.stale != nil && m.stale(v)
	for n, s := range m.lay.slots {
		if n > 0 {
			b.Gap(1)
		}
		c := m.cols[s.col]
		drawCell(b, th, c.Cell(v), s.width, c.Right, old)
	}
	return b.String()
}

// sign is what stands in the gutter: the cursor and the mark are seen without colours.
func (m *Model[V, K]) sign(th *theme.Theme, v V, i int, focused bool) (theme.Token, string) {
	marked := len(m.marks) > 0 && m.IsMarked(m.id(v))
	g := &th.Glyphs
	switch {
	case i == m.cursor && marked:
		return theme.Accent, g.CursorMark
	case marked:
		return theme.Accent, g.Mark
	case i == m.cursor && focused:
		return theme.Accent, g.Cursor
	case i == m.cursor:
		return theme.Muted, g.CursorBlur
	}
	return theme.Text, ""
}

func drawCell(b *line.Builder, th *theme.Theme, c Cell, w int, right, old bool) {
	if c.Segs == nil {
		tok := c.Tok
		if old {
			tok = theme.Stale
		}
		if right {
			b.AddRight(tok, c.Text, w)
			return
		}
		b.AddFit(tok, c.Text, w)
		return
	}
	drawSegs(b, th, c.Segs, w, right, old)
}

func drawSegs(b *line.Builder, th *theme.Theme, segs []Seg, w int, right, old bool) {
	w = min(w, b.Left())
	start := b.Used()
	full := cellWidth(Cell{Segs: segs})
	if right && full < w {
		b.Gap(w - full)
	}
	for i, s := range segs {
		tok := s.Tok
		if old {
			tok = theme.Stale
		}
		left := w - (b.Used() - start)
		rest := cellWidth(Cell{Segs: segs[i+1:]})
		sw := line.Width(s.Text)
		if sw == left && rest > 0 { // the cut falls between two segments: say so
			text, _ := line.Clip(s.Text, left-1)
			b.AddMax(tok, text+th.Glyphs.Ellipsis, left)
			break
		}
		b.AddMax(tok, s.Text, left)
		if sw > left {
			break
		}
	}
	b.Gap(w - (b.Used() - start))
}
