package pager

import (
	"strconv"
	"strings"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Draw gives h lines of w cells; what matches the search stands out.
func (p *Pager) Draw(w, h int, th *theme.Theme) []string {
	p.page = max(h, 1)
	gutter := p.gutter()
	p.width = max(w-gutter-1, 1)
	p.scroll(0)
	out := make([]string, 0, h)
	b := line.New(th, theme.Plain, w)
	skip := p.sub
	for i := p.top; i < p.src.Len() && len(out) < h; i++ {
		rows := p.rows(i)
		for n := min(skip, len(rows)-1); n < len(rows) && len(out) < h; n++ {
			b.Reset(th, theme.Plain, w)
			b.Gap(1)
			p.number(b, i, n, gutter)
			for _, s := range rows[n] {
				b.Add(s.Tok, s.Text)
			}
			out = append(out, b.String())
		}
		skip = 0
	}
	for len(out) < h {
		out = append(out, theme.Blank(w))
	}
	return out
}

// gutter is how wide the numbers are, with the blank after them.
func (p *Pager) gutter() int {
	if !p.Numbered || p.src.Len() == 0 {
		return 0
	}
	last := 0
	for i := p.src.Len() - 1; i >= 0 && last == 0; i-- {
		last = p.src.Number(i)
	}
	return len(strconv.Itoa(last)) + 1
}

func (p *Pager) number(b *line.Builder, i, row, gutter int) {
	if gutter == 0 {
		return
	}
	text := ""
	if n := p.src.Number(i); n > 0 && row == 0 {
		text = strconv.Itoa(n)
	}
	b.AddRight(theme.Muted, text, gutter-1).Gap(1)
}

// rows are the rows that a line takes: one, from where it is scrolled to, or as many as
// it needs where lines are wrapped.
func (p *Pager) rows(i int) [][]Seg {
	segs := marked(p.src.Line(i).Segs, p.find)
	for k := range segs {
		segs[k].Text, _ = line.Clip(segs[k].Text, widestLine) // what stands for unsafe letters has to be cut, too
	}
	if !p.Wrapped {
		_, rest := cut(segs, p.left)
		return [][]Seg{rest}
	}
	var out [][]Seg
	for {
		head, rest := cut(segs, p.width)
		out = append(out, head)
		if len(rest) == 0 || len(head) == 0 { // no head: a letter wider than the line
			return out
		}
		segs = rest
	}
}

// widestLine bounds a line, in cells.
const widestLine = 1 << 16

// cut divides segments after w cells.
func cut(segs []Seg, w int) (head, rest []Seg) {
	for i, s := range segs {
		text, used := line.Clip(s.Text, w)
		if len(text) < len(s.Text) {
			if text != "" {
				head = append(head, Seg{s.Tok, text})
			}
			return head, append([]Seg{{s.Tok, s.Text[len(text):]}}, segs[i+1:]...)
		}
		head = append(head, s)
		w -= used
	}
	return head, nil
}

// marked divides segments so that what matches has the look of a match.
func marked(segs []Seg, find string) []Seg {
	if find == "" {
		return append([]Seg(nil), segs...)
	}
	whole := fold(Line{segs}.text())
	var out []Seg
	offset, next := 0, matchFrom(whole, find, 0)
	for _, s := range segs {
		end := offset + len(s.Text)
		for offset < end {
			for next >= 0 && next+len(find) <= offset {
				next = matchFrom(whole, find, next+len(find))
			}
			stop, tok := end, s.Tok
			switch {
			case next >= 0 && next <= offset:
				stop, tok = min(end, next+len(find)), theme.Match
			case next >= 0 && next < end:
				stop = next
			}
			out = append(out, Seg{tok, s.Text[len(s.Text)-(end-offset) : len(s.Text)-(end-stop)]})
			offset = stop
		}
	}
	return out
}

func matchFrom(text, find string, from int) int {
	i := strings.Index(text[from:], find)
	if i < 0 {
		return -1
	}
	return from + i
}

// scroll moves by n rows, at most to where the last line ends the page.
func (p *Pager) scroll(n int) {
	if !p.Wrapped {
		p.top, p.sub = max(min(p.top+n, p.src.Len()-p.page), 0), 0
		return
	}
	for ; n < 0 && (p.top > 0 || p.sub > 0); n++ {
		if p.sub > 0 {
			p.sub--
			continue
		}
		p.top--
		p.sub = len(p.rows(p.top)) - 1
	}
	if n > 0 {
		p.down(n)
	}
	if p.top < p.src.Len() {
		p.sub = min(p.sub, len(p.rows(p.top))-1)
	}
}

// down goes n rows down, to where the last page begins at most. The rows of a line are
// counted once: a long one has hundreds.
func (p *Pager) down(n int) {
	top, sub := p.lastPage()
	for rows := -1; n > 0 && (p.top < top || p.top == top && p.sub < sub); n-- {
		if rows < 0 {
			rows = len(p.rows(p.top))
		}
		if p.sub+1 < rows {
			p.sub++
			continue
		}
		p.top, p.sub, rows = p.top+1, 0, -1
	}
}

// lastPage is the line and its row at which the last page of wrapped lines begins.
func (p *Pager) lastPage() (top, sub int) {
	left := max(p.page, 1)
	for i := p.src.Len() - 1; i >= 0; i-- {
		n := len(p.rows(i))
		if n >= left {
			return i, n - left
		}
		left -= n
	}
	return 0, 0
}

func (p *Pager) bottom() {
	p.top, p.sub = max(p.src.Len()-p.page, 0), 0
	if p.Wrapped {
		p.top, p.sub = p.lastPage()
	}
}

// widest is the widest line in sight, in cells.
func (p *Pager) widest() int {
	most := 0
	for i := p.top; i < min(p.top+p.page, p.src.Len()); i++ {
		most = max(most, widthOf(p.src.Text(i)))
	}
	return most
}

func widthOf(s string) int { return line.Width(s) }
