package overlay

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// widestMessage is how wide a message grows, in cells.
const widestMessage = 96

// Message shows text that scrolls; esc, enter and q close it.
type Message struct {
	Title string
	Tok   theme.Token // of the title: Danger for errors

	text    string
	lines   []string
	wrapped int // the width that lines are for
	scroll  scroller
	grace   grace
}

// NewMessage returns a message. Text is plain; line ends break lines.
func NewMessage(title, text string) *Message {
	return &Message{Title: title, Tok: theme.Focus, text: text, wrapped: -1}
}

// Async says that the message opens by itself: keys under way are swallowed.
func (m *Message) Async() *Message {
	m.grace.start(time.Now)
	return m
}

// Update scrolls or closes.
func (m *Message) Update(msg tea.KeyPressMsg) Result {
	if m.grace.swallow() {
		return Open
	}
	name := msg.String()
	if m.scroll.key(name, true) {
		return Open
	}
	switch name {
	case "esc", "enter", "q", "ctrl+c":
		return Cancelled
	}
	return Open
}

// Draw returns the box.
func (m *Message) Draw(w, h int, th *theme.Theme) []string {
	w = min(max(w, 0), widestMessage)
	inner := max(w-4, 1)
	if m.wrapped != inner {
		m.lines, m.wrapped = line.Wrap(m.text, inner), inner
	}
	m.scroll.fit(min(h-3, len(m.lines)), len(m.lines))
	body := make([]string, 0, m.scroll.page+1)
	for _, l := range m.lines[m.scroll.top:m.scroll.end()] {
		body = append(body, padded(th, theme.Text, l, w-4))
	}
	foot := "esc close"
	if m.scroll.total > m.scroll.page {
		foot = fmt.Sprintf("line %d of %d  j k scroll  esc close", m.scroll.top+1, m.scroll.total)
	}
	body = append(body, padded(th, theme.Muted, foot, w-4))
	return clip(line.Frame(th, m.Title, m.Tok, body, w), h)
}
