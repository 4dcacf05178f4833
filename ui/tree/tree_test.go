package tree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
	"hvdeck/ui/table"
)

type snap struct {
	id, parent, name, age string
	current               bool
}

func spec() Spec[snap, string] {
	return Spec[snap, string]{
		ID:      func(s snap) string { return s.id },
		Parent:  func(s snap) (string, bool) { return s.parent, s.parent != "" },
		Label:   func(s snap) table.Cell { return table.Cell{Text: s.name} },
		Current: func(s snap) bool { return s.current },
		Title:   "SNAPSHOT",
		Columns: []table.Column[snap]{
			{Key: "age", Title: "AGE", Right: true, Cell: func(s snap) table.Cell { return table.Cell{Text: s.age, Tok: theme.Muted} }},
		},
	}
}

func testTheme(t testing.TB, o theme.Options) *theme.Theme {
	t.Helper()
	th, err := theme.Load("dark", true, o)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func draw(t *testing.T, m *Model[snap, string], w, h int, o theme.Options) []string {
	t.Helper()
	lines := m.Draw(w, h, testTheme(t, o), true, table.Opts{})
	if len(lines) != h {
		t.Fatalf("%d lines, want %d", len(lines), h)
	}
	for i, l := range lines {
		if ansi.StringWidth(l) != w {
			t.Fatalf("line %d is %d cells, want %d: %q", i, ansi.StringWidth(l), w, l)
		}
		lines[i] = strings.TrimRight(ansi.Strip(l), " ")
	}
	return lines
}

func sampleRows() []snap {
	return []snap{
		{id: "1", name: "base", age: "41 d"},
		{id: "2", parent: "1", name: "updated", age: "12 d"},
		{id: "3", parent: "1", name: "try-kernel", age: "11 d"},
		{id: "4", parent: "2", name: "now", current: true},
	}
}

func sample() *Model[snap, string] {
	m := New(spec())
	m.SetRows(sampleRows())
	return m
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDrawBranches(t *testing.T) {
	equal(t, draw(t, sample(), 30, 4, theme.Options{}),
		"❯base                     41 d",
		" ├─ updated               12 d",
		" │  └─ ● now",
		" └─ try-kernel            11 d")
	equal(t, draw(t, sample(), 30, 4, theme.Options{ASCII: true}),
		">base                     41 d",
		" |- updated               12 d",
		" |  `- * now",
		" `- try-kernel            11 d")
}

func TestCollapseAndExpand(t *testing.T) {
	m := sample()
	m.SetCursorID("4")
	m.Collapse() // nothing to close: to the parent
	if v, _ := m.Cursor(); v.id != "2" {
		t.Fatalf("cursor on %q, want 2", v.id)
	}
	m.Collapse()
	equal(t, draw(t, m, 30, 3, theme.Options{}),
		" base                     41 d",
		"❯├─ ▸ updated             12 d",
		" └─ try-kernel            11 d")
	m.SetRows(sampleRows()) // a refresh leaves it closed
	if len(m.Rows()) != 3 {
		t.Fatalf("after a refresh %d rows", len(m.Rows()))
	}
	if !m.SetCursorID("4") || len(m.Rows()) != 4 {
		t.Fatal("SetCursorID did not open what hides the row")
	}
	m.CollapseAll()
	if v, _ := m.Cursor(); v.id != "1" || len(m.Rows()) != 1 {
		t.Fatalf("CollapseAll: cursor %q, %d rows", v.id, len(m.Rows()))
	}
	m.Expand()
	m.Expand() // open: to the first child
	if v, _ := m.Cursor(); v.id != "2" {
		t.Fatalf("Expand: cursor on %q", v.id)
	}
	m.ExpandAll()
	if len(m.Rows()) != 4 {
		t.Fatalf("ExpandAll: %d rows", len(m.Rows()))
	}
	m.Toggle()
	if len(m.Rows()) != 3 {
		t.Fatalf("Toggle: %d rows", len(m.Rows()))
	}
}

func TestCursorFollowsTheSnapshot(t *testing.T) {
	m := sample()
	m.SetCursorID("3")
	m.SetRows([]snap{
		{id: "0", name: "older"},
		{id: "1", name: "base"},
		{id: "3", parent: "1", name: "try-kernel"},
	})
	if v, _ := m.Cursor(); v.id != "3" {
		t.Errorf("cursor on %q, want 3", v.id)
	}
}

func TestOddParents(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []snap
		want string
	}{
		{"none", nil, ""},
		{"orphan", []snap{{id: "a", parent: "gone"}, {id: "b", parent: "a"}}, "a0 b1"},
		{"itself", []snap{{id: "a", parent: "a"}}, "a0"},
		{"circle", []snap{{id: "a", parent: "b"}, {id: "b", parent: "a"}, {id: "c"}}, "c0 a0 b1"},
		{"circle with a tail", []snap{{id: "t", parent: "a"}, {id: "a", parent: "b"}, {id: "b", parent: "a"}}, "t0 a0 b1"},
	} {
		m := New(spec())
		m.SetRows(c.rows)
		var got []string
		for _, n := range m.Model.Rows() {
			got = append(got, fmt.Sprintf("%s%d", n.Value.id, n.Depth))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func chain(n int) []snap {
	rows := make([]snap, n)
	for i := range rows {
		rows[i] = snap{id: fmt.Sprint(i), name: fmt.Sprintf("layer-%d", i)}
		if i > 0 {
			rows[i].parent = fmt.Sprint(i - 1)
		}
	}
	return rows
}

func TestDeepChainShiftsIntoView(t *testing.T) {
	m := New(spec())
	m.SetRows(append(chain(10_000), snap{id: "other", name: "other"}))
	m.SetCursorID("9999")
	if got := draw(t, m, 40, 5, theme.Options{}); !strings.Contains(strings.Join(got, "\n"), "layer-9999") {
		t.Errorf("the row under the cursor cannot be read:\n%s", strings.Join(got, "\n"))
	}
	m.Bottom()
	got := draw(t, m, 40, 5, theme.Options{})
	if got[4] != "❯other" || !strings.Contains(got[3], "→ layer-9999") {
		t.Errorf("a shallow cursor next to a deep row:\n%s", strings.Join(got, "\n"))
	}
}

func FuzzDraw(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, 30, 5, 2, "snap")
	f.Add([]byte{3, 2, 1, 0}, 1, 1, 9, "日本")
	f.Add([]byte{}, 0, 0, 0, "")
	f.Fuzz(func(t *testing.T, parents []byte, w, h, moves int, name string) {
		w, h = w&0x7f, h&0x3f
		rows := make([]snap, len(parents))
		for i, p := range parents {
			rows[i] = snap{id: fmt.Sprint(i), parent: fmt.Sprint(p), name: name, current: p%5 == 0}
		}
		m := New(spec())
		m.SetRows(rows)
		if len(m.Rows()) != len(rows) {
			t.Fatalf("%d of %d rows shown", len(m.Rows()), len(rows))
		}
		m.Move(moves)
		m.Toggle()
		draw(t, m, w, h, theme.Options{})
	})
}
