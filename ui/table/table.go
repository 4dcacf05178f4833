// Package table is a virtual table: it promises work in proportion to the rows on the
// screen, not to the rows there are, and that the cursor and the marks follow the
// objects, not the positions. It neither sorts nor filters; it shows what it is given,
// in the order given.
//
// A Model belongs to one goroutine, the event loop.
package table

import "hvdeck/theme"

// Seg is a piece of a cell with its own look.
type Seg struct {
	Text string
	Tok  theme.Token
}

// Cell is what a column shows of a row. Segs, where there are any, take the place of
// Text and Tok. Texts must be plain (no escape sequences).
type Cell struct {
	Text string
	Tok  theme.Token
	Segs []Seg
}

// Column describes one column.
type Column[V any] struct {
	Key      string // names the column in the configuration and in SetSort
	Title    string
	Sort     rune // the letter that sorts by it with shift; 0 for none
	Min, Max int  // cells; Max 0 is no limit
	Flex     int  // share of the width left over, and of what must be given up; 0 keeps its width
	Right    bool // aligned right
	Priority int  // when narrow, the highest number goes first; 0 always stays
	Wide     bool // shown only when there is room by the operator's wish (Opts.Wide)
	Cell     func(v V) Cell
}

// Opts are the ways to draw.
type Opts struct {
	Header bool
	Wide   bool   // show the wide columns too
	Always string // key of a wide column that is shown in any case
	Empty  string // said when there are no rows
}

// Model is a table of V, known by K.
type Model[V any, K comparable] struct {
	cols   []Column[V]
	id     func(V) K
	stale  func(V) bool
	hidden map[string]bool
	always string // key of the wide column that is shown in any case

	rows    []V
	cursor  int
	offset  int // first row shown
	page    int // rows shown at the last Draw
	header  bool
	touched bool // the operator has moved: from then on the cursor follows its object

	marks   map[K]struct{}
	anchor  K // where the last mark was set, for ranges
	anchorY bool

	sortKey  string
	sortDesc bool
	hscroll  int

	lay layout
}

// New returns an empty table. id must be unique among the rows.
func New[V any, K comparable](cols []Column[V], id func(V) K) *Model[V, K] {
	return &Model[V, K]{cols: cols, id: id, page: 1, marks: map[K]struct{}{}}
}

// Columns are the columns given to New.
func (m *Model[V, K]) Columns() []Column[V] { return m.cols }

// SetStale tells which rows are old; they are drawn in the look of old data.
func (m *Model[V, K]) SetStale(fn func(V) bool) { m.stale = fn }

// SetHidden sets the columns, by key, that are not shown.
func (m *Model[V, K]) SetHidden(keys []string) {
	m.hidden = make(map[string]bool, len(keys))
	for _, k := range keys {
		m.hidden[k] = true
	}
	m.lay.forget()
}

// SetSort says what the rows are sorted by, for the arrow in the header.
func (m *Model[V, K]) SetSort(key string, desc bool) { m.sortKey, m.sortDesc = key, desc }

// SortColumn is what SetSort was told.
func (m *Model[V, K]) SortColumn() (key string, desc bool) { return m.sortKey, m.sortDesc }

// SortFor finds the column whose sort letter is r.
func (m *Model[V, K]) SortFor(r rune) (key string, ok bool) {
	for _, c := range m.cols {
		if c.Sort != 0 && c.Sort == r {
			return c.Key, true
		}
	}
	return "", false
}

// SetRows shows rows, which must not be changed afterwards. Once the operator has
// moved or marked, the cursor stays on its object and the object on its line of the
// screen; if the object is gone the cursor keeps its position. Until then the cursor
// stays at the top while the first rows come in. The cost is one scan at worst,
// nothing when the cursor's object has not moved.
func (m *Model[V, K]) SetRows(rows []V) {
	if len(rows) != len(m.rows) {
		m.lay.forget()
	}
	old := m.rows
	m.rows = rows
	if !m.touched || m.cursor >= len(old) {
		m.clamp()
		return
	}
	if at, ok := m.find(m.id(old[m.cursor]), m.cursor); ok {
		m.offset += at - m.cursor
		m.cursor = at
	}
	m.clamp()
}

// find looks for an id, outwards from a guess.
func (m *Model[V, K]) find(id K, guess int) (int, bool) {
	n := len(m.rows)
	guess = max(min(guess, n-1), 0)
	for d := range n {
		if i := guess + d; i < n && m.id(m.rows[i]) == id {
			return i, true
		}
		if i := guess - d; d > 0 && i >= 0 && m.id(m.rows[i]) == id {
			return i, true
		}
		if guess+d >= n && guess-d < 0 {
			break
		}
	}
	return 0, false
}

// Rows are the rows shown, in order. Not to be changed.
func (m *Model[V, K]) Rows() []V { return m.rows }

// Len is the number of rows.
func (m *Model[V, K]) Len() int { return len(m.rows) }

// Visible are the rows on the screen at the last Draw.
func (m *Model[V, K]) Visible() []V {
	from := min(m.offset, len(m.rows))
	return m.rows[from:min(from+m.page, len(m.rows))]
}

// clamp keeps the cursor among the rows and on the screen.
func (m *Model[V, K]) clamp() {
	m.cursor = max(min(m.cursor, len(m.rows)-1), 0)
	m.offset = min(m.offset, m.cursor, len(m.rows)-m.page)
	m.offset = max(m.offset, m.cursor-m.page+1, 0)
}
