package pane

import "strings"

// Do performs an action of the list scope by its name, and says whether it was one.
func (p *Pane) Do(id string) bool {
	if key, ok := p.sortColumn(id); ok {
		p.SortBy(key)
		return true
	}
	verb, ok := p.verbs()[id]
	if !ok {
		return false
	}
	p.rows.Hold()
	verb()
	return true
}

// verbs are the names of the list scope in the registry.
func (p *Pane) verbs() map[string]func() {
	return map[string]func(){
		"list.down":       func() { p.rows.Move(1) },
		"list.up":         func() { p.rows.Move(-1) },
		"list.top":        p.rows.Top,
		"list.bottom":     p.rows.Bottom,
		"list.half-down":  func() { p.rows.HalfPage(1) },
		"list.half-up":    func() { p.rows.HalfPage(-1) },
		"list.page-down":  func() { p.rows.Page(1) },
		"list.page-up":    func() { p.rows.Page(-1) },
		"list.left":       func() { p.rows.HScroll(-1) },
		"list.right":      func() { p.rows.HScroll(1) },
		"list.mark":       p.markAndMove,
		"list.mark-range": p.rows.MarkRange,
		"list.mark-all":   p.rows.MarkAll,
		"list.unmark":     p.rows.Unmark,
		"list.fold":       p.fold,
	}
}

func (p *Pane) markAndMove() {
	p.rows.ToggleMark()
	p.rows.Move(1)
}

// fold opens or closes a branch of a tree.
func (p *Pane) fold() {
	if p.tree != nil {
		p.tree.Toggle()
	}
}

// sortColumn reads "sort.vms.cpu".
func (p *Pane) sortColumn(id string) (string, bool) {
	return strings.CutPrefix(id, "sort."+p.Spec.Names[0]+".")
}

// Wheel scrolls without moving the cursor's object, as far as it stays in sight.
func (p *Pane) Wheel(n int) {
	p.rows.Hold()
	p.rows.Wheel(n)
}

// Click moves the cursor to a line of the drawn pane, or sorts by the column whose
// head was clicked; false when nothing is there.
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
