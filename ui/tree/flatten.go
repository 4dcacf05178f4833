package tree

import "slices"

// build links the rows and returns the roots.
func build[V any, K comparable](spec Spec[V, K], rows []V) []*Node[V] {
	nodes := make([]Node[V], len(rows))
	byID := make(map[K]*Node[V], len(rows))
	for i, v := range rows {
		nodes[i].Value = v
		byID[spec.ID(v)] = &nodes[i]
	}
	var roots []*Node[V]
	for i := range nodes {
		n := &nodes[i]
		p := parentOf(spec, byID, n)
		if p == nil {
			roots = append(roots, n)
			continue
		}
		n.parent = p
		p.kids = append(p.kids, n)
	}
	return breakCircles(nodes, roots)
}

func parentOf[V any, K comparable](spec Spec[V, K], byID map[K]*Node[V], n *Node[V]) *Node[V] {
	id, ok := spec.Parent(n.Value)
	if !ok {
		return nil
	}
	p := byID[id]
	if p == n {
		return nil
	}
	return p
}

// breakCircles makes roots of rows that no root leads to, until each is reached.
func breakCircles[V any](nodes []Node[V], roots []*Node[V]) []*Node[V] {
	var stack []*Node[V]
	for _, r := range roots {
		stack = settle(r, stack)
	}
	for i := range nodes {
		n := &nodes[i]
		if n.reached {
			continue
		}
		n.parent.kids = slices.DeleteFunc(n.parent.kids, func(k *Node[V]) bool { return k == n })
		n.parent = nil
		roots = append(roots, n)
		stack = settle(n, stack)
	}
	for i := range nodes {
		countKids(&nodes[i])
	}
	return roots
}

func countKids[V any](n *Node[V]) {
	n.Kids = len(n.kids)
	for i, k := range n.kids {
		k.Last = i == len(n.kids)-1
	}
}

// settle sets the depths below a root. The stack is empty before and after; it is handed
// on so that not every root makes one.
func settle[V any](root *Node[V], stack []*Node[V]) []*Node[V] {
	stack = append(stack, root)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n.reached = true
		if n.parent != nil {
			n.Depth = n.parent.Depth + 1
		}
		stack = append(stack, n.kids...)
	}
	return stack
}

// flatten lists the nodes that are not inside something collapsed, parents first.
func (m *Model[V, K]) flatten() {
	out := make([]*Node[V], 0, min(m.Len()+m.Len()/8, m.rows))
	stack := make([]*Node[V], 0, len(m.roots))
	push := func(nodes []*Node[V]) {
		for _, n := range slices.Backward(nodes) {
			stack = append(stack, n)
		}
	}
	push(m.roots)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		out = append(out, n)
		_, n.Collapsed = m.collapsed[m.spec.ID(n.Value)]
		n.Collapsed = n.Collapsed && n.Kids > 0
		if !n.Collapsed {
			push(n.kids)
		}
	}
	m.Model.SetRows(out)
}

// Collapse closes the node under the cursor; when there is nothing to close, it moves
// to the parent.
func (m *Model[V, K]) Collapse() {
	n := m.CursorNode()
	if n == nil {
		return
	}
	if n.Kids > 0 && !n.Collapsed {
		m.setCollapsed(n, true)
		return
	}
	if n.parent != nil {
		m.Model.SetCursorID(m.spec.ID(n.parent.Value))
	}
}

// Expand opens the node under the cursor; when it is open, it moves to the first
// child.
func (m *Model[V, K]) Expand() {
	n := m.CursorNode()
	if n == nil || n.Kids == 0 {
		return
	}
	if n.Collapsed {
		m.setCollapsed(n, false)
		return
	}
	m.Move(1)
}

// Toggle closes the node under the cursor, or opens it.
func (m *Model[V, K]) Toggle() {
	if n := m.CursorNode(); n != nil && n.Kids > 0 {
		m.setCollapsed(n, !n.Collapsed)
	}
}

func (m *Model[V, K]) setCollapsed(n *Node[V], on bool) {
	m.Hold()
	id := m.spec.ID(n.Value)
	if on {
		m.collapsed[id] = struct{}{}
	} else {
		delete(m.collapsed, id)
	}
	m.flatten()
}

// ExpandAll opens everything.
func (m *Model[V, K]) ExpandAll() {
	clear(m.collapsed)
	m.flatten()
}

// CollapseAll closes everything; the cursor goes to the root above it.
func (m *Model[V, K]) CollapseAll() {
	top := m.CursorNode()
	for top != nil && top.parent != nil {
		top = top.parent
	}
	for _, n := range m.allNodes() {
		if n.Kids > 0 {
			m.collapsed[m.spec.ID(n.Value)] = struct{}{}
		}
	}
	m.flatten()
	if top != nil {
		m.Model.SetCursorID(m.spec.ID(top.Value))
	}
}

// CollapseWhere closes the rows for which fn holds; the others stay as they are.
func (m *Model[V, K]) CollapseWhere(fn func(V) bool) {
	for _, n := range m.allNodes() {
		if n.Kids > 0 && fn(n.Value) {
			m.collapsed[m.spec.ID(n.Value)] = struct{}{}
		}
	}
	m.flatten()
}

func (m *Model[V, K]) allNodes() []*Node[V] {
	var out []*Node[V]
	stack := append([]*Node[V]{}, m.roots...)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		out = append(out, n)
		stack = append(stack, n.kids...)
	}
	return out
}
