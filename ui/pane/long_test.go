package pane

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
	"hvdeck/theme"
	"hvdeck/ui/kind"
)

// long is a pane of more VMs than are sorted in place.
type long struct {
	*testing.T
	store *store.Store
	env   *kind.Env
	pane  *Pane
}

const longRows = syncRows + 500

func newLong(t *testing.T) *long {
	t.Helper()
	th, err := theme.Load("dark", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(time.Now)
	var all []backend.Object
	for i := range longRows {
		all = append(all, longVM(i*7919%longRows, backend.PowerState(1+i%3)))
	}
	s.Apply("c", backend.Upsert{Objects: all})
	env := kind.NewEnv(s, th)
	l := &long{T: t, store: s, env: env}
	l.pane = New(env, kind.All(env).Of(backend.KindVM), func(err error) { t.Error(err) })
	return l
}

func longVM(i int, state backend.PowerState) *backend.VM {
	name := fmt.Sprintf("web-%d", i)
	return &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "c", Kind: backend.KindVM, ID: name}, Name: name}, State: state}
}

// settle builds until nothing more is to be built, and holds the rows against those made
// from the store at once.
func (l *long) settle(what string) {
	l.Helper()
	for cmd := l.pane.Refresh(l.store.Revs()); cmd != nil; {
		cmd = cmd().(Built).Take(l.store.Revs())
	}
	p := l.pane
	want := kind.Select(p.Spec, l.store.All(backend.KindVM), p.filter, p.sortKey(), p.falling)
	if got := p.rows.Rows(); !slices.Equal(got, want) {
		l.Errorf("%s: %d rows, want %d, or in another order", what, len(got), len(want))
	}
	if p.total != l.store.Count(backend.KindVM) {
		l.Errorf("%s: a total of %d", what, p.total)
	}
}

// TestLongListWhateverItIsMadeFrom: what is kept sorted between two letters of a filter is
// never older than the store.
func TestLongListWhateverItIsMadeFrom(t *testing.T) {
	l := newLong(t)
	l.settle("first")
	l.pane.Filter("web-1")
	l.settle("a filter")
	l.pane.Filter("web-12")
	l.settle("another letter")
	l.store.Apply("c", backend.Remove{Refs: []backend.Ref{longVM(12, 0).ID}})
	l.settle("one of the rows is gone")
	l.pane.Filter("web-123")
	l.settle("another letter after that")
	l.pane.SortBy("state")
	l.settle("by state, filtered")
	l.pane.Filter("")
	l.settle("by state, no filter")
	l.pane.Filter("web-2")
	l.pane.SortBy("state")
	l.settle("the other way round")
	l.store.Apply("c", backend.Upsert{Objects: []backend.Object{longVM(longRows+2, backend.PowerOff)}})
	l.pane.Filter("")
	l.settle("one more")
}

// TestTypedFilterSortsNothing: a letter more picks from the list that is sorted already.
func TestTypedFilterSortsNothing(t *testing.T) {
	l := newLong(t)
	l.settle("first")
	asked := 0
	for i := range l.pane.Spec.Columns {
		if c := &l.pane.Spec.Columns[i]; c.Key == "name" {
			key := c.SortKey
			c.SortKey = func(o backend.Object) kind.Key { asked++; return key(o) }
		}
	}
	for _, text := range []string{"w", "we", "web-1", "web-12"} {
		l.pane.Filter(text)
		for cmd := l.pane.Refresh(l.store.Revs()); cmd != nil; {
			cmd = cmd().(Built).Take(l.store.Revs())
		}
	}
	if n := l.pane.Len(); n == 0 || n > longRows/10 {
		t.Fatalf("%d rows are left", n)
	}
	if asked > 0 {
		t.Errorf("%d rows were sorted again", asked)
	}
	l.pane.SortBy("name")
	l.settle("the other way round")
	if asked == 0 {
		t.Error("nothing was sorted the other way round")
	}
}
