package overlay

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Ask is text that has to be read and the answers to it. The first answer is the safe
// one and has the focus; a digit or enter answers.
type Ask struct {
	title, text string
	menu        *Menu
	scroll      scroller
	grace       grace
}

// NewAsk returns a question with answers.
func NewAsk(title, text string, answers []MenuItem) *Ask {
	return &Ask{title: title, text: text, menu: NewMenu("", answers)}
}

// Async says that the question opens by itself: keys under way are swallowed.
func (a *Ask) Async() *Ask {
	a.grace.start(time.Now)
	return a
}

// Grace swallows the keys that were under way when a box opened by itself.
type Grace struct{ grace }

// NewGrace starts now, on the given clock.
func NewGrace(now func() time.Time) *Grace {
	g := &Grace{}
	g.start(now)
	return g
}

// Swallow reports whether this key is not meant for the box.
func (g *Grace) Swallow() bool { return g.swallow() }

// Focus puts the cursor on an answer other than the first; -1 leaves it.
func (a *Ask) Focus(i int) *Ask {
	if i >= 0 && i < len(a.menu.items) {
		a.menu.cursor = i
	}
	return a
}

// Choice is the index of the answer taken; false before Chosen.
func (a *Ask) Choice() (int, bool) { return a.menu.Choice() }

// Update takes a key.
func (a *Ask) Update(msg tea.KeyPressMsg) Result {
	if a.grace.swallow() {
		return Open
	}
	switch name := msg.String(); name {
	case "pgup", "pgdown":
		a.scroll.key(name, false)
		return Open
	}
	return a.menu.Update(msg)
}

// Draw returns the box; a long text scrolls, the answers stay. A text that is cut says so.
func (a *Ask) Draw(w, h int, th *theme.Theme) []string {
	w = min(max(w, 0), widestMessage)
	inner := max(w-4, 1)
	text := line.Wrap(a.text, inner)
	const border = 2
	room := h - border - len(a.menu.items) - 1 // a line is between the text and the answers
	a.scroll.fit(min(max(room, 1), len(text)), len(text))
	body := make([]string, 0, len(text)+len(a.menu.items)+1)
	for _, l := range text[a.scroll.top:a.scroll.end()] {
		body = append(body, padded(th, theme.Text, l, inner))
	}
	body = append(body, padded(th, theme.Muted, a.scroll.words(), inner))
	return clip(line.Frame(th, a.title, theme.Focus, append(body, a.answers(max(h-border-len(body), 1), inner, th)...), w), h)
}

// words say which part of a text is in sight; "" when all of it is.
func (s *scroller) words() string {
	if s.total <= s.page {
		return ""
	}
	return fmt.Sprintf("line %d of %d, PgUp PgDn", s.top+1, s.total)
}

// answers are as many of them as fit, that under the cursor among them.
func (a *Ask) answers(room, w int, th *theme.Theme) []string {
	m := a.menu
	m.scroll.fit(min(room, len(m.items)), len(m.items))
	m.scroll.top = max(min(m.scroll.top, m.cursor), m.cursor-m.scroll.page+1)
	key, _ := m.widths()
	var out []string
	for i := m.scroll.top; i < m.scroll.end(); i++ {
		out = append(out, m.row(i, key, w, th))
	}
	return out
}
