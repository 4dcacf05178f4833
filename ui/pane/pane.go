// Package pane is a list of one kind of object as a table or a tree: it knows how
// to get its rows from the store, filter, sort, mark and move, and nothing of where
// it stands on the screen.
//
// It promises that a long list is filtered and sorted off the event loop, that the
// cursor and the marks stay on their objects, and that drawing costs only the rows
// in sight. A Pane belongs to the event loop.
package pane

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/store"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/table"
	"hvdeck/ui/tree"
)

// syncRows is up to how many rows are filtered and sorted in place: below a
// millisecond, and without a frame in between.
const syncRows = 2000

// rows is what a table and a tree have in common.
type rows interface {
	mover
	SetRows([]backend.Object)
	SetStale(func(backend.Object) bool)
	Rows() []backend.Object
	Len() int
	Visible() []backend.Object
	Cursor() (backend.Object, bool)
	SetCursorID(backend.Ref) bool
	Marked() []backend.Object
	RetainMarks(func(backend.Ref) bool)
	SetSort(string, bool)
	Draw(w, h int, th *theme.Theme, focused bool, o table.Opts) []string
}

// Pane shows the objects of one kind.
type Pane struct {
	Spec *kind.Spec
	env  *kind.Env
	rows rows
	tree *tree.Model[backend.Object, backend.Ref] // nil for a table

	source Source
	sorted ordered
	seen   uint64 // revisions the rows were built from
	want   bool   // something else than the store changed
	gen    int
	busy   bool // a build is under way off the loop
	total  int

	filterText string
	filter     kind.Filter
	filtered   bool        // it changed since the rows were built
	wanted     backend.Ref // the cursor shall go there when it is shown
	sort       string
	chosen     []string
	falling    bool
	conns      bool // the column of connections is always shown
	fault      func(error)
}

// Source says where rows come from.
type Source struct {
	Parent backend.Ref    // of kinds that hang under one; zero shows nothing
	Conn   backend.ConnID // only this connection; "" for all
}

// Built carries rows that were made off the event loop; it goes back to the pane
// through Take.
type Built struct {
	pane   *Pane
	gen    int
	rows   []backend.Object
	total  int
	sorted ordered
}

// ordered is the whole list in its order: a filter that is typed picks from it, and needs
// neither ask the store nor sort again. It is not changed once it was made.
type ordered struct {
	by   order
	rows []backend.Object // nil: there is none
}

// order is what a list was made from, and how.
type order struct {
	seen    uint64
	source  Source
	sort    string
	falling bool
}

// New makes a pane; fault takes recovered panics.
func New(env *kind.Env, spec *kind.Spec, fault func(error)) *Pane {
	p := &Pane{Spec: spec, env: env, want: true, fault: fault}
	if spec.Kind == backend.KindSnapshot {
		p.tree = tree.New(kind.SnapshotTree(env))
		p.rows = p.tree
	} else {
		p.SetColumns(nil)
		p.setSort("name", false)
	}
	p.rows.SetStale(env.Stale)
	return p
}

// SetColumns chooses the columns by key, in this order; none chooses all as declared.
// The sign and the name always stay. A tree keeps its columns.
func (p *Pane) SetColumns(keys []string) {
	if p.tree != nil {
		return
	}
	p.chosen = keys
	cursor := p.Cursor
	var at backend.Object
	if p.rows != nil {
		at = cursor()
	}
	t := table.New(p.columns(keys), backend.Object.Ref)
	t.SetStale(p.env.Stale)
	t.SetSort(p.sort, p.falling)
	if p.rows != nil {
		t.SetRows(p.rows.Rows())
	}
	p.rows = t
	if at != nil {
		p.Select(at.Ref())
	}
}

// Columns are the chosen columns; none: all as declared.
func (p *Pane) Columns() []string { return p.chosen }

func (p *Pane) columns(keys []string) []table.Column[backend.Object] {
	out := make([]table.Column[backend.Object], 0, len(p.Spec.Columns))
	for _, c := range p.Spec.Columns {
		if len(keys) == 0 || c.Fixed() {
			out = append(out, c.Column)
		}
	}
	for _, k := range keys {
		if c := p.column(k); c != nil && !c.Fixed() {
			col := c.Column
			col.Wide = false // chosen: shown wherever there is room
			out = append(out, col)
		}
	}
	return out
}

