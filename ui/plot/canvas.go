package plot

import (
	"math"

	"hvdeck/theme"
)

// span is what falls into one column of dots, from the lowest to the highest dot.
type span struct {
	low, high int
	some      bool // false: a gap
}

// canvas draws the values as characters, row 0 the uppermost.
func (p Plot) canvas(th *theme.Theme, cols, rows int) [][]rune {
	out := make([][]rune, rows)
	for y := range out {
		out[y] = make([]rune, cols)
		for x := range out[y] {
			out[y][x] = ' '
		}
	}
	if th.Glyphs.ASCII {
		p.ascii(out)
		return out
	}
	p.braille(out)
	return out
}

// spans shares the values among n columns of dots, height dots high, and joins each
// column with the one before, so that a line comes of it.
func (p Plot) spans(n, height int) []span {
	out := make([]span, n)
	top := p.top()
	values := len(p.Values)
	for x := range out {
		from := x * values / n
		to := max((x+1)*values/n, from+1)
		if from < values {
			out[x] = spanOf(p.Values[from:min(to, values)], top, height)
		}
	}
	for x := n - 1; x > 0; x-- {
		join(out[x-1], &out[x])
	}
	return out
}

func spanOf(values []float64, top float64, height int) span {
	var s span
	for _, v := range values {
		if !known(v) {
			continue
		}
		dot := int(math.Round(math.Max(0, math.Min(1, v/top)) * float64(height-1)))
		if !s.some {
			s = span{dot, dot, true}
			continue
		}
		s.low, s.high = min(s.low, dot), max(s.high, dot)
	}
	return s
}

// join makes a column reach to the one before it.
func join(before span, s *span) {
	if !before.some || !s.some {
		return
	}
	if s.low > before.high+1 {
		s.low = before.high + 1
	}
	if s.high < before.low-1 {
		s.high = before.low - 1
	}
}

// braille has two by four dots in a cell.
func (p Plot) braille(out [][]rune) {
	const across, down, blank = 2, 4, 0x2800
	bits := [across][down]rune{{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}} // from the lowest dot
	rows := len(out)
	for x, s := range p.spans(len(out[0])*across, rows*down) {
		if !s.some {
			continue
		}
		for dot := s.low; dot <= s.high; dot++ {
			cell := &out[rows-1-dot/down][x/across]
			if *cell == ' ' {
				*cell = blank
			}
			*cell |= bits[x%across][dot%down]
		}
	}
}

// ascii has three heights in a cell.
func (p Plot) ascii(out [][]rune) {
	const down = 3
	levels := [down]rune{'_', '-', '\''}
	rows := len(out)
	for x, s := range p.spans(len(out[0]), rows*down) {
		if !s.some {
			continue
		}
		for row := s.low / down; row <= s.high/down; row++ {
			cell := &out[rows-1-row][x]
			*cell = '|'
			if low, high := max(s.low, row*down), min(s.high, row*down+down-1); low == high {
				*cell = levels[low%down]
			}
		}
	}
}
