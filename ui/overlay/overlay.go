// Package overlay draws what lies over the screen: questions, messages, menus. It
// promises that the cells around a box stay as they were, that the harmless answer
// holds the focus, and that keys which were under way when a box opened by itself
// answer nothing.
//
// Draw of an overlay returns its box: at most h lines of at most w cells, all lines
// equally wide. Center or Place puts it over a frame.
package overlay

import (
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Result is how an overlay stands after a key.
type Result uint8

// The results.
const (
	Open      Result = iota // stays
	Confirmed               // the operator said yes
	Cancelled               // closed without an answer
	Chosen                  // a menu entry was taken
)

// Overlay is what every box of this package is. Update takes every key: nothing behind
// the box should see it.
type Overlay interface {
	Update(msg tea.KeyPressMsg) Result
	Draw(w, h int, th *theme.Theme) []string
}

// Place lays box over base with its top left cell at x, y. What lies outside of base is
// cut. base is not changed.
func Place(base, box []string, x, y int) []string {
	out := append([]string(nil), base...)
	for i, l := range box {
		if at := y + i; at >= 0 && at < len(out) {
			out[at] = placeLine(out[at], l, x)
		}
	}
	return out
}

func placeLine(base, over string, x int) string {
	total := ansi.StringWidth(base)
	if x < 0 {
		over = ansi.TruncateLeft(over, -x, "")
		x = 0
	}
	if x >= total {
		return base
	}
	over = ansi.Truncate(over, total-x, "")
	w := ansi.StringWidth(over)
	left := ansi.Truncate(base, x, "")
	left += reset + theme.Blank(x-ansi.StringWidth(left)) // half of a wide character was cut
	rest := total - x - w
	right := cutRight(base, total, rest)
	return left + over + reset + theme.Blank(rest-ansi.StringWidth(right)) + right
}

const reset = "\x1b[m"

// cutRight is the end of s in at most rest cells.
func cutRight(s string, total, rest int) string {
	if rest < 1 {
		return ""
	}
	right := ansi.TruncateLeft(s, total-rest, "")
	if ansi.StringWidth(right) > rest {
		right = ansi.TruncateLeft(s, total-rest+1, "")
	}
	return right
}

// Center lays box over the middle of base, whose lines are w cells wide.
func Center(base, box []string, w int) []string {
	if len(box) == 0 {
		return base
	}
	bw := ansi.StringWidth(box[0])
	return Place(base, box, max((w-bw)/2, 0), max((len(base)-len(box))/2, 0))
}

// Bottom lays box over the lower edge of base, leaving the last line free.
func Bottom(base, box []string) []string {
	return Place(base, box, 0, max(len(base)-1-len(box), 0))
}

// grace swallows the keys that were typed before an overlay that opened by itself
// could be read: those that follow one another faster than quiet, at most until limit.
type grace struct {
	opened, last time.Time
	now          func() time.Time
}

const (
	quiet = 400 * time.Millisecond
	limit = 1500 * time.Millisecond
)

func (g *grace) start(now func() time.Time) {
	g.now = now
	g.opened = now()
	g.last = g.opened
}

// swallow says that the key is not meant for the overlay.
func (g *grace) swallow() bool {
	if g.now == nil {
		return false
	}
	now := g.now()
	if now.Sub(g.last) >= quiet || now.Sub(g.opened) >= limit {
		g.now = nil
		return false
	}
	g.last = now
	return true
}

// scroller is a window over lines.
type scroller struct {
	top, page, total int
}

// key moves the window; false when the key is not one of scrolling. Letters count only
// where nothing is typed.
func (s *scroller) key(name string, letters bool) bool {
	if letters {
		switch name {
		case "j":
			name = "down"
		case "k":
			name = "up"
		case "g":
			name = "home"
		case "G", "shift+g":
			name = "end"
		case "space":
			name = "pgdown"
		}
	}
	switch name {
	case "down":
		s.top++
	case "up":
		s.top--
	case "pgdown", "ctrl+d", "ctrl+f":
		s.top += max(s.page-1, 1)
	case "pgup", "ctrl+u", "ctrl+b":
		s.top -= max(s.page-1, 1)
	case "home":
		s.top = 0
	case "end":
		s.top = s.total
	default:
		return false
	}
	s.fit(s.page, s.total)
	return true
}

// fit sets the sizes and keeps the window among the lines.
func (s *scroller) fit(page, total int) {
	s.page, s.total = max(page, 1), total
	s.top = max(min(s.top, total-s.page), 0)
}

// end is the line after the last in the window.
func (s *scroller) end() int { return min(s.top+s.page, s.total) }

// padded is a line of text in w cells.
func padded(th *theme.Theme, tok theme.Token, text string, w int) string {
	return line.New(th, theme.Plain, w).Add(tok, text).String()
}

// clip cuts a box to h lines.
func clip(lines []string, h int) []string { return lines[:max(min(len(lines), h), 0)] }
