package line

import "strings"

// spell writes text in ASCII: signs of our own by what stands for them, any other
// letter as one or two question marks, as wide as it was.
func spell(text string) string {
	if strings.IndexFunc(text, notASCII) < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for len(text) > 0 {
		if text[0] <= '~' {
			b.WriteByte(text[0])
			text = text[1:]
			continue
		}
		n, w := cluster(text)
		b.WriteString(spelling(text[:n], w))
		text = text[n:]
	}
	return b.String()
}

func notASCII(r rune) bool { return r > '~' }

// spelling is what stands for one character of w cells.
func spelling(c string, w int) string {
	switch c {
	case "…":
		return "~"
	case "×":
		return "x"
	case "·", "•":
		return "."
	case "└":
		return "`"
	case "–", "—", "−":
		return "-"
	case "→":
		return ">"
	case "←":
		return "<"
	default:
		return strings.Repeat("?", w)
	}
}
