// Package xmlview is XML as it is shown: coloured by what its parts are, with numbers
// of lines, and without passwords.
//
// It promises that one pass over the text is all that does not belong to a line in
// sight, that anything is shown, also what is not well-formed, and that it changes no
// letter of what it shows.
package xmlview

import (
	"strings"
	"unicode/utf8"

	"hvdeck/theme"
	"hvdeck/ui/pager"
)

// longest is how many bytes of a line are shown in one piece; the rest goes on in lines
// without a number.
const longest = 4096

// Text is XML, divided into lines. It is a pager.Source, and not changed once made.
type Text struct {
	lines   []string
	state   []state // in which each line begins
	numbers []int32
}

// New divides a text. It takes a few milliseconds for a megabyte.
func New(text string) *Text {
	t := &Text{}
	at := inText
	n := int32(0)
	for l := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		n++
		number := n
		for {
			piece := l
			if len(piece) > longest {
				piece = piece[:boundary(piece, longest)]
			}
			t.lines, t.state, t.numbers = append(t.lines, piece), append(t.state, at), append(t.numbers, number)
			at = scan(piece, at, nil)
			if l = l[len(piece):]; l == "" {
				break
			}
			number = 0
		}
	}
	return t
}

// boundary is the last beginning of a letter up to n.
func boundary(s string, n int) int {
	for i := n; i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			return i
		}
	}
	return n
}

// Len implements pager.Source.
func (t *Text) Len() int { return len(t.lines) }

// Text implements pager.Source.
func (t *Text) Text(i int) string { return t.lines[i] }

// Number implements pager.Source.
func (t *Text) Number(i int) int { return int(t.numbers[i]) }

// Line implements pager.Source.
func (t *Text) Line(i int) pager.Line {
	var l pager.Line
	scan(t.lines[i], t.state[i], func(tok theme.Token, text string) {
		if text == "" {
			return
		}
		if n := len(l.Segs); n > 0 && l.Segs[n-1].Tok == tok {
			l.Segs[n-1].Text += text
			return
		}
		l.Segs = append(l.Segs, pager.Seg{Tok: tok, Text: text})
	})
	return l
}
