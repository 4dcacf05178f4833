package pane

import "strings"

// mover is what the verbs of a list need; tables and trees have it.
type mover interface {
	Hold()
	Move(int)
	Page(int)
	HalfPage(int)
	Top()
	Bottom()
	Wheel(int)
	HScroll(int)
	Click(int) bool
	ColumnAt(int) (string, bool)
	ToggleMark()
	MarkRange()
	MarkAll()
	Unmark()
	MarkCount() int
}

// Perform does an action of the list scope on a table or a tree that stands on a screen
// of its own, and says whether it was one.
func Perform(m mover, id string) bool { return perform(m, id) }

// perform does an action of the list scope by its name in the registry, and says
// whether it was one.
func perform(m mover, id string) bool {
	m.Hold()
	switch id {
	case "list.down":
		m.Move(1)
	case "list.up":
		m.Move(-1)
	case "list.top":
		m.Top()
	case "list.bottom":
		m.Bottom()
	case "list.half-down":
		m.HalfPage(1)
	case "list.half-up":
		m.HalfPage(-1)
	case "list.page-down":
		m.Page(1)
	case "list.page-up":
		m.Page(-1)
	case "list.left":
		m.HScroll(-1)
	case "list.right":
		m.HScroll(1)
	case "list.mark":
		m.ToggleMark()
		m.Move(1)
	case "list.mark-range":
		m.MarkRange()
	case "list.mark-all":
		m.MarkAll()
	case "list.unmark":
		m.Unmark()
	default:
		return false
	}
	return true
}

// Do performs an action of the list scope, or a sort, by its name in the registry,
// and says whether it was one.
func (p *Pane) Do(id string) bool {
	if key, ok := strings.CutPrefix(id, "sort."+p.Spec.Names[0]+"."); ok {
		p.SortBy(key)
		return true
	}
	if id == "list.fold" {
		if p.tree != nil {
			p.tree.Toggle()
		}
		return true
	}
	return perform(p.rows, id)
}

// Hold keeps the cursor on its object, also while the first rows come in.
func (p *Pane) Hold() { p.rows.Hold() }

// Unmark clears all marks and says whether there were any.
func (p *Pane) Unmark() bool { return unmark(p.rows) }

func unmark(m mover) bool {
	had := m.MarkCount() > 0
	m.Unmark()
	return had
}

// Wheel scrolls; the cursor follows only to stay in sight.
func (p *Pane) Wheel(n int) { wheel(p.rows, n) }

func wheel(m mover, n int) {
	m.Hold()
	m.Wheel(n)
}

// Click moves the cursor to a line of the drawn pane, or sorts by the column whose
// head was clicked; false when no row is there.
func (p *Pane) Click(x, line int) bool {
	if p.rows.Click(line) {
		p.rows.Hold()
		return true
	}
	if key, ok := p.rows.ColumnAt(x); ok && line == 0 {
		p.SortBy(key)
	}
	return false
}
