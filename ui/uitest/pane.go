package uitest

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Pane is a titled box on the screen: "╭ 2 VMs ── /web ──── 3 of 60 ╮", or the same in
// ASCII.
type Pane struct {
	s     *Screen
	title string
}

// box is where a pane is, its borders included.
type box struct{ x, y, w, h int }

// Pane names the pane whose title begins with the words of title, a number before
// them and brackets around the tab in front aside. It is looked for each time: panes
// move.
func (s *Screen) Pane(title string) *Pane { return &Pane{s: s, title: title} }

// grid are the cells of the screen, so that columns can be counted; under mu.
func (s *Screen) grid() [][]string {
	w, h := s.size()
	out := make([][]string, h)
	for y := range out {
		out[y] = make([]string, w)
		for x := range out[y] {
			c := s.emu.CellAt(x, y)
			switch {
			case c != nil && c.Content != "":
				out[y][x] = c.Content
			case x == 0 || s.emu.CellAt(x-1, y).Width < 2: // not the second half of a wide character
				out[y][x] = " "
			}
		}
	}
	return out
}

// find looks for the pane; under mu.
func (p *Pane) find() (box, [][]string, bool) {
	g := p.s.grid()
	for y, row := range g {
		for x := range row {
			if b, ok := p.at(g, x, y); ok {
				return b, g, true
			}
		}
	}
	return box{}, g, false
}

func corner(cell, unicode string) bool { return cell == unicode || cell == "+" }

// at is the pane whose top left corner is at x, y.
func (p *Pane) at(g [][]string, x, y int) (box, bool) {
	if !corner(g[y][x], "╭") || x+2 >= len(g[y]) || g[y][x+1] != " " {
		return box{}, false
	}
	right := slices.IndexFunc(g[y][x+1:], func(c string) bool { return corner(c, "╮") })
	if right < 0 {
		return box{}, false
	}
	b := box{x: x, y: y, w: right + 2}
	if !p.titled(strings.Join(g[y][x+1:x+1+right], "")) {
		return box{}, false
	}
	for below := y + 1; below < len(g); below++ {
		if corner(g[below][x], "╰") {
			b.h = below - y + 1
			return b, true
		}
	}
	return box{}, false
}

// titled says whether a border with a title is this pane's.
func (p *Pane) titled(border string) bool {
	text := strings.NewReplacer("[", "", "]", "").Replace(strings.TrimLeft(border, " "))
	text = strings.TrimLeftFunc(text, unicode.IsDigit)
	text = strings.TrimLeft(text, " ")
	rest, ok := strings.CutPrefix(text, p.title)
	return ok && (rest == "" || strings.HasPrefix(rest, " "))
}

// inside is the text of the pane without its borders; under mu.
func (p *Pane) inside() ([]string, bool) {
	b, g, ok := p.find()
	if !ok {
		return nil, false
	}
	var out []string
	for y := b.y + 1; y < b.y+b.h-1; y++ {
		out = append(out, strings.TrimRight(cellText(g[y][b.x+1:b.x+b.w-1]), " "))
	}
	return out, true
}

// cellText joins cells; the second cell of a wide character is empty and gives nothing.
func cellText(cells []string) string { return strings.Join(cells, "") }

// Lines are the rows inside the pane; it fails when there is no such pane.
func (p *Pane) Lines() []string {
	p.s.t.Helper()
	p.s.frame()
	p.s.mu.Lock()
	lines, ok := p.inside()
	p.s.mu.Unlock()
	if !ok {
		p.s.fatal("there is no pane %q", p.title)
	}
	return lines
}

// Title is the whole upper border of the pane without its corners, where the filter
// and the count stand too.
func (p *Pane) Title() string {
	p.s.t.Helper()
	p.s.frame()
	p.s.mu.Lock()
	b, g, ok := p.find()
	p.s.mu.Unlock()
	if !ok {
		p.s.fatal("there is no pane %q", p.title)
		return ""
	}
	return cellText(g[b.y][b.x+1 : b.x+b.w-1])
}