// ShowConns names the connection of each row also where there is little room.
func (p *Pane) ShowConns(on bool) { p.conns = on }

// SetSource changes where rows come from; filter and order stay.
func (p *Pane) SetSource(s Source) {
	if s == p.source {
		return
	}
	if s.Parent != p.source.Parent {
		p.rows.SetRows(nil)
		p.rows.Unmark()
	}
	p.source, p.want = s, true
}

// Source is what SetSource was given.
func (p *Pane) Source() Source { return p.source }

// Refresh builds the rows again if the store or the view has changed. A long list
// is built off the loop, and comes back as a Built.
func (p *Pane) Refresh(revs store.Revs) tea.Cmd {
	seen := p.revision(revs)
	if (seen == p.seen && !p.want) || p.busy {
		return nil
	}
	p.seen, p.want = seen, false
	p.gen++
	if p.hasParent() || p.env.Store.Count(p.Spec.Kind) <= syncRows {
		p.sorted = ordered{}
		all := p.objects(p.source)
		total := len(all)
		p.show(kind.Select(p.Spec, all, p.filter, p.sortKey(), p.falling), total)
		return nil
	}
	p.busy = true
	return p.build()
}

// revision sums what the rows depend on.
func (p *Pane) revision(revs store.Revs) uint64 {
	r := revs[store.Of(p.Spec.Kind)]
	if p.SortsByLoad() {
		r += revs[store.TopicSamples]
	}
	return r
}

// SortsByLoad reports whether the order depends on the load of every row.
func (p *Pane) SortsByLoad() bool {
	switch p.sort {
	case "cpu", "mem", "read", "write", "in", "out":
		return true
	default:
		return false
	}
}

func (p *Pane) hasParent() bool {
	return p.Spec.Kind == backend.KindSnapshot || p.Spec.Kind == backend.KindVolume
}

func (p *Pane) objects(source Source) []backend.Object {
	var all []backend.Object
	if p.hasParent() {
		all, _ = p.env.Store.Children(p.Spec.Kind, source.Parent)
		return all
	}
	all = p.env.Store.All(p.Spec.Kind)
	if source.Conn == "" {
		return all
	}
	kept := all[:0]
	for _, o := range all {
		if o.Ref().Conn == source.Conn {
			kept = append(kept, o)
		}
	}
	return kept
}

func (p *Pane) build() tea.Cmd {
	filter, key, gen, sorted := p.filter, p.sortKey(), p.gen, p.sorted
	want := order{p.seen, p.source, p.sort, p.falling}
	return func() (msg tea.Msg) {
		defer guard.Recover("sort "+p.Spec.Title, func(err error) {
			p.fault(err)
			msg = Built{pane: p, gen: -1}
		})
		if sorted.rows != nil && sorted.by == want {
			return Built{pane: p, gen: gen, rows: kind.Filtered(p.Spec, sorted.rows, filter), total: len(sorted.rows), sorted: sorted}
		}
		all := p.objects(want.source)
		rows := kind.Select(p.Spec, all, filter, key, want.falling)
		b := Built{pane: p, gen: gen, rows: rows, total: len(all)}
		if filter.Empty() {
			b.sorted = ordered{want, rows}
		}
		return b
	}
}

// Take shows rows that were built off the loop, and starts over when something has
// changed since.
func (b Built) Take(revs store.Revs) tea.Cmd {
	p := b.pane
	p.busy, p.sorted = false, b.sorted
	if b.gen == p.gen {
		p.show(b.rows, b.total)
	}
	return p.Refresh(revs)
}

func (p *Pane) show(list []backend.Object, total int) {
	p.total = total
	at := p.Cursor()
	p.rows.SetRows(list)
	if now := p.Cursor(); p.filtered && at != nil && (now == nil || now.Ref() != at.Ref()) {
		p.rows.Top() // the filter hid what the cursor was on: the best match is the first
	}
	p.filtered = false
	if !p.wanted.IsZero() && p.Select(p.wanted) {
		p.wanted = backend.Ref{}
	}
	if p.rows.MarkCount() > 0 {
		p.rows.RetainMarks(func(r backend.Ref) bool { return p.env.Store.Object(r) != nil })
	}
}

