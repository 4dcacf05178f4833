package pane

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend/store"
	"hvdeck/ui/kind"
	"hvdeck/ui/table"
)

// List shows what is no object of a hypervisor: tasks, events, connections. It has
// the verbs of a Pane and a plain filter over the text of its rows.
type List[V any, K comparable] struct {
	table  *table.Model[V, K]
	env    *kind.Env
	rows   func() []V     // fetches the rows, newest state
	text   func(V) string // what the filter looks at
	field  func(v V, name string) (string, bool)
	topics []store.Topic
	seen   uint64
	want   bool
	filter string
	total  int
}

// NewList makes a list that fetches its rows again when one of the topics moved.
func NewList[V any, K comparable](env *kind.Env, cols []table.Column[V], id func(V) K, rows func() []V, text func(V) string, topics ...store.Topic) *List[V, K] {
	return &List[V, K]{table: table.New(cols, id), env: env, rows: rows, text: text, topics: topics, want: true}
}

// Fields lets the filter look at one field, "object:web-1"; false for one that there is
// not, which is then a plain word.
func (l *List[V, K]) Fields(field func(v V, name string) (string, bool)) *List[V, K] {
	l.field = field
	return l
}

// Refresh fetches the rows again if they may have changed.
func (l *List[V, K]) Refresh(revs store.Revs) tea.Cmd {
	var seen uint64
	for _, t := range l.topics {
		seen += revs[t]
	}
	if seen == l.seen && !l.want {
		return nil
	}
	l.seen, l.want = seen, false
	all := l.rows()
	l.total = len(all)
	words := strings.Fields(strings.ToLower(l.filter))
	kept := all[:0:0]
	for _, v := range all {
		if l.matches(v, words) {
			kept = append(kept, v)
		}
	}
	l.table.SetRows(kept)
	return nil
}

// matches looks for every word, in its field where it names one; "!" before a word
// inverts it, "=" after a field wants the whole of it.
func (l *List[V, K]) matches(v V, words []string) bool {
	text := strings.ToLower(l.text(v))
	for _, w := range words {
		rest, not := strings.CutPrefix(w, "!")
		if rest == "" {
			continue
		}
		if l.has(v, text, rest) == not {
			return false
		}
	}
	return true
}

func (l *List[V, K]) has(v V, text, word string) bool {
	name, value, named := strings.Cut(word, ":")
	if !named || l.field == nil {
		return strings.Contains(text, word)
	}
	where, known := l.field(v, name)
	if !known {
		return strings.Contains(text, word)
	}
	if whole, exact := strings.CutPrefix(value, "="); exact {
		return strings.EqualFold(where, whole)
	}
	return strings.Contains(strings.ToLower(where), value)
}

// Again has the rows fetched again at the next Refresh: they depend on more than the
// topics.
func (l *List[V, K]) Again() { l.want = true }

// Cursor is the row under the cursor; false when there is none.
func (l *List[V, K]) Cursor() (V, bool) { return l.table.Cursor() }

// Do performs an action of the list scope.
func (l *List[V, K]) Do(id string) bool { return perform(l.table, id) }

// Filter narrows the list; "" shows all.
func (l *List[V, K]) Filter(text string) {
	if text != l.filter {
		l.filter, l.want = text, true
	}
}

// FilterText is the filter as typed.
func (l *List[V, K]) FilterText() string { return l.filter }

// Unmark clears all marks and says whether there were any.
func (l *List[V, K]) Unmark() bool { return unmark(l.table) }

// Hold keeps the cursor on its row, also while the first rows come in.
func (l *List[V, K]) Hold() { l.table.Hold() }

// Release leaves a cursor that is on the first row there, whatever row comes to be the first:
// nobody looks at the one that it is on.
func (l *List[V, K]) Release() {
	if l.table.CursorIndex() == 0 {
		l.table.Release()
	}
}

// Len is the number of rows shown.
func (l *List[V, K]) Len() int { return l.table.Len() }

// Wheel scrolls.
func (l *List[V, K]) Wheel(n int) { wheel(l.table, n) }

// Click moves the cursor to a line; false when no row is there.
func (l *List[V, K]) Click(_, line int) bool { return l.table.Click(line) }

// Counts says how many rows there are.
func (l *List[V, K]) Counts() string {
	if l.table.Len() != l.total {
		return strconv.Itoa(l.table.Len()) + " of " + strconv.Itoa(l.total)
	}
	return strconv.Itoa(l.total)
}

// Draw gives h lines of w cells.
func (l *List[V, K]) Draw(w, h int, focused, wide bool, empty string) []string {
	return l.table.Draw(w, h, l.env.Theme, focused, table.Opts{Header: h > 3, Wide: wide, Empty: empty})
}
