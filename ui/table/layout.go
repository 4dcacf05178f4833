package table

import (
	"slices"

	"hvdeck/ui/line"
)

// gutter is the first cell of every row: cursor and mark.
const gutter = 1

// slot is one column as laid out.
type slot struct {
	col   int // index into cols
	width int // cells
}

// layout remembers how wide the columns were, so that a value that gets shorter does
// not make the columns jump: they grow at once and shrink only when the layout is
// forgotten.
type layout struct {
	slots []slot
	want  []int // widest seen, by column; 0 is not measured
	width int
	wide  bool
}

func (l *layout) forget() {
	for i := range l.want {
		l.want[i] = 0
	}
}

// measure widens what the columns want by the rows on the screen.
func (m *Model[V, K]) measure(visible []V, wide bool) {
	l := &m.lay
	if len(l.want) != len(m.cols) {
		l.want = make([]int, len(m.cols))
	}
	for i, c := range m.cols {
		if !m.shown(i, wide) {
			continue
		}
		w := max(l.want[i], line.Width(c.Title), c.Min)
		if c.Key == m.sortKey && c.Title != "" {
			w = max(w, line.Width(c.Title)+1)
		}
		for _, v := range visible {
			if c.Max > 0 && w >= c.Max {
				break
			}
			w = max(w, cellWidth(c.Cell(v)))
		}
		if c.Max > 0 {
			w = min(w, max(c.Max, c.Min))
		}
		l.want[i] = w
	}
}

func cellWidth(c Cell) int {
	if c.Segs == nil {
		return line.Width(c.Text)
	}
	w := 0
	for _, s := range c.Segs {
		w += line.Width(s.Text)
	}
	return w
}

func (m *Model[V, K]) shown(i int, wide bool) bool {
	c := m.cols[i]
	if c.Wide && !wide && c.Key != m.always || m.hidden[c.Key] {
		return false
	}
	return i == 0 || i > m.hscroll
}

// arrange chooses the columns that fit in w cells and their widths.
func (m *Model[V, K]) arrange(visible []V, w int, wide bool) {
	l := &m.lay
	if l.width != w || l.wide != wide {
		l.forget()
		l.width, l.wide = w, wide
	}
	m.measure(visible, wide)
	l.slots = l.slots[:0]
	for i := range m.cols {
		if m.shown(i, wide) {
			l.slots = append(l.slots, slot{col: i, width: l.want[i]})
		}
	}
	space := w - gutter
	fits := m.least() <= space
	for !fits && m.drop() {
		fits = m.least() <= space
	}
	m.shrink(space)
	m.grow(space)
}

// least is the width needed when every flexible column gives up what it can.
func (m *Model[V, K]) least() int {
	sum := max(len(m.lay.slots)-1, 0)
	for _, s := range m.lay.slots {
		sum += m.floor(s)
	}
	return sum
}

// floor is how narrow a column may become before another is dropped.
func (m *Model[V, K]) floor(s slot) int {
	c := m.cols[s.col]
	if c.Flex == 0 {
		return s.width
	}
	return min(s.width, max(c.Min, 4))
}

// drop takes away the column of least importance; false when all must stay. When the
// operator scrolls sideways, what is at the right goes first.
func (m *Model[V, K]) drop() bool {
	slots := m.lay.slots
	if len(slots) < 2 {
		return false
	}
	worst := -1
	for i, s := range slots {
		p := m.cols[s.col].Priority
		if m.hscroll > 0 && i > 0 {
			p = i
		}
		if p > 0 && (worst < 0 || p >= m.rank(worst)) {
			worst = i
		}
	}
	if worst < 0 {
		return false
	}
	m.lay.slots = slices.Delete(slots, worst, worst+1)
	return true
}

func (m *Model[V, K]) rank(i int) int {
	if m.hscroll > 0 {
		return i
	}
	return m.cols[m.lay.slots[i].col].Priority
}

// total is the width that the columns take, with the gaps.
func (m *Model[V, K]) total() int {
	sum := max(len(m.lay.slots)-1, 0)
	for _, s := range m.lay.slots {
		sum += s.width
	}
	return sum
}

// shrink narrows the flexible columns, the widest first, until the line fits.
func (m *Model[V, K]) shrink(space int) {
	for over := m.total() - space; over > 0; over-- {
		widest := -1
		for i, s := range m.lay.slots {
			if s.width > m.floor(s) && (widest < 0 || s.width > m.lay.slots[widest].width) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		m.lay.slots[widest].width--
	}
}

// grow shares what is left among the flexible columns, by their shares.
func (m *Model[V, K]) grow(space int) {
	for left := space - m.total(); left > 0; {
		shares := 0
		for _, s := range m.lay.slots {
			shares += m.room(s)
		}
		if shares == 0 {
			return
		}
		given := 0
		for i := range m.lay.slots {
			s := &m.lay.slots[i]
			n := left * m.room(*s) / shares
			if limit := m.cols[s.col].Max; limit > 0 {
				n = min(n, limit-s.width)
			}
			s.width += n
			given += n
		}
		if given == 0 {
			m.growFirst(left)
			return
		}
		left -= given
	}
}

// growFirst gives the cells that do not divide to the first flexible column.
func (m *Model[V, K]) growFirst(n int) {
	for i := range m.lay.slots {
		s := &m.lay.slots[i]
		if m.room(*s) == 0 {
			continue
		}
		if limit := m.cols[s.col].Max; limit > 0 {
			n = min(n, limit-s.width)
		}
		s.width += n
		return
	}
}

// room is the share of a column that may still grow, else 0.
func (m *Model[V, K]) room(s slot) int {
	c := m.cols[s.col]
	if c.Max > 0 && s.width >= c.Max {
		return 0
	}
	return c.Flex
}
