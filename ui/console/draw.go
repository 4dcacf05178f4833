package console

import (
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

const reset = "\x1b[m"

// clean is what a cell shows and in how many cells: nothing in it reaches further than
// its own place, and nothing is invisible.
func clean(c *uv.Cell) (string, int) {
	if c == nil || c.Width < 1 || c.Content == "" {
		return " ", 1
	}
	if len(c.Content) == 1 && c.Content[0] >= ' ' && c.Content[0] <= '~' {
		return c.Content, 1
	}
	out, w := line.Truncate(c.Content, c.Width, "")
	return out + theme.Blank(c.Width-w), c.Width
}

// looks are the colours and attributes of a cell, without links.
func looks(c *uv.Cell) uv.Style {
	if c == nil {
		return uv.Style{}
	}
	s := c.Style
	s.Attrs &^= uv.AttrBlink | uv.AttrRapidBlink // nothing blinks here
	s.UnderlineColor = nil
	if s.Underline > ansi.UnderlineSingle {
		s.Underline = ansi.UnderlineSingle
	}
	if s.Attrs&uv.AttrConceal != 0 { // a password that is shown as blanks stays blank
		s.Attrs &^= uv.AttrConceal
		s.Fg, s.Attrs = s.Bg, s.Attrs&^uv.AttrReverse
	}
	return s
}

// Draw gives exactly h lines of exactly w cells, and takes that for its size from then
// on. The cursor shows when focused, unless the guest hides it.
func (t *Terminal) Draw(w, h int, focused bool, th *theme.Theme) []string {
	if w < 1 || h < 1 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.resize(w, h)
	out := make([]string, 0, h)
	first := t.past.len() - t.back
	for i := first; i < t.past.len() && len(out) < h; i++ {
		out = append(out, drawPacked(t.past.lines[i], w, th.Glyphs.ASCII))
	}
	cursor := t.emu.CursorPosition()
	shown := focused && t.modes[int(ansi.ModeTextCursorEnable)] && t.back == 0
	for y := 0; len(out) < h; y++ {
		at := -1
		if shown && y == cursor.Y {
			at = cursor.X
		}
		out = append(out, t.drawRow(y, w, at, th.Glyphs.ASCII))
	}
	return out
}

// drawRow draws a row of the screen, with the cursor at a column; -1 for none.
func (t *Terminal) drawRow(y, w, cursor int, ascii bool) string {
	p := pen{ascii: ascii}
	p.b.Grow(w + 16)
	for x := 0; x < w; {
		c := t.emu.CellAt(x, y)
		text, cw := clean(c)
		if x+cw > w {
			text, cw = theme.Blank(w-x), w-x
		}
		style := looks(c)
		if cursor >= x && cursor < x+cw {
			style.Attrs ^= uv.AttrReverse
		}
		p.put(text, style)
		x += cw
	}
	return p.end()
}

func drawPacked(l packed, w int, ascii bool) string {
	p := pen{ascii: ascii}
	used := 0
	for _, r := range l {
		text, n := r.text, r.width
		if used+n > w {
			text, n = line.Clip(text, w-used)
		}
		p.put(text, r.style)
		used += n
	}
	p.put(theme.Blank(w-used), uv.Style{})
	return p.end()
}

// pen writes text with as few changes of looks as there are.
type pen struct {
	b     strings.Builder
	style uv.Style
	ascii bool
}

func (p *pen) put(text string, s uv.Style) {
	if text == "" {
		return
	}
	if !s.Equal(&p.style) {
		if !p.style.IsZero() {
			p.b.WriteString(reset)
		}
		if !s.IsZero() {
			p.b.WriteString(s.String())
		}
		p.style = s
	}
	if p.ascii {
		text = spelled(text)
	}
	p.b.WriteString(text)
}

func (p *pen) end() string {
	if !p.style.IsZero() {
		p.b.WriteString(reset)
	}
	return p.b.String()
}

// spelled writes text for a terminal that has ASCII only.
func spelled(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r > '~' }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r <= '~':
			b.WriteRune(r)
		case r == '─' || r == '━' || r == '═':
			b.WriteByte('-')
		case r == '│' || r == '┃' || r == '║':
			b.WriteByte('|')
		case r > '─' && r < '▀':
			b.WriteByte('+')
		default:
			b.WriteString(strings.Repeat("?", max(line.Width(string(r)), 1)))
		}
	}
	return b.String()
}
