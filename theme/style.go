package theme

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"
)

// RGB is a colour of a theme, 24 bits; the terminal library brings it down to what
// the terminal can show. The zero value means the terminal's own colour.
type RGB struct {
	R, G, B uint8
	Set     bool
}

// Color is the value for libraries that take one; nil for the terminal's own.
func (c RGB) Color() color.Color {
	if !c.Set {
		return nil
	}
	return color.RGBA{R: c.R, G: c.G, B: c.B, A: 0xff}
}

// Style is how one token or row looks. Attributes add up when a token stands in a
// row; the token's colours win over the row's text colour, the row's background
// over the token's.
type Style struct {
	FG, BG                                RGB
	Bold, Dim, Italic, Underline, Reverse bool
}

// ParseStyle reads words such as "bold #88c0d0 on #2e3440". The words are bold, dim,
// italic, underline, reverse, plain (nothing set), a colour as #rrggbb, and "on"
// before a background colour. An unknown word is an error.
func ParseStyle(text string) (Style, error) {
	var s Style
	words := strings.Fields(text)
	if len(words) == 0 {
		return s, fmt.Errorf("empty style; write \"plain\" for the terminal's own colours")
	}
	for i := 0; i < len(words); i++ {
		if s.setAttribute(words[i]) {
			continue
		}
		target := &s.FG
		if words[i] == "on" {
			i++
			if i == len(words) {
				return s, fmt.Errorf("style %q: no colour after \"on\"", text)
			}
			target = &s.BG
		}
		c, err := parseRGB(words[i])
		if err != nil {
			return s, fmt.Errorf("style %q: %w", text, err)
		}
		*target = c
	}
	return s, nil
}

func (s *Style) setAttribute(word string) bool {
	switch word {
	case "plain":
	case "bold":
		s.Bold = true
	case "dim":
		s.Dim = true
	case "italic":
		s.Italic = true
	case "underline":
		s.Underline = true
	case "reverse":
		s.Reverse = true
	default:
		return false
	}
	return true
}

func parseRGB(word string) (RGB, error) {
	hex, ok := strings.CutPrefix(word, "#")
	if !ok || len(hex) != 6 {
		return RGB{}, fmt.Errorf("%q is neither a colour (#rrggbb) nor bold, dim, italic, underline, reverse, plain, on", word)
	}
	v, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		return RGB{}, fmt.Errorf("%q is not a colour (#rrggbb)", word)
	}
	return RGB{R: uint8(v >> 16 & 0xff), G: uint8(v >> 8 & 0xff), B: uint8(v & 0xff), Set: true}, nil
}

// on is the style of a token in a row.
func (s Style) on(row Style) Style {
	out := Style{
		FG: s.FG, BG: s.BG,
		Bold: s.Bold || row.Bold, Dim: s.Dim || row.Dim, Italic: s.Italic || row.Italic,
		Underline: s.Underline || row.Underline, Reverse: s.Reverse || row.Reverse,
	}
	if !out.FG.Set {
		out.FG = row.FG
	}
	if row.BG.Set {
		out.BG = row.BG
	}
	return out
}

// withoutColour keeps the attributes only.
func (s Style) withoutColour() Style {
	s.FG, s.BG = RGB{}, RGB{}
	return s
}

// sgr is the escape sequence that turns the style on; "" for a plain one.
func (s Style) sgr() string {
	var p []string
	for _, a := range []struct {
		on   bool
		code string
	}{{s.Bold, "1"}, {s.Dim, "2"}, {s.Italic, "3"}, {s.Underline, "4"}, {s.Reverse, "7"}} {
		if a.on {
			p = append(p, a.code)
		}
	}
	if s.FG.Set {
		p = append(p, "38;"+s.FG.sgr())
	}
	if s.BG.Set {
		p = append(p, "48;"+s.BG.sgr())
	}
	if len(p) == 0 {
		return ""
	}
	return "\x1b[" + strings.Join(p, ";") + "m"
}

// sgr is the colour as parameters of SGR: by its number where the 256 colours of xterm
// have it, in half the bytes. Borders alone are a hundred colours of a first screen,
// which a line of 64 kbit/s takes a tenth of a second for. Terminals let nobody redefine
// the colours from 16 on in practice.
func (c RGB) sgr() string {
	if n, ok := c.indexed(); ok {
		return "5;" + strconv.Itoa(n)
	}
	return fmt.Sprintf("2;%d;%d;%d", c.R, c.G, c.B)
}

// indexed is the number among the 256 colours of xterm: a cube of six levels, then a
// ramp of greys. Those below 16 are every terminal's own.
func (c RGB) indexed() (int, bool) {
	const cube, ramp = 16, 232
	if c.R == c.G && c.G == c.B && c.R >= 8 && c.R <= 238 && (c.R-8)%10 == 0 {
		return ramp + int(c.R-8)/10, true
	}
	n := 0
	for _, v := range []uint8{c.R, c.G, c.B} {
		level, ok := map[uint8]int{0: 0, 95: 1, 135: 2, 175: 3, 215: 4, 255: 5}[v]
		if !ok {
			return 0, false
		}
		n = 6*n + level
	}
	return cube + n, true
}
