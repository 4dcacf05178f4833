// Package pager scrolls and searches text: XML, help, raw objects. It promises that
// a document of any length costs only the lines in sight to draw and to scroll, and
// one pass over its text for a search.
//
// A Pager belongs to one goroutine, the event loop.
package pager

import (
	"fmt"
	"sort"
	"strings"

	"hvdeck/theme"
)

// Line is a line of text with its looks; Segs in the order of the line.
type Line struct{ Segs []Seg }

// Seg is a piece of a line.
type Seg struct {
	Tok  theme.Token
	Text string
}

// Source gives lines as they are drawn; what is not in sight is not asked for, except
// its text by a search.
type Source interface {
	Len() int
	Line(i int) Line
	Text(i int) string
	// Number is the number that a line has for its reader; 0 for none.
	Number(i int) int
}

// lines are a Source that is made beforehand.
type lines []Line

func (l lines) Len() int          { return len(l) }
func (l lines) Line(i int) Line   { return l[i] }
func (l lines) Text(i int) string { return l[i].text() }
func (l lines) Number(i int) int  { return i + 1 }

// Plain makes lines of one look.
func Plain(text string) []Line {
	var out []Line
	for _, l := range strings.Split(text, "\n") {
		out = append(out, Line{[]Seg{{theme.Text, l}}})
	}
	return out
}

// PlainSource is Plain as a Source.
func PlainSource(text string) Source { return lines(Plain(text)) }

// Pager is a view on lines.
type Pager struct {
	src   Source
	top   int // first line in sight
	sub   int // first row of it, where lines are wrapped
	left  int // cells scrolled sideways, where they are not
	page  int
	width int // cells of text when it was last drawn

	// Wrapped breaks long lines instead of scrolling sideways; Numbered shows the
	// numbers of lines.
	Wrapped, Numbered bool

	find string
	hits []int // lines that match
	at   int   // index in hits of the match that was gone to
}

// New shows lines from the top.
func New(l []Line) *Pager { return Of(lines(l)) }

// Of shows a source from the top.
func Of(src Source) *Pager { return &Pager{src: src, page: 1, width: 80} }

// SetLines replaces the text and stays where it is.
func (p *Pager) SetLines(l []Line) { p.SetSource(lines(l)) }

// SetSource replaces the text and stays where it is.
func (p *Pager) SetSource(src Source) {
	p.src = src
	p.top, p.sub = min(p.top, max(src.Len()-1, 0)), 0
	p.search()
	p.scroll(0)
}

// sideways is how many cells a step to the side is.
const sideways = 16

// Do performs an action of the pager scope by its name, and says whether it was one.
func (p *Pager) Do(id string) bool {
	switch id {
	case "pager.down", "pager.open":
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
		p.top, p.sub = 0, 0
	case "pager.bottom":
		p.bottom()
	case "pager.left":
		p.left = max(p.left-sideways, 0)
	case "pager.right":
		p.left = min(p.left+sideways, max(p.widest()-sideways, 0))
	case "pager.fold": // plain text has nothing to fold
	case "pager.numbers":
		p.Numbered = !p.Numbered
	case "pane.wide":
		p.Wrapped, p.left, p.sub = !p.Wrapped, 0, 0
	case "pager.find-next":
		p.next(1)
	case "pager.find-prev":
		p.next(-1)
	default:
		return false
	}
	return true
}

// Wheel scrolls.
func (p *Pager) Wheel(n int) { p.scroll(n) }

// Filter searches, without regard to case, and goes to the first match from here on.
func (p *Pager) Filter(text string) {
	p.find = fold(text)
	p.search()
	if len(p.hits) == 0 {
		return
	}
	p.at = sort.SearchInts(p.hits, p.top) % len(p.hits)
	p.goTo(p.hits[p.at])
}

// FilterText is what is searched for.
func (p *Pager) FilterText() string { return p.find }

// Found says how the search stands: "3 of 17 lines"; "" without a search.
func (p *Pager) Found() string {
	switch {
	case p.find == "":
		return ""
	case len(p.hits) == 0:
		return "not found"
	default:
		return fmt.Sprintf("%d of %d lines", p.at+1, len(p.hits))
	}
}

func (p *Pager) search() {
	p.hits, p.at = nil, 0
	if p.find == "" {
		return
	}
	for i := range p.src.Len() {
		if strings.Contains(fold(p.src.Text(i)), p.find) {
			p.hits = append(p.hits, i)
		}
	}
}

// next goes to the next match, round the end.
func (p *Pager) next(step int) {
	if n := len(p.hits); n > 0 {
		p.at = (p.at + step + n) % n
		p.goTo(p.hits[p.at])
	}
}

// goTo brings a line into sight, and a match in it where lines are cut.
func (p *Pager) goTo(i int) {
	if i < p.top || i >= p.top+p.page || p.Wrapped {
		p.top, p.sub = i, 0
		p.scroll(-p.page / 3)
	}
	if p.Wrapped {
		return
	}
	text := p.src.Text(i)
	before := widthOf(text[:max(strings.Index(fold(text), p.find), 0)])
	if before < p.left || before+widthOf(p.find) > p.left+p.width {
		p.left = max(before-p.width/3, 0)
	}
}

// Position says where the view is: "1-38 of 120".
func (p *Pager) Position() (from, to, all int) {
	n := p.src.Len()
	return min(p.top+1, n), min(p.top+p.page, n), n
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

// fold makes ASCII letters small, so that the length stays.
func fold(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= 'A' && r <= 'Z' }) < 0 {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
