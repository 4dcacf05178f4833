package console

import (
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

const (
	// pastLines and pastBytes bound what is kept of what has scrolled off.
	pastLines = 10_000
	pastBytes = 16 << 20
	// runWeight is about what a run costs besides its text.
	runWeight = 128
)

// run is text of one look.
type run struct {
	text  string
	style uv.Style
	width int
}

// packed is a line as runs: a tenth of what it takes as cells.
type packed []run

func (p packed) weight() int {
	n := runWeight
	for _, r := range p {
		n += len(r.text) + runWeight
	}
	return n
}

// past is what has scrolled off, the newest last.
type past struct {
	lines []packed
	bytes int
}

func (p *past) len() int { return len(p.lines) }

func (p *past) push(l packed) {
	p.lines = append(p.lines, l)
	p.bytes += l.weight()
	for len(p.lines) > pastLines || p.bytes > pastBytes {
		p.bytes -= p.lines[0].weight()
		p.lines[0] = nil
		p.lines = p.lines[1:]
	}
}

// pack makes clean runs of cells.
func pack(cells uv.Line) packed {
	var out packed
	var text strings.Builder
	var style uv.Style
	width := 0
	flush := func() {
		if width > 0 {
			out = append(out, run{text.String(), style, width})
			text.Reset()
			width = 0
		}
	}
	for x := 0; x < len(cells); {
		c := &cells[x]
		content, w := clean(c)
		if look := looks(c); width == 0 || !look.Equal(&style) {
			flush()
			style = look
		}
		text.WriteString(content)
		width += w
		x += w
	}
	flush()
	return out
}
