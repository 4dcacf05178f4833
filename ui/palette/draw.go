package palette

import (
	"fmt"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// widest is how wide the palette grows, in cells.
const widest = 80

// Draw returns the palette as a box of at most h lines and w cells, all lines equally
// wide: the line, at most 12 entries, and how many there are.
func (m *Model) Draw(w, h int, th *theme.Theme) []string {
	w = min(max(w, 0), widest)
	inner := max(w-4, 0)
	rows := max(min(maxRows, h-4, len(m.matches)), 0)
	m.top = max(min(m.top, m.cursor, len(m.matches)-rows), m.cursor-rows+1, 0)

	body := make([]string, 0, rows+2)
	b := line.New(th, theme.Plain, inner)
	b.Add(theme.Key, ":")
	m.input.Draw(b, theme.Text, &th.Glyphs, b.Left(), true)
	body = append(body, b.String())
	for i := m.top; i < m.top+rows; i++ {
		body = append(body, m.row(b, th, i, inner))
	}
	b.Reset(th, theme.Plain, inner)
	if m.note != "" {
		b.Add(theme.StateWarn, m.note)
	} else {
		b.Add(theme.Muted, fmt.Sprintf("%d of %d  tab complete  ctrl+p history  esc cancel", len(m.matches), len(m.entries)))
	}
	out := line.Frame(th, "Command", theme.Focus, append(body, b.String()), w)
	return out[:max(min(len(out), h), 0)]
}

func (m *Model) row(b *line.Builder, th *theme.Theme, i, w int) string {
	match := m.matches[i]
	e := m.entries[match.Index]
	row, sign := theme.Plain, ""
	if i == m.cursor {
		row, sign = theme.Cursor, th.Glyphs.Cursor
	}
	b.Reset(th, row, w)
	b.AddFit(theme.Accent, sign, 1)
	tok, right := theme.Text, e.Hint
	if e.Why != "" {
		tok, right = theme.Muted, e.Why
	}
	m.name(b, tok, e.Name, match.MatchedIndexes)
	room := b.Left() - 1
	if room > 3 {
		b.Gap(1).AddRight(theme.Muted, right, room)
	}
	return b.String()
}

// name draws a name with the letters that matched; at are byte positions, rising.
func (m *Model) name(b *line.Builder, tok theme.Token, name string, at []int) {
	from := 0
	for n := 0; n < len(at); {
		first := at[n]
		last := first
		for n < len(at) && at[n] <= last {
			last = at[n] + runeLen(name[at[n]:])
			n++
		}
		b.Add(tok, name[from:first]).Add(theme.Match, name[first:last])
		from = last
	}
	b.Add(tok, name[from:])
}

func runeLen(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}
