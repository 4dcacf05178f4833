package wizard

import (
	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Item is one of the things to choose from.
type Item struct {
	Label string
	About string // under the label
}

// Choice is a page to choose one item on.
type Choice struct {
	Name  string
	Items []Item
	At    int // index of the item under the cursor
}

// Title implements Page.
func (c *Choice) Title() string { return c.Name }

// Keys implements Page.
func (c *Choice) Keys() []Key { return []Key{{"enter", "choose"}, {"j k", "move"}} }

// Update implements Page.
func (c *Choice) Update(msg tea.KeyPressMsg) Result {
	last := len(c.Items) - 1
	switch msg.String() {
	case "enter":
		return Next
	case "j", "down", "tab":
		c.At = min(c.At+1, last)
	case "k", "up", "shift+tab":
		c.At = max(c.At-1, 0)
	case "g", "home":
		c.At = 0
	case "G", "shift+g", "end":
		c.At = last
	}
	return Stay
}

// Paste implements Page.
func (c *Choice) Paste(string) {}

// Draw implements Page: the items from the one that brings the cursor's into sight.
func (c *Choice) Draw(w, h int, th *theme.Theme) []string {
	cursor := c.item(c.At, w, th)
	out := cursor
	for i := c.At - 1; i >= 0; i-- {
		above := c.item(i, w, th)
		if len(above)+len(out) > h {
			break
		}
		out = append(above, out...)
	}
	for i := c.At + 1; i < len(c.Items) && len(out) < h; i++ {
		out = append(out, c.item(i, w, th)...)
	}
	out = out[:min(len(out), h)]
	for len(out) < h {
		out = append(out, theme.Blank(w))
	}
	return out
}

func (c *Choice) item(i, w int, th *theme.Theme) []string {
	it := c.Items[i]
	l := line.New(th, theme.Plain, w)
	sign, tok := "", theme.Text
	if i == c.At {
		sign, tok = th.Glyphs.Cursor, theme.Focus
	}
	out := []string{l.AddFit(theme.Accent, sign, 1).Gap(1).Add(tok, it.Label).String()}
	if it.About == "" {
		return out
	}
	for _, words := range line.Wrap(it.About, max(w-4, 1)) {
		l.Reset(th, theme.Plain, w)
		out = append(out, l.Gap(min(4, w)).Add(theme.Muted, words).String())
	}
	return out
}
