package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of what is kept; the rest is cut off and "…" put in its place.
const (
	MaxLine      = 256      // runes of a Line, with the "…"
	MaxText      = 64 << 10 // bytes of a Text, with the "…"
	MaxTextLines = 2000     // lines of a Text
	MaxRaw       = 4 << 20  // bytes of a Raw
)

const (
	ellipsis = "…"
	tabStop  = 8
)

// Line makes s one safe line of at most MaxLine runes. Each run of what cannot be
// shown, including tabs and line ends, becomes one U+FFFD. Printable ASCII is
// returned as it is, without an allocation.
func Line(s string) string {
	if len(s) <= MaxLine && plainASCII(s) {
		return s
	}
	w := writer{maxRunes: MaxLine}
	w.b.Grow(min(len(s), 4*MaxLine))
	w.write(s)
	return w.String()
}

// Text makes s safe to show on several lines: it keeps line ends, tabs become
// spaces up to the next multiple of 8 columns, and it holds at most MaxTextLines
// lines and MaxText bytes.
func Text(s string) string {
	if len(s) <= MaxText && plainASCII(s) {
		return s
	}
	return cutBytes(cutLines(multiline(s, MaxText), MaxTextLines), MaxText)
}

// Raw is Text for documents (XML, JSON): any number of lines, at most MaxRaw bytes.
func Raw(s string) string {
	if len(s) <= MaxRaw && plainASCII(s) {
		return s
	}
	return cutBytes(multiline(s, MaxRaw), MaxRaw)
}

// multiline cleans s and stops soon after limit bytes.
func multiline(s string, limit int) string {
	w := writer{lines: true, maxBytes: limit}
	w.b.Grow(min(len(s), limit))
	w.write(s)
	return w.b.String()
}

func cutLines(s string, limit int) string {
	if strings.Count(s, "\n") < limit {
		return s
	}
	end := 0
	for range limit - 1 {
		end += strings.IndexByte(s[end:], '\n') + 1
	}
	return s[:end] + ellipsis
}

func cutBytes(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len(ellipsis)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}

// writer takes runes and keeps the safe ones.
type writer struct {
	b        strings.Builder
	lines    bool // line ends and tabs are wanted
	maxRunes int  // 0: no limit
	maxBytes int  // 0: no limit; overrun by one rune at most

	runes  int  // written
	keep   int  // bytes of the first maxRunes-1 runes
	column int  // runes since the line began
	base   rune // the last that is not a mark; 0 where a line begins
	marks  int  // on the base
	bad    bool // the last rune written is the mark
}

func (w *writer) full() bool {
	return w.maxRunes > 0 && w.runes > w.maxRunes || w.maxBytes > 0 && w.b.Len() > w.maxBytes
}

func (w *writer) write(s string) {
	for i := 0; i < len(s) && !w.full(); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == '\r' && w.lines && strings.HasPrefix(s[i+1:], "\n") {
			r, size = '\n', 2
		}
		i += size
		w.rune(r)
	}
}

func (w *writer) rune(r rune) {
	switch {
	case w.lines && r == '\n':
		w.newline()
	case w.lines && r == '\t':
		w.put(' ')
		for w.column%tabStop != 0 {
			w.put(' ')
		}
	case !printable(r):
		w.replace()
	case spacing(r) && !indic(w.base):
		w.replace()
	case unicode.Is(unicode.M, r):
		w.combine(r)
	default:
		w.put(r)
		w.base = r
	}
}

// combine adds a mark to its base, unless it has enough. Without a base it would
// join whatever is left of the text on the screen.
func (w *writer) combine(r rune) {
	if w.column == 0 {
		w.replace()
		return
	}
	if w.marks >= maxMarks {
		return
	}
	marks := w.marks
	w.put(r)
	w.marks = marks + 1
}

func (w *writer) replace() {
	if w.bad {
		return
	}
	w.put(mark)
	w.base, w.bad = mark, true
}

func (w *writer) newline() {
	w.put('\n')
	w.column, w.base = 0, 0
}

func (w *writer) put(r rune) {
	w.b.WriteRune(r)
	w.runes++
	w.column++
	w.marks, w.bad = 0, false
	if w.runes == w.maxRunes-1 {
		w.keep = w.b.Len()
	}
}

// String is the text, cut to maxRunes.
func (w *writer) String() string {
	if w.maxRunes > 0 && w.runes > w.maxRunes {
		return w.b.String()[:w.keep] + ellipsis
	}
	return w.b.String()
}
