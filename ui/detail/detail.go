// Package detail draws the sections of an object: facts, graphs, small tables and
// text, in any width. It promises to draw what it is given and nothing else, one
// line after the other, each exactly as wide as asked.
package detail

import (
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/line"
	"hvdeck/ui/spark"
)

// nameWidth is the room for the name of a fact.
const nameWidth = 16

// twoColumns is the width from which facts stand in two columns.
const twoColumns = 110

// Lines draws the sections, w cells wide.
func Lines(th *theme.Theme, sections []kind.Section, w int) []string {
	d := drawer{th: th, w: w, b: line.New(th, theme.Plain, w)}
	for _, s := range sections {
		d.section(s)
	}
	return d.out
}

type drawer struct {
	th  *theme.Theme
	w   int
	b   *line.Builder
	out []string
}

func (d *drawer) end() {
	d.b.Gap(d.b.Left())
	d.out = append(d.out, d.b.String())
	d.b.Reset(d.th, theme.Plain, d.w)
}

func (d *drawer) section(s kind.Section) {
	if len(s.Facts)+len(s.Graphs)+len(s.Rows)+len(s.Lines) == 0 {
		return
	}
	if len(d.out) > 0 {
		d.end()
	}
	if s.Title != "" {
		d.b.Gap(1).Add(theme.Head, s.Title)
		d.end()
	}
	for _, g := range s.Graphs {
		d.graph(g)
	}
	d.facts(s.Facts)
	d.table(s.Head, s.Rows)
	for _, text := range s.Lines {
		d.text(text)
	}
}

func (d *drawer) graph(g kind.Graph) {
	d.b.Gap(1).AddFit(theme.Muted, g.Name, nameWidth).Gap(1)
	width := min(max(d.b.Left()-24, 8), 60)
	d.b.AddFit(theme.Spark, spark.Sparkline(&d.th.Glyphs, g.Values, width, 100), width)
	d.b.Gap(2).Add(theme.Text, g.Word)
	d.end()
}

func (d *drawer) facts(facts []kind.Fact) {
	if d.w < twoColumns {
		for _, f := range facts {
			d.fact(f, d.w)
		}
		return
	}
	half := (len(facts) + 1) / 2
	for i := range half {
		d.b.Gap(1).AddFit(theme.Muted, facts[i].Name, nameWidth).Gap(1)
		d.b.AddFit(facts[i].Tok, facts[i].Value, d.w/2-nameWidth-2)
		if i+half < len(facts) {
			f := facts[i+half]
			d.b.Gap(1).AddFit(theme.Muted, f.Name, nameWidth).Gap(1).Add(f.Tok, f.Value)
		}
		d.end()
	}
}

// fact wraps a long value under itself.
func (d *drawer) fact(f kind.Fact, w int) {
	name := f.Name
	for _, part := range line.Wrap(f.Value, max(w-nameWidth-3, 10)) {
		d.b.Gap(1).AddFit(theme.Muted, name, nameWidth).Gap(1).Add(f.Tok, part)
		d.end()
		name = ""
	}
}

func (d *drawer) table(head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	widths := columnWidths(head, rows)
	d.row(theme.Head, head, widths)
	for _, r := range rows {
		d.row(theme.Text, r, widths)
	}
}

func columnWidths(head []string, rows [][]string) []int {
	widths := make([]int, len(head))
	for i, h := range head {
		widths[i] = line.Width(h)
	}
	for _, r := range rows {
		for i, c := range r {
			if i < len(widths) {
				widths[i] = max(widths[i], line.Width(c))
			}
		}
	}
	return widths
}

func (d *drawer) row(tok theme.Token, cells []string, widths []int) {
	d.b.Gap(1)
	for i, c := range cells {
		if i < len(widths) {
			d.b.AddFit(tok, c, widths[i]).Gap(2)
		}
	}
	d.end()
}

func (d *drawer) text(s string) {
	for _, part := range line.Wrap(s, max(d.w-2, 10)) {
		d.b.Gap(1).Add(theme.Text, part)
		d.end()
	}
}
