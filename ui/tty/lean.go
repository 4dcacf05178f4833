package tty

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// lean leaves out of a frame the changes of the pen that nobody can see: the writer takes
// the pen back for each blank and sets it anew for what comes after, which between the
// borders of boxes is half of a first frame. What the terminal shows is the same, and so
// is its pen at the end. A frame with a broken character is left as it is: terminals take
// different lengths of what follows for part of it.
func lean(p []byte) []byte {
	if !utf8.Valid(p) {
		return p
	}
	l := thin{out: make([]byte, 0, len(p))}
	for len(p) > 0 {
		n := l.next(p)
		p = p[n:]
	}
	l.draw()
	return l.out
}

// thin writes a frame again.
type thin struct {
	out   []byte
	known bool // from the first time that the pen was taken back
	is    pen  // the terminal's
	want  pen  // the writer's

	blanks bool // the last character was a blank
}

// next takes a run of characters or a sequence and gives its length.
func (l *thin) next(p []byte) int {
	switch c := p[0]; {
	case c == ' ':
		return l.spaces(p)
	case character(utf8.DecodeRune(p)):
		n := 0
		for n < len(p) {
			r, size := utf8.DecodeRune(p[n:])
			if r == ' ' || !character(r, size) {
				break
			}
			n += size
		}
		l.draw()
		l.blanks = false
		l.out = append(l.out, p[:n]...)
		return n
	case c == '\n': // may scroll
		l.blank()
	case c == '\r' || c == '\b' || c == '\t':
	case c == ansi.ESC && len(p) > 1 && p[1] == '[':
		return l.sequence(p)
	default: // whatever it is, with all behind it
		l.foreign()
	}
	l.out = append(l.out, p[0])
	return 1
}

// spaces takes blanks, which with a mark on the last are none.
func (l *thin) spaces(p []byte) int {
	n := len(p) - len(bytes.TrimLeft(p, " "))
	if r, _ := utf8.DecodeRune(p[n:]); unicode.In(r, unicode.M, unicode.Cf) {
		l.draw()
	}
	l.blank()
	l.blanks = true
	l.out = append(l.out, p[:n]...)
	return n
}

// character says whether a rune is drawn.
func character(r rune, size int) bool {
	return r >= ' ' && (r < ansi.DEL || r >= 0xa0) && (r != utf8.RuneError || size > 1)
}

// sequence takes a control sequence.
func (l *thin) sequence(p []byte) int {
	n := 2
	for n < len(p) && p[n] >= 0x20 && p[n] <= 0x3f {
		n++
	}
	if n == len(p) {
		l.foreign()
		l.out = append(l.out, p...)
		return n
	}
	params, final := string(p[2:n]), p[n]
	n++
	if final == 'm' && plain(params) {
		l.change(params, p[:n])
		return n
	}
	switch {
	case !plain(params):
		l.foreign()
	case strings.IndexByte("ABCDGHIZd`", final) >= 0: // moves
	case strings.IndexByte("XKJ@PLMST", final) >= 0: // clears
		l.blank()
	case final == 'b' && l.blanks: // the blank before once more
		l.blank()
	case final == 'b': // the character before once more: nothing may come between them
		l.draw()
	default:
		l.foreign()
	}
	l.out = append(l.out, p[:n]...)
	return n
}

// plain says whether parameters are numbers and nothing else.
func plain(params string) bool {
	for _, c := range []byte(params) {
		if c < '0' || c > ';' {
			return false
		}
	}
	return true
}

// change takes a change of the pen, which is written when something shows it.
func (l *thin) change(params string, p []byte) {
	if params == "" || params == "0" {
		if !l.known { // whatever it was
			l.out = append(l.out, p...)
			l.is = pen{}
		}
		l.known, l.want = true, pen{}
		return
	}
	if !l.known {
		l.out = append(l.out, p...)
		return
	}
	if want := l.want; want.set(params) {
		l.want = want
		return
	}
	l.foreign()
	l.out = append(l.out, p...)
}

// foreign is before what may do anything to the pen.
func (l *thin) foreign() {
	l.draw()
	l.known = false
}

// draw is before what shows the whole pen.
func (l *thin) draw() {
	if l.known {
		l.out = append(l.out, l.is.to(l.want)...)
		l.is = l.want
	}
}

// blank is before blanks.
func (l *thin) blank() {
	if l.known && !l.is.sameOnBlanks(l.want) {
		l.draw()
	}
}
