// Package tree shows rows that have parents as a tree: snapshots, backing chains,
// folders. It is a table whose first column draws the branches, so it promises what a
// table promises: work in proportion to the rows on the screen, a cursor and marks
// that follow the objects, and the same verbs. No depth is too deep: nothing recurses,
// and what lies further right than the screen is shifted into view.
//
// A Model belongs to one goroutine, the event loop.
package tree

import (
	"hvdeck/theme"
	"hvdeck/ui/table"
)

// Spec says how to read a row.
type Spec[V any, K comparable] struct {
	ID     func(v V) K
	Parent func(v V) (parent K, ok bool) // ok false: a root. A parent that is not there makes a root too
	Label  func(v V) table.Cell
	// Current marks where the object stands now (the current snapshot); may be nil.
	Current func(v V) bool
	Title   string            // of the label column
	Columns []table.Column[V] // right of the label
}

// Node is a row of the flattened tree.
type Node[V any] struct {
	Value     V
	Depth     int // 0 for a root
	Kids      int // children, whether shown or not
	Collapsed bool
	Last      bool // the last child of its parent

	parent  *Node[V]
	kids    []*Node[V]
	reached bool // from a root, while rows are linked
}

// Model is a tree of V, known by K. The verbs of the table (Move, Page, Top, Click,
// ToggleMark …) are its own.
type Model[V any, K comparable] struct {
	table.Model[*Node[V], K]

	spec      Spec[V, K]
	roots     []*Node[V]
	rows      int // shown or not
	collapsed map[K]struct{}
	glyphs    theme.Glyphs // of the Draw under way
	width     int          // cells, of the Draw under way
	shift     int          // levels hidden at the left, of the Draw under way
}

// New returns an empty tree.
func New[V any, K comparable](spec Spec[V, K]) *Model[V, K] {
	m := &Model[V, K]{spec: spec, collapsed: map[K]struct{}{}}
	cols := []table.Column[*Node[V]]{{Key: "tree", Title: spec.Title, Flex: 1, Min: minLabel, Cell: m.labelCell}}
	for _, c := range spec.Columns {
		cols = append(cols, nodeColumn(c))
	}
	m.Model = *table.New(cols, func(n *Node[V]) K { return spec.ID(n.Value) })
	return m
}

func nodeColumn[V any](c table.Column[V]) table.Column[*Node[V]] {
	return table.Column[*Node[V]]{
		Key: c.Key, Title: c.Title, Sort: c.Sort, Min: c.Min, Max: c.Max, Flex: c.Flex,
		Right: c.Right, Priority: c.Priority, Wide: c.Wide,
		Cell: func(n *Node[V]) table.Cell { return c.Cell(n.Value) },
	}
}

// Forest is rows that are linked to their parents, to be shown by a Model of the same
// Spec. It is shown once: the Model changes it.
type Forest[V any] struct {
	roots []*Node[V]
	rows  int
}

// Grow links rows: siblings in the order given. Rows in a circle of parents become roots
// rather than being lost. It may run on any goroutine, and is where the time goes.
func Grow[V any, K comparable](spec Spec[V, K], rows []V) Forest[V] {
	return Forest[V]{build(spec, rows), len(rows)}
}

// SetForest shows rows that are linked already. What was collapsed stays so.
func (m *Model[V, K]) SetForest(f Forest[V]) {
	m.roots, m.rows = f.roots, f.rows
	m.flatten()
}

// SetRows links rows and shows them.
func (m *Model[V, K]) SetRows(rows []V) { m.SetForest(Grow(m.spec, rows)) }

// SetStale tells which rows are old.
func (m *Model[V, K]) SetStale(fn func(V) bool) {
	m.Model.SetStale(func(n *Node[V]) bool { return fn(n.Value) })
}

// Cursor is the row under the cursor; false when there are none.
func (m *Model[V, K]) Cursor() (V, bool) {
	n, ok := m.Model.Cursor()
	if !ok {
		var none V
		return none, false
	}
	return n.Value, true
}

// CursorNode is the node under the cursor; nil when there are none.
func (m *Model[V, K]) CursorNode() *Node[V] {
	n, _ := m.Model.Cursor()
	return n
}

// Rows are the rows shown, in the order of the tree.
func (m *Model[V, K]) Rows() []V { return values(m.Model.Rows()) }

// Visible are the rows on the screen at the last Draw.
func (m *Model[V, K]) Visible() []V { return values(m.Model.Visible()) }

// Marked are the marked rows among those shown, in the order of the tree.
func (m *Model[V, K]) Marked() []V { return values(m.Model.Marked()) }

func values[V any](nodes []*Node[V]) []V {
	out := make([]V, len(nodes))
	for i, n := range nodes {
		out[i] = n.Value
	}
	return out
}

// SetCursorID moves to a row, opening what hides it; false when it is not there.
func (m *Model[V, K]) SetCursorID(id K) bool {
	if m.Model.SetCursorID(id) {
		return true
	}
	n := m.search(id)
	if n == nil {
		return false
	}
	for p := n.parent; p != nil; p = p.parent {
		delete(m.collapsed, m.spec.ID(p.Value))
	}
	m.flatten()
	return m.Model.SetCursorID(id)
}

func (m *Model[V, K]) search(id K) *Node[V] {
	stack := append([]*Node[V]{}, m.roots...)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if m.spec.ID(n.Value) == id {
			return n
		}
		stack = append(stack, n.kids...)
	}
	return nil
}
