package table

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
)

type vm struct {
	id               int
	name, state, cpu string
	ip               string
}

func columns() []Column[vm] {
	text := func(get func(vm) string) func(vm) Cell {
		return func(v vm) Cell { return Cell{Text: get(v)} }
	}
	return []Column[vm]{
		{Key: "name", Title: "NAME", Sort: 'N', Min: 6, Flex: 1, Cell: text(func(v vm) string { return v.name })},
		{Key: "state", Title: "STATE", Sort: 'S', Cell: text(func(v vm) string { return v.state })},
		{Key: "cpu", Title: "CPU", Right: true, Priority: 1, Cell: text(func(v vm) string { return v.cpu })},
		{Key: "ip", Title: "IP", Priority: 2, Max: 15, Cell: text(func(v vm) string { return v.ip })},
		{Key: "uuid", Title: "UUID", Priority: 3, Wide: true, Cell: text(func(v vm) string { return fmt.Sprintf("uuid-%d", v.id) })},
	}
}

func newTable(n int) *Model[vm, int] {
	m := New(columns(), func(v vm) int { return v.id })
	m.SetRows(vms(n))
	return m
}

func vms(n int) []vm {
	rows := make([]vm, n)
	for i := range rows {
		rows[i] = vm{id: i, name: fmt.Sprintf("web-%02d", i), state: "run", cpu: fmt.Sprintf("%d%%", i), ip: "10.0.0.1"}
	}
	return rows
}

