package tree

import (
	"strings"

	"hvdeck/theme"
	"hvdeck/ui/table"
)

// minLabel is what a label may expect of a narrow screen, in cells.
const minLabel = 8

// branchWidth is the width of one level, in cells.
const branchWidth = 3

// Draw returns h lines of w cells.
func (m *Model[V, K]) Draw(w, h int, th *theme.Theme, focused bool, o table.Opts) []string {
	m.glyphs, m.width = th.Glyphs, w
	m.shift = m.shiftFor(w)
	return m.Model.Draw(w, h, th, focused, o)
}

// shiftFor is how many levels must go at the left, so that the row under the cursor
// can be read. A third of the width is for the columns.
func (m *Model[V, K]) shiftFor(w int) int {
	n := m.CursorNode()
	if n == nil {
		return 0
	}
	room := w
	if len(m.spec.Columns) > 0 {
		room = w * 2 / 3
	}
	levels := max((room-minLabel)/branchWidth, 1)
	return max(n.Depth-levels, 0)
}

// labelCell draws the branches, the sign of the current position and the label.
func (m *Model[V, K]) labelCell(n *Node[V]) table.Cell {
	segs := make([]table.Seg, 0, 5)
	if b := m.branches(n); b != "" {
		segs = append(segs, table.Seg{Text: b, Tok: theme.Border})
	}
	if n.Collapsed {
		segs = append(segs, table.Seg{Text: m.glyphs.Collapsed + " ", Tok: theme.Key})
	}
	if m.spec.Current != nil && m.spec.Current(n.Value) {
		segs = append(segs, table.Seg{Text: m.glyphs.On + " ", Tok: theme.Accent})
	}
	label := m.spec.Label(n.Value)
	if label.Segs != nil {
		return table.Cell{Segs: append(segs, label.Segs...)}
	}
	return table.Cell{Segs: append(segs, table.Seg{Text: label.Text, Tok: label.Tok})}
}

// branches is the drawing left of a label: one piece for each level not shifted away.
func (m *Model[V, K]) branches(n *Node[V]) string {
	levels := n.Depth - m.shift
	if m.shift > 0 && levels <= 0 {
		return m.glyphs.Left + " "
	}
	if levels <= 0 {
		return ""
	}
	if levels*branchWidth > m.width { // off the screen: the label counts, and the work stays small
		return m.glyphs.Right + " "
	}
	pieces := make([]string, levels)
	pieces[levels-1] = m.glyphs.Branch
	if n.Last {
		pieces[levels-1] = m.glyphs.LastBranch
	}
	p := n.parent
	for i := levels - 2; i >= 0; i-- {
		pieces[i] = m.glyphs.Pass
		if p.Last {
			pieces[i] = m.glyphs.NoBranch
		}
		p = p.parent
	}
	return strings.Join(pieces, "")
}