// WaitFor waits until want (a string or *regexp.Regexp) is inside the pane.
func (p *Pane) WaitFor(want any, limit ...time.Duration) *Pane {
	p.s.t.Helper()
	if !p.s.until(limitOf(limit), func() bool {
		lines, ok := p.inside()
		return ok && found(strings.Join(lines, "\n"), want)
	}) {
		p.s.fatal("waited for %q in the pane %q", want, p.title)
	}
	return p
}

// WaitTitle waits until want is in the upper border.
func (p *Pane) WaitTitle(want any, limit ...time.Duration) *Pane {
	p.s.t.Helper()
	if !p.s.until(limitOf(limit), func() bool {
		b, g, ok := p.find()
		return ok && found(cellText(g[b.y][b.x+1:b.x+b.w-1]), want)
	}) {
		p.s.fatal("waited for %q in the title of the pane %q", want, p.title)
	}
	return p
}

// Expect fails when want is not inside the pane now.
func (p *Pane) Expect(want any) *Pane {
	p.s.t.Helper()
	if !found(strings.Join(p.Lines(), "\n"), want) {
		p.s.fatal("expected %q in the pane %q", want, p.title)
	}
	return p
}

// Reject fails when want is inside the pane now.
func (p *Pane) Reject(want any) *Pane {
	p.s.t.Helper()
	if found(strings.Join(p.Lines(), "\n"), want) {
		p.s.fatal("did not expect %q in the pane %q", want, p.title)
	}
	return p
}

// CursorLine is the row inside the pane that has the cursor, "" when none has it.
func (p *Pane) CursorLine() string {
	p.s.t.Helper()
	return cursorLine(p.Lines())
}

func cursorLine(lines []string) string {
	for _, l := range lines {
		if strings.HasPrefix(l, "❯") || strings.HasPrefix(l, "◈") || strings.HasPrefix(l, ">") || strings.HasPrefix(l, "#") {
			return l
		}
	}
	return ""
}

// Focus presses the number in the pane's title and waits for the cursor to be there.
func (p *Pane) Focus() *Pane {
	p.s.t.Helper()
	n := strings.TrimLeft(p.Title(), " ")
	if n == "" || n[0] < '0' || n[0] > '9' {
		p.s.fatal("the pane %q has no number", p.title)
		return p
	}
	p.s.Press(n[:1])
	if !p.s.until(patience, func() bool { lines, ok := p.inside(); return ok && cursorLine(lines) != "" }) {
		p.s.fatal("the pane %q did not get the focus", p.title)
	}
	return p
}

// Select focuses the pane and moves the cursor, first down and then up, to the row
// that holds text.
func (p *Pane) Select(text string) *Screen {
	p.s.t.Helper()
	p.WaitFor(text).Focus()
	for _, key := range []string{"j", "k"} {
		if p.walk(key, text) {
			return p.s
		}
	}
	p.s.fatal("the cursor did not come to %q in the pane %q", text, p.title)
	return p.s
}

// walk presses a key until the cursor's row holds text; false when there are no more rows
// that way. A key that takes long must not be taken for one that moved nothing: it would
// move the cursor away from where it was left.
func (p *Pane) walk(key, text string) bool {
	for {
		lines := p.Lines()
		if strings.Contains(cursorLine(lines), text) {
			return true
		}
		if key == "j" && nothingBelow(lines) {
			return false
		}
		before := cursorPlace(lines)
		p.s.Press(key)
		if !p.s.until(patience, func() bool {
			lines, ok := p.inside()
			now := cursorPlace(lines)
			return ok && now != "" && now != before
		}) {
			return false
		}
	}
}

// nothingBelow says whether the cursor is on the last row, with empty lines behind it.
func nothingBelow(lines []string) bool {
	at := cursorLine(lines)
	below := lines[slices.Index(lines, at)+1:]
	return at != "" && len(below) > 0 && strings.TrimSpace(strings.Join(below, "")) == ""
}

// cursorPlace tells one place of the cursor from another: its line and the name there,
// not the signs and figures beside it, which change by themselves.
func cursorPlace(lines []string) string {
	at := cursorLine(lines)
	for _, word := range strings.Fields(at) {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			return fmt.Sprint(slices.Index(lines, at), word)
		}
	}
	return ""
}