func testTheme(t testing.TB) *theme.Theme {
	t.Helper()
	th, err := theme.Load("dark", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func draw(t *testing.T, m *Model[vm, int], w, h int, o Opts) []string {
	t.Helper()
	lines := m.Draw(w, h, testTheme(t), true, o)
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

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDraw(t *testing.T) {
	m := newTable(3)
	m.SetSort("name", false)
	m.SetCursor(1)
	m.ToggleMark()
	m.SetCursor(0)
	equal(t, draw(t, m, 40, 5, Opts{Header: true}),
		" NAME▴                STATE CPU IP",
		"❯web-00               run    0% 10.0.0.1",
		"◆web-01               run    1% 10.0.0.1",
		" web-02               run    2% 10.0.0.1",
		"")
	m.SetCursor(1)
	if got := draw(t, m, 40, 2, Opts{}); !strings.HasPrefix(got[1], "◈web-01") {
		t.Errorf("a marked row under the cursor: %q", got[1])
	}
}

func TestNarrowDropsByPriority(t *testing.T) {
	m := newTable(1)
	for _, c := range []struct {
		w    int
		wide bool
		want string
	}{
		{60, true, "NAME STATE CPU IP UUID"},
		{33, true, "NAME STATE CPU IP UUID"},
		{32, true, "NAME STATE CPU IP"},
		{60, false, "NAME STATE CPU IP"},
		{26, false, "NAME STATE CPU IP"},
		{25, false, "NAME STATE CPU"},
		{16, false, "NAME STATE"},
		{13, false, "NAME STATE"},
		{10, false, "NAME S…"},
		{3, false, "N…"},
	} {
		got := strings.Join(strings.Fields(draw(t, m, c.w, 3, Opts{Header: true, Wide: c.wide})[0]), " ")
		if got != c.want {
			t.Errorf("width %d: %q, want %q", c.w, got, c.want)
		}
	}
}

func TestColumnsDoNotJitter(t *testing.T) {
	m := newTable(3)
	draw(t, m, 40, 4, Opts{})
	rows := vms(3)
	rows[0].cpu = "1000%"
	m.SetRows(rows)
	wide := draw(t, m, 40, 4, Opts{})[1]
	m.SetRows(vms(3))
	if got := draw(t, m, 40, 4, Opts{})[1]; got != wide {
		t.Errorf("the columns moved when a value got shorter:\n%q\n%q", wide, got)
	}
	m.SetRows(vms(2))
	if got := draw(t, m, 40, 4, Opts{})[1]; got == wide {
		t.Errorf("the columns kept their width when the rows changed: %q", got)
	}
}

func TestCursorFollowsItsObject(t *testing.T) {
	base := vms(100)
	for _, c := range []struct {
		name       string
		start      int
		rows       []vm
		wantID     int
		wantIndex  int
		wantOnLine bool
	}{
		{"same rows", 50, base, 50, 50, true},
		{"five gone above", 50, base[5:], 50, 45, true},
		{"row itself gone", 50, append(append([]vm{}, base[:50]...), base[51:]...), 51, 50, false},
		{"all after gone", 99, base[:40], 39, 39, false},
		{"reversed", 30, reversed(base), 30, 69, true},
		{"none left", 50, nil, -1, 0, false},
	} {
		m := newTable(100)
		draw(t, m, 40, 20, Opts{})
		m.SetCursor(c.start)
		line := m.CursorIndex() - m.Offset()
		m.SetRows(c.rows)
		draw(t, m, 40, 20, Opts{})
		v, ok := m.Cursor()
		if ok != (c.wantID >= 0) || ok && v.id != c.wantID || m.CursorIndex() != c.wantIndex {
			t.Errorf("%s: cursor on %v at %d, want %d at %d", c.name, v.id, m.CursorIndex(), c.wantID, c.wantIndex)
		}
		if c.wantOnLine && m.CursorIndex()-m.Offset() != line {
			t.Errorf("%s: on screen line %d, was %d", c.name, m.CursorIndex()-m.Offset(), line)
		}
	}
}

func reversed(in []vm) []vm {
	out := make([]vm, 0, len(in))
	for i := len(in) - 1; i >= 0; i-- {
		out = append(out, in[i])
	}
	return out
}

func TestUntouchedCursorStaysAtTheTop(t *testing.T) {
	m := New(columns(), func(v vm) int { return v.id })
	m.SetRows(vms(100)[50:])
	m.SetRows(vms(100))
	if m.CursorIndex() != 0 {
		t.Errorf("cursor at %d while the first rows came in", m.CursorIndex())
	}
	m.Hold()
	m.SetRows(reversed(vms(100)))
	if m.CursorIndex() != 99 {
		t.Errorf("after Hold the cursor is at %d, want 99", m.CursorIndex())
	}
}

func TestMoves(t *testing.T) {
	for _, c := range []struct {
		name       string
		do         func(*Model[vm, int])
		want, from int
	}{
		{"down", func(m *Model[vm, int]) { m.Move(1) }, 1, 0},
		{"up at the top", func(m *Model[vm, int]) { m.Move(-1) }, 0, 0},
		{"page", func(m *Model[vm, int]) { m.Page(1) }, 10, 10},
		{"page back", func(m *Model[vm, int]) { m.Page(1); m.Page(-1) }, 0, 0},
		{"half page", func(m *Model[vm, int]) { m.HalfPage(1) }, 5, 5},
		{"bottom", func(m *Model[vm, int]) { m.Bottom() }, 99, 90},
		{"page at the bottom", func(m *Model[vm, int]) { m.Bottom(); m.Page(1) }, 99, 90},
		{"top", func(m *Model[vm, int]) { m.Bottom(); m.Top() }, 0, 0},
		{"scroll to", func(m *Model[vm, int]) { m.ScrollTo(30) }, 30, 30},
		{"wheel keeps the cursor", func(m *Model[vm, int]) { m.Move(5); m.Wheel(3) }, 5, 3},
		{"wheel takes it along", func(m *Model[vm, int]) { m.Wheel(3) }, 3, 3},
		{"wheel up takes it along", func(m *Model[vm, int]) { m.Bottom(); m.Wheel(-20) }, 79, 70},
		{"click", func(m *Model[vm, int]) { m.Click(4) }, 3, 0},
		{"click on the header", func(m *Model[vm, int]) { m.Click(0) }, 0, 0},
		{"by id", func(m *Model[vm, int]) { m.SetCursorID(42) }, 42, 33},
	} {
		m := newTable(100)
		draw(t, m, 40, 11, Opts{Header: true})
		c.do(m)
		draw(t, m, 40, 11, Opts{Header: true})
		if m.CursorIndex() != c.want || m.Offset() != c.from {
			t.Errorf("%s: cursor %d, first %d; want %d, %d", c.name, m.CursorIndex(), m.Offset(), c.want, c.from)
		}
	}
}

func TestMarks(t *testing.T) {
	m := newTable(20)
	m.Move(2)
	m.ToggleMark()
	m.Move(3)
	m.MarkRange()
	if got := ids(m.Marked()); got != "[2 3 4 5]" {
		t.Fatalf("range down: %s", got)
	}
	m.Top()
	m.MarkRange()
	if got := ids(m.Marked()); got != "[0 1 2 3 4 5]" {
		t.Fatalf("range up from the last: %s", got)
	}
	m.SetCursor(3)
	m.ToggleMark()
	m.SetRows(vms(20)[4:]) // as a filter would
	if got := ids(m.Marked()); got != "[4 5]" || m.MarkCount() != 5 {
		t.Fatalf("hidden rows: %s of %d", got, m.MarkCount())
	}
	m.RetainMarks(func(id int) bool { return id != 5 })
	if m.IsMarked(5) || len(m.MarkedIDs()) != 4 {
		t.Fatalf("RetainMarks left %v", m.MarkedIDs())
	}
	m.MarkAll()
	if len(m.Marked()) != 16 {
		t.Fatalf("MarkAll: %d", len(m.Marked()))
	}
	m.Unmark()
	if m.MarkCount() != 0 || m.Marked() != nil {
		t.Fatal("Unmark left marks")
	}
}

func ids(rows []vm) string {
	out := make([]int, len(rows))
	for i, r := range rows {
		out[i] = r.id
	}
	return fmt.Sprint(out)
}

func TestSegmentsStaleAndWideCharacters(t *testing.T) {
	cols := []Column[vm]{{Key: "name", Title: "N", Max: 8, Cell: func(v vm) Cell {
		return Cell{Segs: []Seg{{"● ", theme.StateOK}, {v.name, theme.Text}, {v.ip, theme.Muted}}}
	}}}
	m := New(cols, func(v vm) int { return v.id })
	m.SetRows([]vm{{id: 1, name: "日本語サーバ"}, {id: 2, name: "abcdef", ip: "more"}, {id: 3, name: "x"}})
	equal(t, draw(t, m, 12, 3, Opts{}), "❯● 日本…", " ● abcde…", " ● x")
	m.SetStale(func(v vm) bool { return v.id == 3 })
	th := testTheme(t)
	if l := m.Draw(12, 3, th, true, Opts{})[2]; !strings.Contains(l, th.Render(theme.Stale, theme.Plain, "x")) {
		t.Errorf("old row not drawn as old: %q", l)
	}
}

func TestHiddenScrolledAndHeaderClicks(t *testing.T) {
	m := newTable(2)
	m.SetHidden([]string{"state"})
	equal(t, draw(t, m, 30, 1, Opts{}), "❯web-00            0% 10.0.0.1")
	if got := draw(t, m, 30, 2, Opts{Header: true})[0]; strings.Contains(got, "STATE") {
		t.Errorf("hidden column drawn: %q", got)
	}
	m.SetHidden(nil)
	m.HScroll(2)
	if got := draw(t, m, 30, 2, Opts{Header: true})[0]; !strings.HasPrefix(got, "←NAME") || strings.Contains(got, "CPU") || !strings.Contains(got, "IP") {
		t.Errorf("scrolled sideways: %q", got)
	}
	m.HScroll(-9)
	draw(t, m, 40, 2, Opts{Header: true})
	if key, ok := m.ColumnAt(1); !ok || key != "name" {
		t.Errorf("ColumnAt(1) = %q, %v", key, ok)
	}
	if key, ok := m.ColumnAt(35); !ok || key != "ip" {
		t.Errorf("ColumnAt(35) = %q, %v", key, ok)
	}
	if key, ok := m.SortFor('S'); !ok || key != "state" {
		t.Errorf("SortFor(S) = %q, %v", key, ok)
	}
}

func TestEmpty(t *testing.T) {
	m := New(columns(), func(v vm) int { return v.id })
	equal(t, draw(t, m, 20, 3, Opts{Header: true, Empty: "no VMs"}), " NAME   STATE CPU IP", " no VMs", "")
	m.Move(1)
	m.ToggleMark()
	m.MarkRange()
	m.MarkAll()
	if _, ok := m.Cursor(); ok || m.Click(1) {
		t.Error("a cursor without rows")
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("web-01", "10.0.0.1", 40, 10, 3, 5)
	f.Add("日本語", "e\u0301", 1, 1, 0, 1)
	f.Add("👨‍👩‍👧", "\x1b[31m", 0, 0, 7, 0)
	f.Add("", "", 2, 2, -4, 3)
	f.Fuzz(func(t *testing.T, name, ip string, w, h, moves, n int) {
		w, h, n = w&0xff, h&0x3f, n&0x7f
		rows := vms(n)
		for i := range rows {
			rows[i].name, rows[i].ip = name, ip
		}
		m := New(columns(), func(v vm) int { return v.id })
		m.SetRows(rows)
		for _, o := range []Opts{{}, {Header: true, Wide: true, Empty: name}} {
			m.Move(moves)
			m.ToggleMark()
			m.Wheel(moves)
			draw(t, m, w, h, o)
			m.HScroll(1)
			m.Page(moves)
			draw(t, m, w, h, o)
			m.Click(moves)
			m.SetRows(rows[:n/2])
			draw(t, m, h, w, o)
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	for _, n := range []int{100, 10_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m, th := newTable(n), testTheme(b)
			b.ReportAllocs()
			for b.Loop() {
				m.Draw(120, 40, th, true, Opts{Header: true, Wide: true})
			}
		})
	}
}

func BenchmarkSetRows(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		for _, name := range []string{"same", "reversed"} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				m := newTable(n)
				rows := [2][]vm{vms(n), vms(n)}
				if name == "reversed" {
					rows[1] = reversed(rows[1])
				}
				m.SetCursor(n - 1)
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					m.SetRows(rows[i&1])
					i++
				}
			})
		}
	}
}
