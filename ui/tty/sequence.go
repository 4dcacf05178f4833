package tty

import "github.com/charmbracelet/x/ansi"

// mostParams is how many parameters of a sequence are handed on. No terminal sends as
// many; the decoder behind us holds 32, and one more ends the program.
const mostParams = 16

// Where a sequence is.
const (
	outside = iota
	escaped
	inParams
)

// sequences bounds what a terminal sends, over the ends of reads.
type sequences struct {
	at     int
	params int
	single bool // the sequence was begun by a single byte, the last one
	char   char
	last   byte // of a character that is not whole
}

// bound takes the parameters that are too many out of p, in place, and gives what stays.
func (s *sequences) bound(p []byte) []byte {
	kept := p[:0]
	for _, b := range p {
		if s.keeps(b) {
			kept = append(kept, b)
		}
	}
	return kept
}

func (s *sequences) keeps(b byte) bool {
	if s.char.rest > 0 {
		if s.char.goesOn(b) {
			s.last = b
			return true
		}
		s.begin(s.last) // the decoder reads what is left of it one by one
	}
	single := s.single
	s.single = false
	switch {
	case single && b == 'M':
		// A click as no terminal that we ask sends it: behind so short a beginning the
		// decoder reads past its end.
		s.single = true
		return false
	case s.begin(b):
	case s.at == escaped && (b == '[' || b == 'P'):
		s.at, s.params = inParams, 0
	case s.at == inParams && b >= 0x30 && b <= 0x3f:
		if b == ';' || b == ':' {
			s.params++
		}
		return s.params < mostParams
	case s.at != inParams || b < 0x20 || b > 0x2f:
		s.at, s.last = outside, b
		s.char = charBegunBy(b)
	}
	return true
}

// begin takes a byte that begins a sequence by itself, and says whether it is one.
func (s *sequences) begin(b byte) bool {
	s.char = char{}
	switch b {
	case ansi.ESC:
		s.at = escaped
	case ansi.CSI, ansi.DCS:
		s.at, s.params, s.single = inParams, 0, b == ansi.CSI
	default:
		return false
	}
	return true
}

// char is a character of several bytes that is not whole yet (RFC 3629).
type char struct {
	rest     int  // bytes that are missing
	low, top byte // of the next
}

// charBegunBy has nothing missing for a byte that is or begins none.
func charBegunBy(b byte) char {
	switch {
	case b == 0xe0:
		return char{2, 0xa0, 0xbf}
	case b == 0xed:
		return char{2, 0x80, 0x9f}
	case b == 0xf0:
		return char{3, 0x90, 0xbf}
	case b == 0xf4:
		return char{3, 0x80, 0x8f}
	case b >= 0xc2 && b <= 0xdf:
		return char{1, 0x80, 0xbf}
	case b >= 0xe1 && b <= 0xef:
		return char{2, 0x80, 0xbf}
	case b >= 0xf1 && b <= 0xf3:
		return char{3, 0x80, 0xbf}
	}
	return char{}
}

// goesOn takes the next byte if it is of the character.
func (c *char) goesOn(b byte) bool {
	if b < c.low || b > c.top {
		return false
	}
	*c = char{c.rest - 1, 0x80, 0xbf}
	return true
}
