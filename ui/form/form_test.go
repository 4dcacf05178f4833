package form

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
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
	special := map[string]tea.Key{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
		"shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "backspace": {Code: tea.KeyBackspace},
		"left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown},
		"space": {Code: tea.KeySpace, Text: " "}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
	}
	if k, ok := special[name]; ok {
		return tea.KeyPressMsg(k)
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func keys(f *Form, names ...string) Result {
	r := Open
	for _, n := range names {
		r = f.Update(press(n))
	}
	return r
}

func typed(f *Form, text string) {
	for _, r := range text {
		f.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

func shown(t *testing.T, f *Form, w, h int) string {
	t.Helper()
	lines := f.Draw(w, h, testTheme(t))
	if len(lines) > max(h, 0) {
		t.Fatalf("%d lines, at most %d", len(lines), h)
	}
	for _, l := range lines {
		if ansi.StringWidth(l) != min(max(w, 0), widest) {
			t.Fatalf("%d cells, want %d: %q", ansi.StringWidth(l), w, l)
		}
	}
	return ansi.Strip(strings.Join(lines, "\n"))
}

func vmForm() *Form {
	return New("New VM", []Field{
		{Key: "name", Label: "Name", Required: true, Hint: "letters and digits"},
		{Key: "mem", Label: "Memory", Kind: Size, Default: "2 GiB", Min: 1 << 20, Max: 1 << 40},
		{Key: "cpus", Label: "vCPUs", Kind: Number, Default: "2", Min: 1, Max: 64},
		{Key: "net", Label: "Network", Kind: Choice, Default: "lab", Choices: []Option{{Value: "default"}, {Value: "lab"}, {Value: "prod", Label: "Production"}}},
		{Key: "start", Label: "Start", Kind: YesNo},
		{Key: "pass", Label: "Password", Kind: Secret},
		{Key: "iso", Label: "ISO", Kind: Path},
	})
}

func TestFillAndSubmit(t *testing.T) {
	f := vmForm()
	if keys(f, "enter") != Open || !strings.Contains(shown(t, f, 60, 20), "✗ name is needed") {
		t.Fatalf("an empty name was taken:\n%s", shown(t, f, 60, 20))
	}
	typed(f, "web")
	if strings.Contains(shown(t, f, 60, 20), "needed") {
		t.Error("the complaint stays although the name is there")
	}
	keys(f, "tab", "tab", "tab")
	typed(f, "prod")
	keys(f, "tab", "space", "tab")
	typed(f, "hunter2")
	screen := shown(t, f, 60, 20)
	if strings.Contains(screen, "hunter2") || !strings.Contains(screen, "•••••••") {
		t.Errorf("the secret is not masked:\n%s", screen)
	}
	keys(f, "tab")
	f.Paste("~/debian.iso")
	if keys(f, "enter") != Submitted {
		t.Fatalf("not submitted:\n%s", shown(t, f, 60, 20))
	}
	v := f.Values()
	if v["name"] != "web" || v.Bytes("mem") != 2<<30 || v.Int("cpus") != 2 || v["net"] != "prod" || !v.Yes("start") || v["pass"] != "hunter2" {
		t.Errorf("values %v", v)
	}
	if strings.HasPrefix(v["iso"], "~") || !strings.HasSuffix(v["iso"], "/debian.iso") {
		t.Errorf("iso = %q", v["iso"])
	}
}

func TestChecks(t *testing.T) {
	for _, c := range []struct {
		name  string
		field Field
		value string
		want  string // part of the complaint; "" for none
	}{
		{"number", Field{Kind: Number, Min: 1, Max: 8}, "8", ""},
		{"not a number", Field{Kind: Number}, "eight", "not a whole number"},
		{"too small", Field{Kind: Number, Min: 2}, "1", "at least 2"},
		{"too large", Field{Kind: Number, Max: 8}, "9", "at most 8"},
		{"empty may be", Field{Kind: Number, Min: 1}, "", ""},
		{"size too large", Field{Kind: Size, Max: 1 << 30}, "2G", "at most 1 GiB"},
		{"own check", Field{Validate: func(string) error { return errors.New("taken") }}, "x", "taken"},
		{"required", Field{Label: "Name", Required: true}, "  ", "name is needed"},
		{"no choices, required", Field{Label: "Pool", Kind: Choice, Required: true}, "", "pool is needed"},
	} {
		err := c.field.check(c.value)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		ok   bool
	}{
		{"10 GiB", 10 << 30, true}, {"10G", 10 << 30, true}, {"10gb", 10_000_000_000, true}, {"1.5T", 3 << 39, true},
		{"512m", 512 << 20, true}, {"0", 0, true}, {"4096", 4096, true}, {"4096 B", 4096, true}, {"9007199254740993", 9007199254740993, true},
		{"", 0, false}, {"G", 0, false}, {"-1G", 0, false}, {"10 GiBs", 0, false}, {"1e3", 0, false}, {"8192P", 0, false}, {"1.2.3", 0, false}, {"٣G", 0, false},
	} {
		got, err := ParseSize(c.in)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d, ok %v", c.in, got, err, c.want, c.ok)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 10 << 30: "10 GiB", 3 << 39: "1.5 TiB"} {
		if got := FormatSize(n); got != want {
			t.Errorf("FormatSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestChoiceKeys(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want string
	}{
		{nil, "lab"}, {[]string{"right"}, "prod"}, {[]string{"right", "right"}, "default"}, {[]string{"left"}, "default"},
		{[]string{"p"}, "prod"}, {[]string{"f", "a"}, "default"}, {[]string{"z"}, "lab"}, {[]string{"space"}, "prod"}, {[]string{"end", "home"}, "default"},
	} {
		f := New("", []Field{vmForm().entries[3].Field})
		keys(f, c.keys...)
		if got := f.Values()["net"]; got != c.want {
			t.Errorf("%v: %q, want %q", c.keys, got, c.want)
		}
	}
}

func TestServerErrorAndCancel(t *testing.T) {
	f := vmForm()
	f.SetError("cpus", errors.New("the host has 1 CPU"))
	if f.focus != 2 || !strings.Contains(shown(t, f, 60, 20), "the host has 1 CPU") {
		t.Errorf("focus %d:\n%s", f.focus, shown(t, f, 60, 20))
	}
	keys(f, "backspace")
	if strings.Contains(shown(t, f, 60, 20), "the host has") {
		t.Error("the server's complaint outlived an edit")
	}
	if keys(f, "esc") != Cancelled {
		t.Error("esc did not cancel")
	}
}

func TestFocusIsScrolledIntoView(t *testing.T) {
	f := vmForm()
	keys(f, "shift+tab")
	if s := shown(t, f, 40, 6); !strings.Contains(s, "❯ ISO") {
		t.Errorf("the last field is not seen:\n%s", s)
	}
	long := New("", []Field{{Key: "p", Label: "Path", Kind: Path, Default: strings.Repeat("/dir", 40) + "/end"}})
	if s := shown(t, long, 40, 6); !strings.Contains(s, "/end ") {
		t.Errorf("the cursor's end is not seen:\n%s", s)
	}
}

func TestNoFields(t *testing.T) {
	f := New("x", nil)
	f.Paste("a")
	f.SetError("a", errors.New("b"))
	if keys(f, "tab", "a") != Open || keys(f, "enter") != Submitted {
		t.Error("an empty form should submit")
	}
	shown(t, f, 30, 5)
}

func FuzzDraw(f *testing.F) {
	f.Add("web", 40, 10, "ab\tc")
	f.Add("日本\x1b[31m", 1, 1, "é́")
	f.Add("", 0, 0, "")
	f.Fuzz(func(t *testing.T, label string, w, h int, text string) {
		w, h = w&0x7f, h&0x1f
		fm := New(label, []Field{{Label: label, Default: text, Hint: text}, {Label: text, Kind: Secret}, {Kind: Choice, Choices: []Option{{Value: label}}}})
		typed(fm, text)
		shown(t, fm, w, h)
		keys(fm, "tab", "home")
		fm.Paste(text)
		shown(t, fm, w, h)
		keys(fm, "tab", "right", "enter")
		shown(t, fm, h, w)
	})
}
