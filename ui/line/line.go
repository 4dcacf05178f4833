// Package line fits text into cells. It promises that what it returns is never wider
// than asked, by the measure of a terminal (wide characters are two cells, combining
// marks none), and that ASCII costs one pass without an allocation.
//
// All text is plain: escape sequences are not understood but made harmless, as are
// control characters and clusters on whose width terminals disagree.
package line

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
)

// placeholder stands for what must not reach a terminal.
const placeholder = "?"

// Width is the number of cells that s takes when drawn by this package.
func Width(s string) int {
	_, w, _ := cut(s, -1)
	return w
}

// Clip returns as much of s as fits in w cells, and its width. No ellipsis.
func Clip(s string, w int) (string, int) {
	out, width, _ := cut(s, max(w, 0))
	return out, width
}

// Truncate returns s, or its beginning with the ellipsis when it is wider than w
// cells, and the width of the result.
func Truncate(s string, w int, ellipsis string) (string, int) {
	if w < 1 {
		return "", 0
	}
	out, width, whole := cut(s, w)
	if whole {
		return out, width
	}
	ew := Width(ellipsis)
	if ew > w {
		return out, width
	}
	out, width, _ = cut(s, w-ew)
	return out + ellipsis, width + ew
}

// TruncateLeft keeps the end of s: for paths, whose last part tells most.
func TruncateLeft(s string, w int, ellipsis string) (string, int) {
	if w < 1 {
		return "", 0
	}
	out, width, whole := cut(s, w)
	if whole {
		return out, width
	}
	out, total, _ := cut(s, -1)
	drop := total - w + Width(ellipsis)
	for drop > 0 && out != "" {
		n, cw := cluster(out)
		out = out[n:]
		drop -= cw
		total -= cw
	}
	out, width, _ = cut(ellipsis+out, w)
	return out, width
}

// Fit returns s in exactly w cells, truncated or padded at the right.
func Fit(s string, w int, ellipsis string) string {
	out, width := Truncate(s, w, ellipsis)
	return out + theme.Blank(w-width)
}

// FitRight returns s in exactly w cells, truncated or padded at the left.
func FitRight(s string, w int, ellipsis string) string {
	out, width := Truncate(s, w, ellipsis)
	return theme.Blank(w-width) + out
}

// Join joins lines of panes side by side. Each pane is a block of equally many lines
// of equal width; the shortest decides how many lines there are.
func Join(panes ...[]string) []string {
	if len(panes) == 0 {
		return nil
	}
	n := len(panes[0])
	for _, p := range panes {
		n = min(n, len(p))
	}
	out := make([]string, n)
	var b strings.Builder
	for i := range out {
		b.Reset()
		for _, p := range panes {
			b.WriteString(p[i])
		}
		out[i] = b.String()
	}
	return out
}

// Wrap breaks text into lines of at most w cells, at spaces where it can. Newlines in
// the text break too. Empty text is one empty line.
func Wrap(text string, w int) []string {
	if w < 1 {
		return nil
	}
	var out []string
	for _, paragraph := range strings.Split(text, "\n") {
		out = append(out, wrapParagraph(paragraph, w)...)
	}
	return out
}

func wrapParagraph(text string, w int) []string {
	var out []string
	rest, _, _ := cut(text, -1)
	for {
		head, _, whole := cut(rest, w)
		if whole {
			return append(out, head)
		}
		if head == "" { // one character, wider than the line
			n, _ := cluster(rest)
			rest = rest[n:]
			continue
		}
		if i := strings.LastIndexByte(head, ' '); i > 0 && rest[len(head)] != ' ' {
			head = head[:i]
		}
		out = append(out, strings.TrimRight(head, " "))
		rest = strings.TrimLeft(rest[len(head):], " ")
	}
}

// cut returns the longest beginning of s within limit cells (no limit when negative),
// its width, and whether that is all of s.
func cut(s string, limit int) (out string, width int, whole bool) {
	i := 0
	for i < len(s) {
		n := simple(s[i:])
		if n == 0 { // it may belong to the character before: start over, by the book
			return cutClusters(s, limit)
		}
		if width == limit {
			return s[:i], width, false
		}
		i += n
		width++
	}
	return s, width, true
}

// simple is the length of the first character of s when it is one that every terminal
// draws in one cell: ASCII, Latin, Cyrillic letters, and the signs that the screens are
// drawn with. 0 otherwise.
func simple(s string) int {
	if s[0] < utf8.RuneSelf {
		if s[0] >= ' ' && s[0] <= '~' {
			return 1
		}
		return 0
	}
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r >= 0xa1 && r <= 0x2ff && r != 0xad, // Latin, without the soft hyphen
		r >= 0x410 && r <= 0x44f,   // Cyrillic letters
		r >= 0x2500 && r <= 0x25fc, // boxes, blocks, shapes
		r == '…', r == '❯', r == '›', r == '✓', r == '✗', r == '•':
		return n
	}
	return 0
}

// cutClusters is cut for all that is not simple: character by character as a reader
// sees them, with the placeholder for what is not safe.
func cutClusters(s string, limit int) (out string, width int, whole bool) {
	var clean strings.Builder
	from, i := 0, 0 // s[from:i] is good and not in clean yet
	for i < len(s) {
		n, w := cluster(s[i:])
		good := safe(s[i:i+n], w)
		if !good {
			w = len(placeholder)
		}
		if limit >= 0 && width+w > limit {
			return clean.String() + s[from:i], width, false
		}
		if !good {
			clean.WriteString(s[from:i])
			clean.WriteString(placeholder)
			from = i + n
		}
		i += n
		width += w
	}
	return clean.String() + s[from:], width, true
}

// cluster is the length in bytes and cells of the first character of s as read.
func cluster(s string) (n, width int) {
	if s[0] >= ' ' && s[0] <= '~' && (len(s) == 1 || s[1] < 0x80) {
		return 1, 1
	}
	c, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return len(c), w
}

// safe says that every terminal takes the cluster for w cells, w at least one, and that
// it keeps to itself: neither the blank before nor the one after melts into it.
func safe(c string, w int) bool {
	if len(c) == 1 {
		return c[0] >= ' ' && c[0] <= '~'
	}
	if w < 1 || !utf8.ValidString(c) {
		return false
	}
	if r, n := utf8.DecodeRuneInString(c); n == len(c) && w == 2 && ideograph(r) {
		return true
	}
	alone := " " + c + " "
	return ansi.StringWidthWc(alone) == w+2 && ansi.StringWidth(alone) == w+2
}

// ideograph says that r is a letter of the common East Asian scripts: always two cells.
func ideograph(r rune) bool {
	return r >= 0x3041 && r <= 0x30ff || r >= 0x4e00 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7a3
}
