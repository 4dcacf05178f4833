package overlay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

func testTheme(t testing.TB) *theme.Theme {
	t.Helper()
	th, err := theme.Load("dark", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// press turns a key's name into the message a terminal would cause.
func press(name string) tea.KeyPressMsg {
	special := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp,
		"pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "left": tea.KeyLeft, "backspace": tea.KeyBackspace, "end": tea.KeyEnd,
	}
	if c, ok := special[name]; ok {
		return tea.KeyPressMsg{Code: c}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func keys(o Overlay, names ...string) Result {
	r := Open
	for _, n := range names {
		r = o.Update(press(n))
	}
	return r
}

func shown(t *testing.T, o Overlay, w, h int) string {
	t.Helper()
	lines := o.Draw(w, h, testTheme(t))
	if len(lines) > max(h, 0) {
		t.Fatalf("%d lines, at most %d", len(lines), h)
	}
	for _, l := range lines {
		if got := ansi.StringWidth(l); got > max(w, 0) || got != ansi.StringWidth(lines[0]) {
			t.Fatalf("%d cells of %d, the first has %d: %q", got, w, ansi.StringWidth(lines[0]), l)
		}
	}
	return ansi.Strip(strings.Join(lines, "\n"))
}

func TestPlace(t *testing.T) {
	base := []string{"abcdef", "日本語", "\x1b[31mredred\x1b[m"}
	for _, c := range []struct {
		name string
		x, y int
		box  []string
		want string
	}{
		{"inside", 2, 0, []string{"XX"}, "abXXef|日本語|redred"},
		{"cuts wide characters", 1, 1, []string{"XX"}, "abcdef| XX 語|redred"},
		{"over colours", 1, 2, []string{"X"}, "abcdef|日本語|rXdred"},
		{"past the right", 5, 0, []string{"XYZ"}, "abcdeX|日本語|redred"},
		{"past the left", -1, 0, []string{"XYZ"}, "YZcdef|日本語|redred"},
		{"past the bottom", 0, 2, []string{"X", "X"}, "abcdef|日本語|Xedred"},
		{"above", 0, -1, []string{"X", "Y"}, "Ybcdef|日本語|redred"},
		{"outside", 9, 9, []string{"X"}, "abcdef|日本語|redred"},
	} {
		got := Place(base, c.box, c.x, c.y)
		if s := ansi.Strip(strings.Join(got, "|")); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
	if got := Place(base, []string{"X"}, 1, 2)[2]; !strings.Contains(got, "\x1b[31m") || !strings.Contains(got[strings.Index(got, "X"):], "\x1b[31m") {
		t.Errorf("the colour right of the box is lost: %q", got)
	}
}

func TestCenter(t *testing.T) {
	got := Center([]string{".....", ".....", "....."}, []string{"X"}, 5)
	if s := ansi.Strip(strings.Join(got, "|")); s != ".....|..X..|....." {
		t.Errorf("Center = %q", s)
	}
	got = Bottom([]string{"aa", "bb", "cc"}, []string{"X"})
	if s := ansi.Strip(strings.Join(got, "|")); s != "aa|Xb|cc" {
		t.Errorf("Bottom = %q", s)
	}
}

func TestConfirmKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		q    Question
		keys string
		want Result
	}{
		{"y", Question{}, "y", Confirmed},
		{"n", Question{}, "n", Cancelled},
		{"enter is Cancel", Question{}, "enter", Cancelled},
		{"the button", Question{}, "tab enter", Confirmed},
		{"there and back", Question{}, "tab tab enter", Cancelled},
		{"esc", Question{}, "esc", Cancelled},
		{"another key", Question{}, "p", Open},
		{"y does not delete", Question{Level: Irreversible, Expect: "web"}, "y", Open},
		{"typed", Question{Level: Irreversible, Expect: "web"}, "w e b enter", Confirmed},
		{"typed wrong", Question{Level: Irreversible, Expect: "web"}, "w e x enter", Open},
		{"corrected", Question{Level: Irreversible, Expect: "web"}, "w e x enter backspace b enter", Confirmed},
		{"other case", Question{Level: Irreversible, Expect: "Web"}, "w e b enter", Open},
		{"nothing to expect never confirms", Question{Level: Irreversible}, "enter", Open},
		{"typed, then esc", Question{Level: Irreversible, Expect: "1"}, "1 esc", Cancelled},
	} {
		if got := keys(NewConfirm(c.q, nil), strings.Fields(c.keys)...); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestKeysUnderWayAreSwallowed(t *testing.T) {
	now := time.Unix(0, 0)
	for _, c := range []struct {
		name  string
		async bool
		after []time.Duration // between the keys, each a y
		want  Result
	}{
		{"opened by the operator", false, []time.Duration{0}, Confirmed},
		{"at once", true, []time.Duration{0}, Open},
		{"just before", true, []time.Duration{399 * time.Millisecond}, Open},
		{"after", true, []time.Duration{400 * time.Millisecond}, Confirmed},
		{"typing on", true, []time.Duration{300 * time.Millisecond, 300 * time.Millisecond}, Open},
		{"not for ever", true, []time.Duration{300e6, 300e6, 300e6, 300e6, 300e6}, Confirmed},
	} {
		c2 := NewConfirm(Question{Async: c.async}, func() time.Time { return now })
		got := Open
		for _, d := range c.after {
			now = now.Add(d)
			got = keys(c2, "y")
		}
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestConfirmShowsWhatIsAtStake(t *testing.T) {
	c := NewConfirm(Question{
		Title: "Delete 3 VMs?", Verb: "Delete", Level: Irreversible, Expect: "3",
		Loses:   []string{"2 snapshots go too", "current state since 'updated', 12 days"},
		Targets: []Target{{Name: "web-01", Conn: "kvm01"}, {Name: "日本", Conn: "dc1"}, {Name: "web-03", Conn: "kvm01", Note: "running", Skip: true}},
	}, nil)
	s := shown(t, c, 60, 20)
	for _, want := range []string{"Delete 3 VMs?", "▲ 2 snapshots go too", "• kvm01/web-01", "• dc1/日本", "running", "Type 3 to delete:", "esc cancel"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is missing in\n%s", want, s)
		}
	}
	keys(c, "4", "enter")
	if s = shown(t, c, 60, 20); !strings.Contains(s, "nothing was done") {
		t.Errorf("a wrong answer is not said:\n%s", s)
	}
	c.Paste("x")
	keys(c, "backspace", "backspace", "3")
	if s = shown(t, c, 60, 20); !strings.Contains(s, "enter delete") {
		t.Errorf("a right answer does not say what is next:\n%s", s)
	}
}

func TestConfirmScrollsManyTargets(t *testing.T) {
	q := Question{Verb: "Force off", Loses: []string{"unsaved work"}}
	for i := range 10_000 {
		q.Targets = append(q.Targets, Target{Name: fmt.Sprintf("vm-%05d", i), Conn: "dc1"})
	}
	c := NewConfirm(q, nil)
	if s := shown(t, c, 60, 12); !strings.Contains(s, "vm-00000") || !strings.Contains(s, "of 10000") || !strings.Contains(s, "[❯Cancel ]") {
		t.Errorf("the first targets:\n%s", s)
	}
	keys(c, "G")
	if s := shown(t, c, 60, 12); !strings.Contains(s, "vm-09999") {
		t.Errorf("the last target cannot be reached:\n%s", s)
	}
	if s := shown(t, c, 60, 8); !strings.Contains(s, "dc1/vm-") || !strings.Contains(s, "Cancel") {
		t.Errorf("on a low screen:\n%s", s)
	}
}

func TestMessageScrolls(t *testing.T) {
	var text []string
	for i := range 100 {
		text = append(text, fmt.Sprintf("line %d", i))
	}
	m := NewMessage("Log", strings.Join(text, "\n"))
	if s := shown(t, m, 40, 10); !strings.Contains(s, "line 0") || strings.Contains(s, "line 7 ") {
		t.Errorf("the beginning:\n%s", s)
	}
	keys(m, "G")
	if s := shown(t, m, 40, 10); !strings.Contains(s, "line 99") || !strings.Contains(s, "line 94 of 100") {
		t.Errorf("the end:\n%s", s)
	}
	if keys(m, "k", "g", "j") != Open || keys(m, "q") != Cancelled {
		t.Error("q should close, and only q")
	}
}

func TestMenu(t *testing.T) {
	items := []MenuItem{{Key: "s", Title: "Start"}, {Key: "f", Title: "Force off", Why: "not running"}, {Key: "enter", Title: "Open", Current: true}}
	m := NewMenu("Power", items)
	if s := shown(t, m, 60, 10); !strings.Contains(s, "Force off · not running") || !strings.Contains(s, "● Open") {
		t.Errorf("menu:\n%s", s)
	}
	if keys(m, "f") != Open || keys(m, "z") != Open {
		t.Error("a greyed or an unknown key was taken")
	}
	if keys(m, "s") != Chosen {
		t.Error("s was not taken")
	}
	if i, ok := m.Choice(); i != 0 || !ok {
		t.Errorf("choice %d, %v", i, ok)
	}
	if keys(NewMenu("", items[:2]), "down", "up", "enter") != Chosen {
		t.Error("arrows and enter do not choose")
	}
	if keys(NewMenu("", nil), "enter", "down") != Open || keys(NewMenu("", nil), "esc") != Cancelled {
		t.Error("an empty menu")
	}
	long := NewMenu("x", nil)
	for i := range 50 {
		long.items = append(long.items, MenuItem{Key: fmt.Sprint(i), Title: fmt.Sprintf("item %d", i)})
	}
	for range 30 {
		keys(long, "down")
	}
	if s := shown(t, long, 40, 10); !strings.Contains(s, "item 30") {
		t.Errorf("the cursor is not in sight:\n%s", s)
	}
}

func FuzzOverlays(f *testing.F) {
	f.Add("web-01", 60, 20, 3, 4)
	f.Add("日本\x1b[31m", 1, 1, 0, 0)
	f.Add("", 0, 0, -5, 99)
	f.Fuzz(func(t *testing.T, text string, w, h, x, y int) {
		w, h, x, y = w&0x7f, h&0x1f, x&0xff-64, y&0xff-64
		base := make([]string, h)
		for i := range base {
			base[i] = line.Fit(text+"日本語日本語", w, "…")
		}
		for _, o := range []Overlay{
			NewMessage(text, text+"\n"+text),
			NewConfirm(Question{Title: text, Verb: text, Loses: []string{text}, Targets: []Target{{Name: text, Conn: text, Note: text}, {}}}, nil),
			NewConfirm(Question{Title: text, Level: Irreversible, Expect: text, Targets: make([]Target, 50)}, nil),
			NewMenu(text, []MenuItem{{Key: text, Title: text, Why: text}, {Title: text, Current: true}}),
		} {
			shown(t, o, w, h)
			keys(o, "down", "pgdown", "x")
			shown(t, o, w, h)
			for _, l := range Place(base, o.Draw(w, h, testTheme(t)), x, y) {
				if ansi.StringWidth(l) != w {
					t.Fatalf("%d cells of %d after Place at %d: %q", ansi.StringWidth(l), w, x, l)
				}
			}
		}
	})
}

// A question that is longer than the screen says so, and keeps its answers in sight.
func TestLongQuestionOnASmallScreen(t *testing.T) {
	text := strings.Repeat("The disks of this machine were moved or copied. ", 12)
	a := NewAsk("web-1 asks", text, []MenuItem{{Key: "1", Title: "I moved it"}, {Key: "2", Title: "I copied it"}})
	got := shown(t, a, 40, 12)
	for _, want := range []string{"line 1 of ", "PgDn", "I moved it", "I copied it"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}
	keys(a, "pgdown")
	if got := shown(t, a, 40, 12); strings.Contains(got, "line 1 of") {
		t.Errorf("PgDn did not scroll:\n%s", got)
	}
	var many []MenuItem
	for i := range 9 {
		many = append(many, MenuItem{Title: fmt.Sprintf("answer %d", i)})
	}
	if got := shown(t, NewAsk("asks", text, many).Focus(8), 40, 10); !strings.Contains(got, "answer 8") {
		t.Errorf("the answer in focus is out of sight:\n%s", got)
	}
	if got := shown(t, NewAsk("asks", "short", many[:2]), 40, 12); strings.Contains(got, "line") {
		t.Errorf("a short question says that it is cut:\n%s", got)
	}
}
