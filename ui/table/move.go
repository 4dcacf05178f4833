package table

// Cursor is the row under the cursor; false when there are no rows.
func (m *Model[V, K]) Cursor() (V, bool) {
	if m.cursor >= len(m.rows) {
		var none V
		return none, false
	}
	return m.rows[m.cursor], true
}

// CursorIndex is the position of the cursor from 0; 0 when there are no rows.
func (m *Model[V, K]) CursorIndex() int { return m.cursor }

// SetCursor moves to a position, clamped to the rows.
func (m *Model[V, K]) SetCursor(i int) {
	m.touched = true
	m.cursor = i
	m.clamp()
}

// SetCursorID moves to the row with that id; false, and no move, when it is not there.
func (m *Model[V, K]) SetCursorID(id K) bool {
	i, ok := m.find(id, m.cursor)
	if ok {
		m.SetCursor(i)
	}
	return ok
}

// Hold makes the cursor follow its object from now on, as a move does: to be called
// when something is about to be asked about the row under the cursor.
func (m *Model[V, K]) Hold() { m.touched = true }

// Release ends what Hold and moves began: the cursor stays where it is on the screen.
func (m *Model[V, K]) Release() { m.touched = false }

// Move moves n rows down, up when negative.
func (m *Model[V, K]) Move(n int) { m.SetCursor(m.cursor + n) }

// Page moves n screens down, up when negative.
func (m *Model[V, K]) Page(n int) { m.scroll(n * m.page) }

// HalfPage moves n half screens down, up when negative.
func (m *Model[V, K]) HalfPage(n int) { m.scroll(n * max(m.page/2, 1)) }

// scroll moves cursor and screen together, as far as there are rows.
func (m *Model[V, K]) scroll(n int) {
	m.offset = max(min(m.offset+n, len(m.rows)-m.page), 0)
	m.Move(n)
}

// Top moves to the first row.
func (m *Model[V, K]) Top() { m.SetCursor(0) }

// Bottom moves to the last row.
func (m *Model[V, K]) Bottom() { m.SetCursor(len(m.rows) - 1) }

// ScrollTo makes row i the first on the screen, as far as there are rows below; the
// cursor comes along only as far as it must.
func (m *Model[V, K]) ScrollTo(i int) {
	m.touched = true
	m.offset = max(min(i, len(m.rows)-m.page), 0)
	m.cursor = min(max(m.cursor, m.offset), m.offset+m.page-1)
	m.clamp()
}

// Wheel scrolls n rows without moving the cursor, unless it would leave the screen.
func (m *Model[V, K]) Wheel(n int) { m.ScrollTo(m.offset + n) }

// Offset is the first row on the screen.
func (m *Model[V, K]) Offset() int { return m.offset }

// Click moves to the row at a line of what Draw returned last, counted from 0 with
// the header; false when there is no row.
func (m *Model[V, K]) Click(line int) bool {
	if m.header {
		line--
	}
	i := m.offset + line
	if line < 0 || line >= m.page || i >= len(m.rows) {
		return false
	}
	m.SetCursor(i)
	return true
}

// ColumnAt is the key of the column at cell x of the last Draw, for clicks into the
// header.
func (m *Model[V, K]) ColumnAt(x int) (key string, ok bool) {
	at := gutter
	for _, s := range m.lay.slots {
		if x >= at && x < at+s.width {
			return m.cols[s.col].Key, true
		}
		at += s.width + 1
	}
	return "", false
}

// HScroll hides n more columns at the left (fewer when negative); the first column
// stays. It stops at the last column.
func (m *Model[V, K]) HScroll(n int) {
	m.hscroll = max(min(m.hscroll+n, len(m.cols)-2), 0)
	m.lay.forget()
}

// HScrolled is how many columns are hidden at the left.
func (m *Model[V, K]) HScrolled() int { return m.hscroll }
