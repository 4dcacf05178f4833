// Package pager scrolls and searches text: XML, help, raw objects. It promises that
// a document of any length costs only the lines in sight to draw.
package pager

import (
	"strings"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Line is a line of text with its looks; Segs in the order of the line.
type Line struct{ Segs []Seg }

// Seg is a piece of a line.
type Seg struct {
	Tok  theme.Token
	Text string
}

// Plain makes lines of one look.
func Plain(text string) []Line {
	var out []Line
	for _, l := range strings.Split(text, "\n") {
		out = append(out, Line{[]Seg{{theme.Text, l}}})
	}
	return out
}

// Pager is a view on lines.
type Pager struct {
	lines []Line
	top   int
	page  int
	find  string
}

// New shows lines from the top.
func New(lines []Line) *Pager { return &Pager{lines: lines, page: 1} }

// SetLines replaces the text and stays where it is.
func (p *Pager) SetLines(lines []Line) {
	p.lines = lines
	p.scroll(0)
}

func (p *Pager) scroll(n int) {
	p.top = max(min(p.top+n, len(p.lines)-p.page), 0)
}

// Do performs an action of the pager scope by its name, and says whether it was one.
func (p *Pager) Do(id string) bool {
	switch id {
	case "pager.down":
		p.scroll(1)
	case "pager.up":
		p.scroll(-1)
	case "pager.half-down":
		p.scroll(p.page / 2)
	case "pager.half-up":
		p.scroll(-p.page / 2)
	case "pager.page-down":
		p.scroll(p.page)
	case "pager.page-up":
		p.scroll(-p.page)
	case "pager.top":
		p.top = 0
	case "pager.bottom":
		p.scroll(len(p.lines))
	case "pager.find-next":
		p.next(1)
	case "pager.find-prev":
		p.next(-1)
	default:
		return false
	}
	return true
}

// Filter finds the first line from here on that holds the text, without case.
func (p *Pager) Filter(text string) {
	p.find = strings.ToLower(text)
	if p.find != "" && !p.matches(p.top) {
		p.next(1)
	}
}

// FilterText is what is searched for.
func (p *Pager) FilterText() string { return p.find }

func (p *Pager) matches(i int) bool {
	return i < len(p.lines) && strings.Contains(strings.ToLower(p.lines[i].text()), p.find)
}

func (l Line) text() string {
	if len(l.Segs) == 1 {
		return l.Segs[0].Text
	}
	var b strings.Builder
	for _, s := range l.Segs {
		b.WriteString(s.Text)
	}
	return b.String()
}

// next goes to the next match, round the end.
func (p *Pager) next(step int) {
	if p.find == "" || len(p.lines) == 0 {
		return
	}
	for n := 1; n <= len(p.lines); n++ {
		i := ((p.top+step*n)%len(p.lines) + len(p.lines)) % len(p.lines)
		if p.matches(i) {
			p.top = i
			return
		}
	}
}

// Wheel scrolls.
func (p *Pager) Wheel(n int) { p.scroll(n) }

// Position says where the view is: "1-38 of 120".
func (p *Pager) Position() (from, to, all int) {
	return min(p.top+1, len(p.lines)), min(p.top+p.page, len(p.lines)), len(p.lines)
}

// Draw gives h lines of w cells; the lines that match stand out.
func (p *Pager) Draw(w, h int, th *theme.Theme) []string {
	p.page = max(h, 1)
	if p.find == "" {
		p.scroll(0)
	}
	out := make([]string, 0, h)
	b := line.New(th, theme.Plain, w)
	for i := p.top; i < len(p.lines) && len(out) < h; i++ {
		b.Reset(th, theme.Plain, w)
		b.Gap(1)
		found := p.find != "" && p.matches(i)
		for _, s := range p.lines[i].Segs {
			tok := s.Tok
			if found {
				tok = theme.Match
			}
			b.Add(tok, s.Text)
		}
		b.Gap(b.Left())
		out = append(out, b.String())
	}
	for len(out) < h {
		out = append(out, theme.Blank(w))
	}
	return out
}
