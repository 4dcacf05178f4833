package line

import (
	"strings"

	"hvdeck/theme"
)

// Builder makes one styled line of a fixed width from segments. Segments past the
// width are cut. The zero value is not usable; call Reset or New.
type Builder struct {
	th    *theme.Theme
	row   theme.Row
	b     strings.Builder
	used  int
	limit int
}

// New returns a builder for a line of w cells in a row state.
func New(th *theme.Theme, row theme.Row, w int) *Builder {
	b := &Builder{}
	b.Reset(th, row, w)
	return b
}

// Reset starts another line.
func (b *Builder) Reset(th *theme.Theme, row theme.Row, w int) {
	b.th, b.row, b.used, b.limit = th, row, 0, max(w, 0)
	b.b.Reset()
	b.b.Grow(b.limit * 3)
}

// Left is the number of cells still free.
func (b *Builder) Left() int { return b.limit - b.used }

// Used is the number of cells taken.
func (b *Builder) Used() int { return b.used }

// Add appends text, cut with an ellipsis when it does not fit in the line.
func (b *Builder) Add(tok theme.Token, text string) *Builder {
	return b.AddMax(tok, text, b.Left())
}

// AddMax appends text in at most w cells, cut with an ellipsis.
func (b *Builder) AddMax(tok theme.Token, text string, w int) *Builder {
	out, width := Truncate(b.spelled(text), min(w, b.Left()), b.th.Glyphs.Ellipsis)
	b.th.Append(&b.b, tok, b.row, out)
	b.used += width
	return b
}

// spelled is text as the terminal can show it.
func (b *Builder) spelled(text string) string {
	if b.th.Glyphs.ASCII {
		return spell(text)
	}
	return text
}

// AddFit appends text in exactly w cells (fewer only at the end of the line).
func (b *Builder) AddFit(tok theme.Token, text string, w int) *Builder {
	before := b.used
	return b.AddMax(tok, text, w).Gap(w - (b.used - before))
}

// AddRight is AddFit with the text at the right.
func (b *Builder) AddRight(tok theme.Token, text string, w int) *Builder {
	w = min(w, b.Left())
	out, width := Truncate(b.spelled(text), w, b.th.Glyphs.Ellipsis)
	b.Gap(w - width)
	b.th.Append(&b.b, tok, b.row, out)
	b.used += width
	return b
}

// Gap appends n cells of the row's background.
func (b *Builder) Gap(n int) *Builder {
	n = min(n, b.Left())
	if n < 1 {
		return b
	}
	b.b.WriteString(b.th.Pad(b.row, n))
	b.used += n
	return b
}

// Rule appends n times a one-cell glyph.
func (b *Builder) Rule(tok theme.Token, glyph string, n int) *Builder {
	n = min(n, b.Left())
	if n < 1 {
		return b
	}
	b.th.Append(&b.b, tok, b.row, strings.Repeat(glyph, n))
	b.used += n
	return b
}

// Raw appends what is styled already and known to be w cells wide; when it does not
// fit, blanks take its place.
func (b *Builder) Raw(styled string, w int) *Builder {
	if w > b.Left() {
		return b.Gap(b.Left())
	}
	b.b.WriteString(styled)
	b.used += w
	return b
}

// String pads the line to its width and returns it.
func (b *Builder) String() string {
	b.Gap(b.Left())
	return b.b.String()
}

// AddCursor appends text in the look of the cursor row when on: for buttons.
func (b *Builder) AddCursor(tok theme.Token, text string, on bool) *Builder {
	row := b.row
	if on {
		b.row = theme.Cursor
	}
	b.AddMax(tok, text, b.Left())
	b.row = row
	return b
}

// AddCaret appends one character as the cell under a text cursor.
func (b *Builder) AddCaret(tok theme.Token, text string) *Builder {
	out, width := Clip(b.spelled(text), b.Left())
	b.b.WriteString(b.th.Caret(tok, out))
	b.used += width
	return b
}
