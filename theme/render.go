package theme

import "strings"

const reset = "\x1b[m"

// blanks is longer than any terminal is wide in practice; Pad loops past it.
const blanks = "                                                                                                                                "

// Theme is a loaded theme. It is immutable after Load or Parse, so that any number
// of goroutines may read it.
type Theme struct {
	Name       string
	Dark       bool // made for a dark background
	Background RGB  // the background the theme was made for; never painted by Render
	Foreground RGB  // the default text colour that goes with it
	Glyphs     Glyphs
	Spinner    []string // frames, one cell each; at most 4 a second

	styles [RowCount][TokenCount]Style
	prefix [RowCount][TokenCount]string
	base   [RowCount]string
}

// Render returns s in the looks of a token in a row: one prefix, s, one reset. s
// must not contain escape sequences. An empty s stays empty.
func (t *Theme) Render(tok Token, row Row, s string) string {
	if s == "" {
		return ""
	}
	p := t.prefix[row][tok]
	if p == "" {
		return s
	}
	return p + s + reset
}

// Append writes what Render returns to b, without making a string in between.
func (t *Theme) Append(b *strings.Builder, tok Token, row Row, s string) {
	if s == "" {
		return
	}
	p := t.prefix[row][tok]
	if p == "" {
		b.WriteString(s)
		return
	}
	b.WriteString(p)
	b.WriteString(s)
	b.WriteString(reset)
}

// Pad returns n cells of the row's background; "" for n < 1.
func (t *Theme) Pad(row Row, n int) string {
	if n < 1 {
		return ""
	}
	s := Blank(n)
	if t.base[row] == "" {
		return s
	}
	return t.base[row] + s + reset
}

// Caret returns s as the cell under a text cursor: reversed, in every theme.
func (t *Theme) Caret(tok Token, s string) string {
	if s == "" {
		return ""
	}
	return t.prefix[Plain][tok] + "\x1b[7m" + s + reset
}

// Style is the look of a token in a row, for those who draw cells.
func (t *Theme) Style(tok Token, row Row) Style { return t.styles[row][tok] }

// Blank is n spaces, without looks; "" for n < 1.
func Blank(n int) string {
	if n < 1 {
		return ""
	}
	if n <= len(blanks) {
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}
