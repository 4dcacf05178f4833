package tty

import (
	"slices"
	"strconv"
	"strings"
)

// attr are what a pen does beside its colours.
type attr uint16

const (
	bold attr = 1 << iota
	faint
	italic
	underlined
	blinking
	reversed
	hidden
	struck
)

// onBlanks are those that a blank shows.
const onBlanks = underlined | reversed | struck

// pen is how characters are drawn. Colours are as they are asked for, "" is the default.
type pen struct {
	fg, bg, line string
	attrs        attr
	curly        string // another line than the plain one
}

// sameOnBlanks says whether a blank looks the same by either.
func (p pen) sameOnBlanks(q pen) bool {
	if p.bg != q.bg || p.attrs&onBlanks != q.attrs&onBlanks {
		return false
	}
	if p.attrs&onBlanks == 0 {
		return true
	}
	return p.fg == q.fg && p.line == q.line && p.curly == q.curly
}

// set takes the parameters of a select of graphics; false where one is not known.
func (p *pen) set(params string) bool {
	all := strings.Split(params, ";")
	for len(all) > 0 {
		used := p.take(all)
		if used == 0 {
			return false
		}
		all = all[used:]
	}
	return true
}

// take takes the first parameter with what belongs to it, and gives how many those are.
func (p *pen) take(all []string) int {
	switch code := all[0]; code {
	case "", "0":
		*p = pen{}
	case "39":
		p.fg = ""
	case "49":
		p.bg = ""
	case "59":
		p.line = ""
	case "38", "48", "58":
		n := colourLength(all)
		if n == 0 {
			return 0
		}
		*p.colour(code[0]) = strings.Join(all[:n], ";")
		return n
	default:
		return p.short(code)
	}
	return 1
}

// colourLength is how many parameters a colour has that is not of the sixteen; 0 where
// terminals may take different ones for part of it.
func colourLength(all []string) int {
	n := 0
	switch {
	case len(all) >= 3 && all[1] == "5":
		n = 3
	case len(all) >= 5 && all[1] == "2":
		n = 5
	}
	if slices.ContainsFunc(all[:n], func(one string) bool { return strings.Contains(one, ":") }) {
		return 0
	}
	return n
}

// colour is the colour of the text (3), behind it (4) or of the line under it (5).
func (p *pen) colour(digit byte) *string {
	switch digit {
	case '4':
		return &p.bg
	case '5':
		return &p.line
	}
	return &p.fg
}

// short takes a parameter that stands alone.
func (p *pen) short(code string) int {
	if len(code) == 3 && code >= "4:1" && code <= "4:5" {
		p.attrs, p.curly = p.attrs|underlined, code
		return 1
	}
	n, err := strconv.Atoi(code)
	switch {
	case err != nil:
		return 0
	case n >= 30 && n <= 37 || n >= 90 && n <= 97:
		p.fg = code
	case n >= 40 && n <= 47 || n >= 100 && n <= 107:
		p.bg = code
	default:
		return p.turn(n)
	}
	return 1
}

// turn turns an attribute on or off.
func (p *pen) turn(n int) int {
	switch {
	case n >= 1 && n <= 9 && n != 6:
		p.attrs |= attrOf(n)
	case n >= 22 && n <= 29 && n != 26:
		p.attrs &^= attrOf(n - 20)
	default:
		return 0
	}
	switch n {
	case 4, 24:
		p.curly = ""
	case 22:
		p.attrs &^= bold
	}
	return 1
}

// attrOf is the attribute that n turns on, and 20+n off.
func attrOf(n int) attr {
	return [...]attr{1: bold, 2: faint, 3: italic, 4: underlined, 5: blinking, 7: reversed, 8: hidden, 9: struck}[n]
}

// to gives what turns the pen into another; "" where nothing is to be done.
func (p pen) to(q pen) string {
	switch {
	case p == q:
		return ""
	case q == pen{}:
		return "\x1b[m"
	}
	change, anew := p.changes(q), append([]string{"0"}, pen{}.changes(q)...)
	short, long := strings.Join(change, ";"), strings.Join(anew, ";")
	if len(long) < len(short) {
		short = long
	}
	return "\x1b[" + short + "m"
}

// changes are the parameters that turn the pen into another.
func (p pen) changes(q pen) (codes []string) {
	for _, c := range []struct{ from, to, none string }{{p.fg, q.fg, "39"}, {p.bg, q.bg, "49"}, {p.line, q.line, "59"}} {
		switch {
		case c.from == c.to:
		case c.to == "":
			codes = append(codes, c.none)
		default:
			codes = append(codes, c.to)
		}
	}
	off, on := p.attrs&^q.attrs, q.attrs&^p.attrs
	if off&(bold|faint) != 0 {
		codes = append(codes, "22") // turns off both
		on |= q.attrs & (bold | faint)
		off &^= bold | faint
	}
	for n := 1; n <= 9; n++ {
		switch a := attrOf(n); {
		case off&a != 0:
			codes = append(codes, strconv.Itoa(20+n))
		case a == underlined && q.curly != "" && (on&a != 0 || p.curly != q.curly):
			codes = append(codes, q.curly)
		case on&a != 0 || a == underlined && q.attrs&a != 0 && p.curly != q.curly:
			codes = append(codes, strconv.Itoa(n))
		}
	}
	return codes
}
