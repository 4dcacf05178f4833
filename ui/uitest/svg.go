package uitest

import (
	"fmt"
	"html"
	"image/color"
	"strings"
)

// Measures of a cell in the pictures: 14 px JetBrains Mono.
const (
	cellW    = 8.4
	cellH    = 18.0
	baseline = 13.5
	margin   = 10.0
)

// SVG is a picture of the screen, at its size now. Boxes, bars and sparklines are drawn
// as shapes, so that there are no gaps between the cells.
func (s *Screen) SVG() string {
	s.frame()
	s.mu.Lock()
	defer s.mu.Unlock()
	w, h := s.size()
	p := &picture{fg: hex(s.emu.ForegroundColor(), "#d5dae3"), bg: hex(s.emu.BackgroundColor(), "#11141a")}
	width, height := float64(w)*cellW+2*margin, float64(h)*cellH+2*margin
	fmt.Fprintf(&p.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.1f" height="%.1f" viewBox="0 0 %.1f %.1f">`+"\n", width, height, width, height)
	fmt.Fprintf(&p.b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", p.bg)
	fmt.Fprintf(&p.b, `<g transform="translate(%.0f %.0f)" font-family="%s" font-size="14" xml:space="preserve">`+"\n",
		margin, margin, "'JetBrains Mono','DejaVu Sans Mono',monospace")
	for y := range h {
		cells := make([]Cell, w)
		for x := range cells {
			cells[x] = cellOf(s.emu.CellAt(x, y))
			if x > 0 && cells[x-1].Width > 1 { // the second half of a wide character
				cells[x].BG, cells[x].Reverse = cells[x-1].BG, cells[x-1].Reverse
			}
		}
		p.row(cells, y)
	}
	p.b.WriteString("</g>\n</svg>\n")
	return p.b.String()
}

// picture is an SVG being written.
type picture struct {
	b      strings.Builder
	fg, bg string // of the terminal
}

func (p *picture) row(cells []Cell, y int) {
	for x := 0; x < len(cells); {
		end := p.run(cells, x, p.sameBG)
		if _, bg := p.colours(cells[x]); bg != p.bg {
			p.rect(float64(x)*cellW, float64(y)*cellH, float64(end-x)*cellW, cellH, bg, 1)
		}
		x = end
	}
	for x := 0; x < len(cells); {
		x = p.content(cells, x, y)
	}
}

// content draws the cell at x, with those like it, and returns where to go on.
func (p *picture) content(cells []Cell, x, y int) int {
	c := cells[x]
	if strings.TrimSpace(c.Text) == "" && !c.Underline {
		return x + c.Width
	}
	fg, _ := p.colours(c)
	if p.shape(c.Text, float64(x)*cellW, float64(y)*cellH, fg) {
		return x + c.Width
	}
	end := x + c.Width
	text := c.Text
	if plain(c) {
		end = p.run(cells, x, func(a, b Cell) bool { return plain(b) && p.sameLook(a, b) })
		text = ""
		for _, r := range cells[x:end] {
			text += orBlank(r.Text)
		}
	}
	fmt.Fprintf(&p.b, `<text x="%.1f" y="%.1f" fill="%s"%s>%s</text>`+"\n", float64(x)*cellW, float64(y)*cellH+baseline, fg, attributes(c), html.EscapeString(text))
	return end
}

// plain says that the letter is of the font's own width for sure.
func plain(c Cell) bool {
	return len(c.Text) == 0 || len(c.Text) == 1 && c.Text[0] >= ' ' && c.Text[0] <= '~'
}

func orBlank(s string) string {
	if s == "" {
		return " "
	}
	return s
}

// run is the end of the cells from x on that are like the one at x.
func (p *picture) run(cells []Cell, x int, like func(a, b Cell) bool) int {
	end := x + 1
	for end < len(cells) && like(cells[x], cells[end]) {
		end++
	}
	return end
}

func (p *picture) sameBG(a, b Cell) bool {
	_, x := p.colours(a)
	_, y := p.colours(b)
	return x == y
}

func (p *picture) sameLook(a, b Cell) bool {
	fa, _ := p.colours(a)
	fb, _ := p.colours(b)
	return fa == fb && attributes(a) == attributes(b)
}

// colours are the letters' and the background's, reverse video applied.
func (p *picture) colours(c Cell) (fg, bg string) {
	fg, bg = hex(c.FG, p.fg), hex(c.BG, p.bg)
	if c.Reverse {
		return bg, fg
	}
	return fg, bg
}

func attributes(c Cell) string {
	out := ""
	if c.Bold {
		out += ` font-weight="bold"`
	}
	if c.Italic {
		out += ` font-style="italic"`
	}
	if c.Underline {
		out += ` text-decoration="underline"`
	}
	if c.Dim {
		out += ` opacity="0.6"`
	}
	return out
}

func hex(c color.Color, none string) string {
	if c == nil {
		return none
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

func (p *picture) rect(x, y, w, h float64, fill string, opacity float64) {
	fmt.Fprintf(&p.b, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="%s"`, x, y, w, h, fill)
	if opacity < 1 {
		fmt.Fprintf(&p.b, ` fill-opacity="%.2f"`, opacity)
	}
	p.b.WriteString(" shape-rendering=\"crispEdges\"/>\n")
}

// shape draws glyphs that must touch their neighbours; false for all others.
func (p *picture) shape(text string, x, y float64, fg string) bool {
	if d, ok := boxPath(text); ok {
		fmt.Fprintf(&p.b, `<path transform="translate(%.2f %.2f)" d="%s" fill="none" stroke="%s" stroke-width="1.2"/>`+"\n", x, y, d, fg)
		return true
	}
	r := []rune(text)
	if len(r) != 1 {
		return false
	}
	switch {
	case r[0] >= '▁' && r[0] <= '█': // eighths from below
		h := cellH * float64(r[0]-'▁'+1) / 8
		p.rect(x, y+cellH-h, cellW, h, fg, 1)
	case r[0] > '█' && r[0] <= '▏': // eighths from the left, falling
		p.rect(x, y, cellW*float64('▏'-r[0]+1)/8, cellH, fg, 1)
	case r[0] == '░':
		p.rect(x, y, cellW, cellH, fg, 0.25)
	default:
		return false
	}
	return true
}

// boxPath is the drawing of a box glyph in a cell at the origin.
func boxPath(text string) (string, bool) {
	const mx, my = cellW / 2, cellH / 2
	line := func(x1, y1, x2, y2 float64) string { return fmt.Sprintf("M%.2f %.2fL%.2f %.2f", x1, y1, x2, y2) }
	left, right := line(0, my, mx, my), line(mx, my, cellW, my)
	up, down := line(mx, 0, mx, my), line(mx, my, mx, cellH)
	arc := func(x, y float64) string { return fmt.Sprintf("M%.2f %.2fQ%.2f %.2f %.2f %.2f", x, my, mx, my, mx, y) }
	d, ok := map[string]string{
		"─": left + right, "│": up + down, "├": up + down + right, "┤": up + down + left,
		"┬": left + right + down, "┴": left + right + up, "┼": left + right + up + down, "└": up + right, "┘": up + left,
		"┌": down + right, "┐": down + left, "╭": arc(cellW, cellH), "╮": arc(0, cellH), "╰": arc(cellW, 0), "╯": arc(0, 0),
	}[text]
	return d, ok
}
