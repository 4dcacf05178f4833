package wizard

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
	"hvdeck/ui/form"
	"hvdeck/ui/uitest"
)

func testTheme(t testing.TB) *theme.Theme {
	t.Helper()
	th, err := theme.Load("dark", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func press(name string) tea.KeyPressMsg {
	special := map[string]tea.Key{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "down": {Code: tea.KeyDown},
		"ctrl+b": {Code: 'b', Mod: tea.ModCtrl}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "space": {Code: tea.KeySpace, Text: " "},
	}
	if k, ok := special[name]; ok {
		return tea.KeyPressMsg(k)
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func pages(text string) []Page {
	return []Page{
		&Text{Name: text, Lines: []Line{{Text: text}, {Note: text, Text: text, Indent: 2}}, Accept: Key{"A", text}},
		&Choice{Name: text, Items: []Item{{text, text}, {"b", text}, {"c", ""}}, At: 1},
		&Fields{Name: text, Form: form.New("", []form.Field{
			{Key: "a", Label: text, Heading: text, Hint: text}, {Key: "b", Heading: text, Label: "b", Warn: func(form.Values) string { return text }},
		}), Complete: "a"},
		&Wait{Name: text, What: text, Now: time.Now},
	}
}

func drawn(t *testing.T, b *Box, w, h int) string {
	t.Helper()
	lines := b.Draw(w, h, testTheme(t))
	if want := min(h, tallest); len(lines) > want || (h > 5 && len(lines) != want) {
		t.Fatalf("%d lines of %d", len(lines), h)
	}
	for _, l := range lines {
		if got := ansi.StringWidth(l); got != min(w, widest) {
			t.Fatalf("%d cells, want %d: %q", got, min(w, widest), l)
		}
	}
	return ansi.Strip(strings.Join(lines, "\n"))
}

func TestEveryPageFits(t *testing.T) {
	for _, p := range pages(strings.Repeat("a word, ", 60)) {
		for _, size := range [][2]int{{38, 10}, {78, 22}, {118, 38}, {198, 58}} {
			b := New("Import", time.Now)
			b.Show(p, 3, 9)
			if text := drawn(t, b, size[0], size[1]); !strings.Contains(text, "3/9 a word") || !strings.Contains(text, "Import") {
				t.Errorf("%T at %v:\n%s", p, size, text)
			}
		}
	}
}

func TestKeysLead(t *testing.T) {
	text := &Text{Name: "Licence", Lines: []Line{{Text: "words"}}, Accept: Key{"A", "accept"}, Others: []Key{{"R", "again"}}}
	for _, c := range []struct {
		page Page
		key  string
		want Result
	}{
		{text, "enter", Stay}, {text, "a", Stay}, {text, "space", Stay}, {text, "A", Next}, {text, "R", Other}, {text, "esc", Back},
		{text, "ctrl+b", Back}, {text, "ctrl+c", Quit}, {&Text{}, "enter", Stay}, {&Choice{Items: []Item{{}}}, "enter", Next},
		{&Wait{}, "enter", Stay}, {&Wait{}, "esc", Back}, {&Fields{Form: form.New("", nil)}, "enter", Next},
		{&Fields{Form: form.New("", []form.Field{{Key: "x"}}), Complete: "x"}, "tab", Other},
		{&Fields{Form: form.New("", nil), Sound: func(*form.Form) bool { return false }}, "enter", Stay},
	} {
		b := New("", time.Now)
		b.Show(c.page, 0, 0)
		if got := b.Update(press(c.key)); got != c.want {
			t.Errorf("%T, %s: %d, want %d", c.page, c.key, got, c.want)
		}
	}
	if text.Pressed() != "R" {
		t.Errorf("pressed %q", text.Pressed())
	}
}

// A page that comes by itself takes no key that was under way.
func TestArrivedPageSwallowsKeys(t *testing.T) {
	now := time.Unix(0, 0)
	b := New("", func() time.Time { return now })
	b.Arrive(&Choice{Items: []Item{{"a", ""}}}, 1, 1)
	if b.Update(press("enter")) != Stay {
		t.Error("it took a key at once")
	}
	now = now.Add(time.Second)
	if b.Update(press("enter")) != Next {
		t.Error("it takes no key")
	}
}

// A long text is scrolled, and says where it is.
func TestTextScrolls(t *testing.T) {
	p := &Text{Name: "Licence", Lines: []Line{{Text: "begin " + strings.Repeat("words and words ", 5000) + "end"}}}
	b := New("", time.Now)
	b.Show(p, 0, 0)
	drawn(t, b, 60, 20)
	if s := drawn(t, b, 60, 20); !strings.Contains(s, "begin") || !strings.Contains(s, "of 1") {
		t.Errorf("at the top:\n%s", s)
	}
	b.Update(press("G"))
	if s := drawn(t, b, 60, 20); !strings.Contains(s, "end") {
		t.Errorf("at the end:\n%s", s)
	}
	took := uitest.Took(0, func() {
		for range 50 {
			b.Update(press("k"))
			drawn(t, b, 60, 20)
		}
	})
	if took > time.Second {
		t.Errorf("50 steps in %v", took)
	}
}

func TestChoiceMoves(t *testing.T) {
	c := &Choice{Items: []Item{{"one", "first"}, {"two", "second"}, {"three", ""}}}
	for _, k := range []string{"down", "j", "j"} {
		c.Update(press(k))
	}
	if c.At != 2 {
		t.Errorf("at %d", c.At)
	}
	c.Update(press("k"))
	b := New("", time.Now)
	b.Show(c, 0, 0)
	if s := drawn(t, b, 40, 7); !strings.Contains(s, "❯ two") {
		t.Errorf("the cursor is not in sight:\n%s", s)
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("web", 40, 10)
	f.Add("日本\x1b[31m\x00\t", 1, 1)
	f.Add("", 0, 0)
	f.Fuzz(func(t *testing.T, text string, w, h int) {
		w, h = w&0x7f, h&0x3f
		for _, p := range pages(text) {
			b := New(text, time.Now)
			b.Show(p, 1, 2)
			for _, k := range []string{"down", "G", "tab", "space"} {
				b.Update(press(k))
				drawn(t, b, w, h)
			}
		}
	})
}
