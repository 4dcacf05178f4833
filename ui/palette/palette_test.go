package palette

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
)

func press(name string) tea.KeyPressMsg {
	special := map[string]tea.Key{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown},
		"pgdown": {Code: tea.KeyPgDown}, "ctrl+p": {Code: 'p', Mod: tea.ModCtrl}, "ctrl+n": {Code: 'n', Mod: tea.ModCtrl}, "backspace": {Code: tea.KeyBackspace},
	}
	if k, ok := special[name]; ok {
		return tea.KeyPressMsg(k)
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func keys(m *Model, names ...string) Result {
	r := Open
	for _, n := range names {
		r = m.Update(press(n))
	}
	return r
}

func typed(m *Model, text string) {
	for _, r := range text {
		m.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

func shown(t testing.TB, m *Model, w, h int) string {
	t.Helper()
	th, err := theme.Load("dark", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lines := m.Draw(w, h, th)
	if len(lines) > max(h, 0) {
		t.Fatalf("%d lines of %d", len(lines), h)
	}
	for _, l := range lines {
		if ansi.StringWidth(l) != min(max(w, 0), widest) {
			t.Fatalf("%d cells of %d: %q", ansi.StringWidth(l), w, l)
		}
	}
	return ansi.Strip(strings.Join(lines, "\n"))
}

func entries() []Entry {
	return []Entry{{Name: "volumes", Hint: "4"}, {Name: "power off"}, {Name: "power on", Why: "already running"}, {Name: "delete volume"}, {Name: "vms"}}
}

func chosen(m *Model) string {
	i, ok := m.Choice()
	if !ok {
		return ""
	}
	return m.entries[i].Name
}

func TestSearch(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"", "volumes"}, {"vol", "volumes"}, {"pof", "power off"}, {"dv", "delete volume"}, {"vms", "vms"}, {"zzz", ""}, {" vms ", "vms"},
	} {
		m := New(entries(), nil)
		typed(m, c.typed)
		if got := chosen(m); got != c.want {
			t.Errorf("%q finds %q, want %q", c.typed, got, c.want)
		}
	}
}

func TestTakeAndHistory(t *testing.T) {
	m := New(entries(), []string{"gone", "vms"})
	if chosen(m) != "vms" {
		t.Errorf("the latest is not first: %q", chosen(m))
	}
	typed(m, "pow")
	if keys(m, "enter") != Open || !strings.Contains(shown(t, m, 60, 20), "already running") {
		t.Errorf("a greyed entry:\n%s", shown(t, m, 60, 20))
	}
	keys(m, "down", "tab")
	if m.Text() != "power off" || keys(m, "enter") != Chosen {
		t.Errorf("completed to %q", m.Text())
	}
	if got := fmt.Sprint(m.History()); got != "[gone vms power off]" {
		t.Errorf("history %s", got)
	}
	m = New(entries(), m.History())
	keys(m, "ctrl+p", "ctrl+p")
	if m.Text() != "vms" {
		t.Errorf("recalled %q", m.Text())
	}
	keys(m, "ctrl+p", "ctrl+p", "ctrl+n", "ctrl+n", "ctrl+n", "ctrl+n")
	if m.Text() != "" {
		t.Errorf("past the latest: %q", m.Text())
	}
	typed(m, "zzz")
	if keys(m, "enter") != Open || !strings.Contains(shown(t, m, 60, 20), "no such command") {
		t.Errorf("nothing found:\n%s", shown(t, m, 60, 20))
	}
	if keys(m, "esc") != Cancelled {
		t.Error("esc")
	}
}

func TestAtMostTwelveRows(t *testing.T) {
	var many []Entry
	for i := range 5000 {
		many = append(many, Entry{Name: fmt.Sprintf("vm-%04d", i)})
	}
	m := New(many, nil)
	if n := strings.Count(shown(t, m, 60, 40), "vm-"); n != maxRows {
		t.Errorf("%d rows", n)
	}
	keys(m, "pgdown", "pgdown", "down")
	if s := shown(t, m, 60, 40); !strings.Contains(s, "❯vm-0025") {
		t.Errorf("the cursor is not in sight:\n%s", s)
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("power", "pw", 40, 10)
	f.Add("日本é́", "本", 3, 2)
	f.Add("", "", 0, 0)
	f.Fuzz(func(t *testing.T, name, text string, w, h int) {
		m := New([]Entry{{Name: name, Hint: text}, {Name: name + text, Why: name}, {}}, []string{name})
		typed(m, text)
		shown(t, m, w&0x7f, h&0x1f)
		keys(m, "down", "tab", "enter")
		shown(t, m, w&0x7f, h&0x1f)
	})
}

func BenchmarkKey(b *testing.B) {
	var many []Entry
	for i := range 5000 {
		many = append(many, Entry{Name: fmt.Sprintf("power off vm-%04d", i)})
	}
	m := New(many, nil)
	for b.Loop() {
		keys(m, "v", "backspace")
	}
}
