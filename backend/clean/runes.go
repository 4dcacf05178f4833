package clean

import (
	"unicode"
	"unicode/utf8"
)

// mark stands for whatever was taken out.
const mark = utf8.RuneError

// maxMarks is how many combining marks one base character keeps: Vietnamese and
// Hebrew need two, stacks of them ("Zalgo") paint over neighbouring lines.
const maxMarks = 2

// prepended returns the characters that join the one after them into a cluster
// (Grapheme_Cluster_Break=Prepend) without being format characters: at the end of
// a cell they would swallow the border.
func prepended(r rune) bool {
	switch {
	case r < 0x0d4e:
		return false
	case r == 0x0d4e, r == 0x111c2, r == 0x111c3, r == 0x113d1, r == 0x1193f, r == 0x11941:
		return true
	case r >= 0x11a84 && r <= 0x11a89:
		return true
	default:
		return r == 0x11a3a || r == 0x11d46 || r == 0x11f02
	}
}

// ambiguous reports characters that change the width of their neighbours, which
// terminals, and the two ways to measure width, do not agree on: emoji skin tones,
// regional indicators (flags), conjoining Hangul jamo (precomposed syllables are
// fine) and the half-width kana voice marks.
func ambiguous(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x11ff, r >= 0xa960 && r <= 0xa97f, r >= 0xd7b0 && r <= 0xd7ff:
		return true
	case r == 0xff9e, r == 0xff9f:
		return true
	default:
		return r >= 0x1f3fb && r <= 0x1f3ff || r >= 0x1f1e6 && r <= 0x1f1ff
	}
}

// spacing reports marks that take a cell of their own (Mc, and the Thai and Lao am).
func spacing(r rune) bool {
	return r == 0x0e33 || r == 0x0eb3 || unicode.Is(unicode.Mc, r)
}

// indic reports characters of the blocks whose scripts use spacing marks; none of
// them is wide.
func indic(r rune) bool {
	switch {
	case r < 0x0900:
		return false
	case r < 0x1100, r >= 0x1700 && r < 0x1d00, r >= 0xa800 && r < 0xac00:
		return true
	default:
		return r >= 0x11000 && r < 0x12000
	}
}

// printable reports whether r shows as itself, alone, on every terminal. What is
// not graphic are controls, format characters (bidi, joiners, tags, BOM), line and
// paragraph separators, private use and unassigned code points.
func printable(r rune) bool {
	if r < 0x7f {
		return r >= 0x20
	}
	if r == mark || !unicode.IsGraphic(r) {
		return false
	}
	if r < 0x034f {
		return true
	}
	return !unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) &&
		!prepended(r) && !ambiguous(r)
}

// plainASCII reports whether s needs no cleaning whatever it is used for.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
