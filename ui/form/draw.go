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
	foot := line.New(th, theme.Plain, inner).Add(theme.Muted, footing).String()
	lines := f.window(inner, max(h-3, 1), th) // without the frame and the foot
	out := line.Frame(th, f.Title, theme.Focus, append(lines, foot), w)
	return out[:max(min(len(out), h), 0)]
}

func (e *entry) draw(w, label int, th *theme.Theme, focused bool) string {
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
	return b.String()
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