// Filter narrows the list; "" shows all.
func (p *Pane) Filter(text string) {
	if text == p.filterText {
		return
	}
	p.filterText, p.filter, p.want, p.filtered = text, kind.ParseFilter(text), true, true
}

// FilterText is the filter as typed.
func (p *Pane) FilterText() string { return p.filterText }

// SortBy sorts by a column; by the same again the other way round.
func (p *Pane) SortBy(key string) {
	c := p.column(key)
	if c == nil || c.SortKey == nil {
		return
	}
	if p.sort == key {
		p.setSort(key, !p.falling)
		return
	}
	p.setSort(key, c.Falling)
}

func (p *Pane) setSort(key string, falling bool) {
	if p.column(key) == nil {
		return
	}
	p.sort, p.falling, p.want = key, falling, true
	p.rows.SetSort(key, falling)
}

func (p *Pane) column(key string) *kind.Column {
	for i := range p.Spec.Columns {
		if p.Spec.Columns[i].Key == key {
			return &p.Spec.Columns[i]
		}
	}
	return nil
}

// sortKey is the key of the column that is sorted by; a tree is sorted by time.
func (p *Pane) sortKey() func(backend.Object) kind.Key {
	if p.tree != nil {
		return func(o backend.Object) kind.Key { return kind.Key{Num: float64(o.(*backend.Snapshot).Created.Unix())} }
	}
	if c := p.column(p.sort); c != nil {
		return c.SortKey
	}
	return nil
}

// Cursor is the object under the cursor; nil when there is none.
func (p *Pane) Cursor() backend.Object {
	o, ok := p.rows.Cursor()
	if !ok {
		return nil
	}
	return o
}

// Select moves the cursor to an object; false when it is not in the list.
func (p *Pane) Select(r backend.Ref) bool {
	ok := p.rows.SetCursorID(r)
	if ok {
		p.rows.Hold()
	}
	return ok
}

// SelectSoon moves the cursor to an object as soon as it is in the rows.
func (p *Pane) SelectSoon(r backend.Ref) {
	if !p.Select(r) {
		p.wanted, p.want = r, true
	}
}

// Selection is what an action acts on: the marked rows, else the one under the cursor.
func (p *Pane) Selection() []backend.Object {
	if p.rows.MarkCount() > 0 {
		return p.rows.Marked()
	}
	if o := p.Cursor(); o != nil {
		return []backend.Object{o}
	}
	return nil
}

// Visible are the objects on the screen at the last Draw.
func (p *Pane) Visible() []backend.Object { return p.rows.Visible() }

// Len is how many rows there are after the filter.
func (p *Pane) Len() int { return p.rows.Len() }

// Marks is how many rows are marked.
func (p *Pane) Marks() int { return p.rows.MarkCount() }

// Counts says how many rows there are: "3 of 60", "2 marked of 60", "60".
func (p *Pane) Counts() string {
	n := strconv.Itoa(p.rows.Len())
	if p.rows.Len() != p.total {
		n += " of " + strconv.Itoa(p.total)
	}
	marks := p.rows.MarkCount()
	if marks == 0 {
		return n
	}
	if shown := len(p.rows.Marked()); shown != marks {
		return strconv.Itoa(shown) + " of " + strconv.Itoa(marks) + " marked shown, " + n
	}
	return strconv.Itoa(marks) + " marked, " + n
}

// HiddenMarks is how many marked rows the filter hides: actions leave them alone.
func (p *Pane) HiddenMarks() int {
	if p.rows.MarkCount() == 0 {
		return 0
	}
	return p.rows.MarkCount() - len(p.rows.Marked())
}

// UnmarkThese takes the marks off objects that were acted on; others keep theirs.
func (p *Pane) UnmarkThese(objects []backend.Object) {
	gone := make(map[backend.Ref]bool, len(objects))
	for _, o := range objects {
		gone[o.Ref()] = true
	}
	p.rows.RetainMarks(func(r backend.Ref) bool { return !gone[r] })
}

// Draw gives h lines of w cells.
func (p *Pane) Draw(w, h int, focused, wide bool, empty string) []string {
	always := ""
	if p.conns {
		always = "conn"
	}
	return p.rows.Draw(w, h, p.env.Theme, focused, table.Opts{Header: h > 3, Wide: wide, Empty: empty, Always: always})
}
