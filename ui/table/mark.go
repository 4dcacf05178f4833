package table

// ToggleMark marks the row under the cursor, or takes its mark away.
func (m *Model[V, K]) ToggleMark() {
	v, ok := m.Cursor()
	if !ok {
		return
	}
	m.touched = true
	id := m.id(v)
	m.anchor, m.anchorY = id, true
	if _, on := m.marks[id]; on {
		delete(m.marks, id)
		return
	}
	m.marks[id] = struct{}{}
}

// MarkRange marks from the row toggled last to the cursor, both included; without
// such a row, only the one under the cursor.
func (m *Model[V, K]) MarkRange() {
	v, ok := m.Cursor()
	if !ok {
		return
	}
	m.touched = true
	from := m.cursor
	if m.anchorY {
		if i, found := m.find(m.anchor, m.cursor); found {
			from = i
		}
	}
	to := m.cursor
	if from > to {
		from, to = to, from
	}
	for _, r := range m.rows[from : to+1] {
		m.marks[m.id(r)] = struct{}{}
	}
	m.anchor, m.anchorY = m.id(v), true
}

// MarkAll marks every row of the table (the filtered ones, where a filter is on).
func (m *Model[V, K]) MarkAll() {
	m.touched = true
	for _, r := range m.rows {
		m.marks[m.id(r)] = struct{}{}
	}
}

// Unmark takes every mark away, also of rows that a filter hides.
func (m *Model[V, K]) Unmark() {
	clear(m.marks)
	m.anchorY = false
}

// IsMarked says whether an id is marked.
func (m *Model[V, K]) IsMarked(id K) bool {
	_, ok := m.marks[id]
	return ok
}

// MarkCount is the number of marks, also of rows that a filter hides.
func (m *Model[V, K]) MarkCount() int { return len(m.marks) }

// Marked are the marked rows among those shown, in their order. Marks of rows that a
// filter hides are not among them: nothing is acted on that cannot be seen. Compare
// with MarkCount to tell the operator.
func (m *Model[V, K]) Marked() []V {
	if len(m.marks) == 0 {
		return nil
	}
	out := make([]V, 0, len(m.marks))
	for _, r := range m.rows {
		if m.IsMarked(m.id(r)) {
			out = append(out, r)
		}
	}
	return out
}

// MarkedIDs are all marked ids, in no order.
func (m *Model[V, K]) MarkedIDs() []K {
	out := make([]K, 0, len(m.marks))
	for id := range m.marks {
		out = append(out, id)
	}
	return out
}

// RetainMarks drops the marks of objects that are no more; alive is asked for each.
func (m *Model[V, K]) RetainMarks(alive func(K) bool) {
	for id := range m.marks {
		if !alive(id) {
			delete(m.marks, id)
		}
	}
}
