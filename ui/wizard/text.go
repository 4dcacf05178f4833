package wizard

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/line"
	"hvdeck/ui/pager"
)

// Line is a line of a Text; it is wrapped, with what follows under what begins it.
type Line struct {
	Tok    theme.Token
	Indent int // cells
	Text   string
	// Note stands before the text in a column of its own; "" for none.
	Note string
}

// Text is a page to be read.
type Text struct {
	Name  string
	Lines []Line
	// Accept is the key that goes on; "enter", or one that nobody presses in passing. ""
	// where there is no way on.
	Accept Key
	// Others are keys of the page's own.
	Others []Key

	pager   *pager.Pager
	width   int // that the pager's lines are for
	pressed string
}

// noteWidth is how wide the column of the notes is at most.
const noteWidth = 14

// Title implements Page.
func (t *Text) Title() string {
	if t.pager == nil {
		return t.Name
	}
	if from, to, all := t.pager.Position(); to-from+1 < all {
		return fmt.Sprintf("%s  (%d-%d of %d lines)", t.Name, from, to, all)
	}
	return t.Name
}

// Keys implements Page.
func (t *Text) Keys() []Key {
	var out []Key
	if t.Accept.Key != "" {
		out = append(out, t.Accept)
	}
	out = append(out, t.Others...)
	return append(out, Key{"j k", "scroll"})
}

// Pressed is the key of the page's own that was pressed last.
func (t *Text) Pressed() string { return t.pressed }

// Update implements Page.
func (t *Text) Update(msg tea.KeyPressMsg) Result {
	name := msg.String()
	if name == t.Accept.Key && name != "" {
		return Next
	}
	for _, k := range t.Others {
		if name == k.Key {
			t.pressed = name
			return Other
		}
	}
	if t.pager != nil {
		t.pager.Do(scrolling(name))
	}
	return Stay
}

// scrolling is the pager's name for a key.
func scrolling(key string) string {
	switch key {
	case "j", "down":
		return "pager.down"
	case "k", "up":
		return "pager.up"
	case "space", "pgdown", "ctrl+f":
		return "pager.page-down"
	case "pgup":
		return "pager.page-up"
	case "ctrl+d":
		return "pager.half-down"
	case "ctrl+u":
		return "pager.half-up"
	case "g", "home":
		return "pager.top"
	case "G", "end":
		return "pager.bottom"
	default:
		return ""
	}
}

// Paste implements Page.
func (t *Text) Paste(string) {}

// Draw implements Page. The text is wrapped once for a width.
func (t *Text) Draw(w, h int, th *theme.Theme) []string {
	if t.pager == nil {
		t.pager, t.width = pager.New(nil), -1
	}
	if t.width != w {
		t.width = w
		t.pager.SetLines(wrapped(t.Lines, max(w-1, 1))) // the pager leaves a cell free
	}
	return t.pager.Draw(w, h, th)
}

func wrapped(lines []Line, w int) []pager.Line {
	column := 0
	for _, l := range lines {
		column = min(max(column, line.Width(l.Note)), noteWidth, w/3)
	}
	out := make([]pager.Line, 0, len(lines))
	for _, l := range lines {
		out = append(out, wrapOne(l, column, w)...)
	}
	return out
}

func wrapOne(l Line, column, w int) []pager.Line {
	indent := min(l.Indent, w/3)
	lead := indent
	if l.Note != "" {
		lead += column + 2
	}
	var out []pager.Line
	for i, words := range line.Wrap(l.Text, max(w-lead, 1)) {
		segs := []pager.Seg{{Tok: theme.Text, Text: theme.Blank(lead)}, {Tok: l.Tok, Text: words}}
		if i == 0 && l.Note != "" {
			segs[0] = pager.Seg{Tok: theme.Muted, Text: theme.Blank(indent) + line.Fit(l.Note, column, "…") + "  "}
		}
		out = append(out, pager.Line{Segs: segs})
	}
	return out
}
