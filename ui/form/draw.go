package form

import (
	"fmt"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

const (
	widest  = 76 // cells of a form, at most
	footing = "enter ok  tab next  esc cancel"
)

// Draw returns the form as a box of at most h lines and w cells, all lines equally
// wide. What does not fit is scrolled so that the field in focus is seen.
func (f *Form) Draw(w, h int, th *theme.Theme) []string {
	w = min(max(w, 0), widest)
	inner := max(w-4, 0)
	lines, from, to := f.body(inner, th)
	foot := line.New(th, theme.Plain, inner).Add(theme.Muted, footing).String()
	room := h - 3 // frame and foot
	if room < 1 {
		room = 1
	}
	if len(lines) > room {
		start := max(min(from, len(lines)-room), to-room, 0)
		lines = lines[start : start+room]
	}
	out := line.Frame(th, f.Title, theme.Focus, append(lines, foot), w)
	return out[:max(min(len(out), h), 0)]
}

// body is every line inside the box, and where the field in focus begins and ends.
func (f *Form) body(w int, th *theme.Theme) (lines []string, from, to int) {
	label := 0
	for _, e := range f.entries {
		label = max(label, line.Width(e.Label))
	}
	label = min(label, w/2)
	shown := f.shown()
	for i, e := range f.entries {
		if !shown[i] {
			continue
		}
		if i == f.focus {
			from = len(lines)
		}
		lines = append(lines, e.draw(w, label, th, i == f.focus)...)
		if i == f.focus {
			to = len(lines)
		}
	}
	return lines, from, to
}

func (e *entry) draw(w, label int, th *theme.Theme, focused bool) []string {
	g := &th.Glyphs
	b := line.New(th, theme.Plain, w)
	sign, tok := "", theme.Text
	if focused {
		sign, tok = g.Cursor, theme.Focus
	}
	b.AddFit(theme.Accent, sign, 1).Gap(1).AddFit(tok, e.Label, label).Gap(2)
	if e.input != nil {
		e.input.Draw(b, theme.Text, g, b.Left(), focused)
	} else {
		e.drawPick(b, g, focused)
	}
	out := []string{b.String()}
	if e.err != nil {
		return append(out, note(th, w, label, theme.StateBad, g.Failed+" "+e.err.Error())...)
	}
	if focused && e.Hint != "" {
		return append(out, note(th, w, label, theme.Muted, e.Hint)...)
	}
	return out
}

// note is text under a field, in as many lines as it takes.
func note(th *theme.Theme, w, label int, tok theme.Token, text string) []string {
	indent := min(label+4, w/2)
	var out []string
	for _, l := range line.Wrap(text, max(w-indent, 1)) {
		out = append(out, line.New(th, theme.Plain, w).Gap(indent).Add(tok, l).String())
	}
	return out
}

func (e *entry) drawPick(b *line.Builder, g *theme.Glyphs, focused bool) {
	if len(e.Choices) == 0 {
		b.Add(theme.Muted, "nothing to choose from")
		return
	}
	text := e.Choices[min(e.pick, len(e.Choices)-1)].label()
	if !focused {
		b.Add(theme.Text, text)
		return
	}
	count := ""
	if len(e.Choices) > 2 {
		count = fmt.Sprintf("  %d of %d", e.pick+1, len(e.Choices))
	}
	if e.seek != "" {
		count += "  /" + e.seek
	}
	b.Add(theme.Key, g.Left+" ")
	b.AddMax(theme.Accent, text, max(b.Left()-2-line.Width(count), 1))
	b.Add(theme.Key, " "+g.Right).Add(theme.Muted, count)
}
