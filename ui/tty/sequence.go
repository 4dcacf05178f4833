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
	rest   int // bytes that belong to a character of several
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
	if s.rest > 0 && b >= 0x80 && b < 0xc0 {
		s.rest--
		return true
	}
	s.rest = 0
	switch {
	case b == ansi.ESC:
		s.at = escaped
	case b == ansi.CSI || b == ansi.DCS || s.at == escaped && (b == '[' || b == 'P'):
		s.at, s.params = inParams, 0
	case s.at == inParams && b >= 0x30 && b <= 0x3f:
		if b == ';' || b == ':' {
			s.params++
		}
		return s.params < mostParams
	case s.at != inParams || b < 0x20 || b > 0x2f:
		s.at, s.rest = outside, following(b)
	}
	return true
}

// following is how many bytes of a character follow its first.
func following(b byte) int {
	switch {
	case b >= 0xf0:
		return 3
	case b >= 0xe0:
		return 2
	case b >= 0xc0:
		return 1
	}
	return 0
}
