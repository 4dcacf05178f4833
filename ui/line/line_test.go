package line

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
)

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want string
	}{
		{"web-01", 6, "web-01"},
		{"web-01", 5, "web-…"},
		{"web-01", 1, "…"},
		{"web-01", 0, ""},
		{"web-01", -3, ""},
		{"", 3, ""},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"日本語", 2, "…"},
		{"a日", 2, "a…"},
		{"cafe\u0301", 4, "cafe\u0301"},
		{"cafe\u0301s", 4, "caf…"},
		{"Büro", 4, "Büro"},
		{"Büroo\u0301", 5, "Büroo\u0301"},
		{"●●●", 2, "●…"},
		{"▶\ufe0f x", 9, "? x"},
		{"tab\there", 20, "tab?here"},
		{"\x1b[31mred", 20, "?[31mred"},
		{"\u0301x", 4, "?x"},
		{"👨‍👩‍👧 fam", 9, "? fam"},
		{"bad\xffutf", 9, "bad?utf"},
	} {
		got, w := Truncate(c.in, c.w, "…")
		if got != c.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", c.in, c.w, got, c.want)
		}
		if w != ansi.StringWidth(got) {
			t.Errorf("Truncate(%q, %d) says %d cells, has %d", c.in, c.w, w, ansi.StringWidth(got))
		}
	}
}

func TestSimpleCharactersAreOneCell(t *testing.T) {
	for r := rune(0); r < 0x3000; r++ {
		s := string(r)
		if simple(s) > 0 && (ansi.StringWidth(s) != 1 || ansi.StringWidthWc(s) != 1) {
			t.Errorf("%q (%U) is %d or %d cells", s, r, ansi.StringWidth(s), ansi.StringWidthWc(s))
		}
	}
}

func TestIdeographsAreTwoCells(t *testing.T) {
	for r := rune(0x3000); r < 0xd800; r++ {
		s := " " + string(r) + " "
		if _, w := cluster(string(r)); w == 2 && ideograph(r) && (ansi.StringWidth(s) != 4 || ansi.StringWidthWc(s) != 4) {
			t.Errorf("%q (%U) is not two cells", s, r)
		}
	}
}

func TestTruncateLeft(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want string
	}{
		{"/var/lib/x", 10, "/var/lib/x"},
		{"/var/lib/x", 5, "…ib/x"},
		{"/var/lib/x", 1, "…"},
		{"/var/lib/x", 0, ""},
		{"日本語", 4, "…語"},
	} {
		if got, _ := TruncateLeft(c.in, c.w, "…"); got != c.want {
			t.Errorf("TruncateLeft(%q, %d) = %q, want %q", c.in, c.w, got, c.want)
		}
	}
}

func TestFit(t *testing.T) {
	if got := Fit("日本語", 4, "~"); got != "日~ " {
		t.Errorf("Fit = %q", got)
	}
	if got := FitRight("12", 4, "~"); got != "  12" {
		t.Errorf("FitRight = %q", got)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want []string
	}{
		{"", 5, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"a\n\nb", 3, []string{"a", "", "b"}},
		{"日本 語", 4, []string{"日本", "語"}},
		{"日本", 1, []string{""}},
	} {
		got := Wrap(c.in, c.w)
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("Wrap(%q, %d) = %q, want %q", c.in, c.w, got, c.want)
		}
	}
	if Wrap("x", 0) != nil {
		t.Error("Wrap in no width should have no lines")
	}
}

// A long line must not cost the square of its length.
func TestWrapLongLines(t *testing.T) {
	text := strings.Repeat("日本語\u0301 ", 20_000)
	done := make(chan int, 1)
	go func() { done <- len(Wrap(text, 2)) }()
	select {
	case n := <-done:
		if n < 60_000 {
			t.Errorf("%d lines", n)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("wrapping 80000 characters took more than 10 s")
	}
}

func TestJoin(t *testing.T) {
	got := Join([]string{"ab", "cd"}, []string{"1", "2", "3"})
	if strings.Join(got, "|") != "ab1|cd2" {
		t.Errorf("Join = %q", got)
	}
}

func testTheme(t testing.TB) *theme.Theme {
	t.Helper()
	th, err := theme.Load("dark", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func TestBuilder(t *testing.T) {
	th := testTheme(t)
	for _, c := range []struct {
		name string
		w    int
		fn   func(*Builder)
		want string
	}{
		{"pads", 6, func(b *Builder) { b.Add(theme.Text, "ab") }, "ab    "},
		{"cuts", 4, func(b *Builder) { b.Add(theme.Text, "ab").Add(theme.Text, "cdef") }, "abc…"},
		{"fit and right", 9, func(b *Builder) { b.AddFit(theme.Text, "ab", 4).AddRight(theme.Text, "7", 4) }, "ab     7 "},
		{"rule", 5, func(b *Builder) { b.Rule(theme.Border, "─", 9) }, "─────"},
		{"raw too wide", 3, func(b *Builder) { b.Raw("xxxx", 4) }, "   "},
		{"nothing", 0, func(b *Builder) { b.Add(theme.Text, "ab").Gap(3) }, ""},
		{"right at the end", 3, func(b *Builder) { b.AddRight(theme.Text, "123456", 9) }, "12…"},
	} {
		b := New(th, theme.Cursor, c.w)
		c.fn(b)
		if got := ansi.Strip(b.String()); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzFit(f *testing.F) {
	for _, s := range []string{"", "web", "日本語", "e\u0301", "👨‍👩‍👧", "🇩🇪", "\x1b[31m", "a\u200db", "\xff", "\u202e", "é́́"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, s string, w int) {
		w = max(min(w, 300), -5)
		for _, got := range []string{Fit(s, w, "…"), FitRight(s, w, "~")} {
			if ansi.StringWidth(got) != max(w, 0) || ansi.StringWidthWc(got) != max(w, 0) {
				t.Fatalf("fit %q in %d gives %q: %d cells", s, w, got, ansi.StringWidth(got))
			}
		}
		for _, l := range Wrap(s, w) {
			if ansi.StringWidth(l) > w {
				t.Fatalf("wrap %q in %d gives %q", s, w, l)
			}
		}
		if got, cells := TruncateLeft(s, w, "…"); ansi.StringWidth(got) != cells || cells > max(w, 0) {
			t.Fatalf("TruncateLeft %q in %d gives %q (%d)", s, w, got, cells)
		}
	})
}

func BenchmarkFit(b *testing.B) {
	for name, s := range map[string]string{"ascii": "web-frontend-0017.example", "cjk": "日本語データベース", "latin": "Büro-Server-größer-01", "spark": "● ▂▃▅▇▆▃▂▂▁▂▃"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = Fit(s, 16, "…")
			}
		})
	}
}

func TestFrame(t *testing.T) {
	th := testTheme(t)
	got := Frame(th, "日本 title", theme.Title, []string{"abcd", "    "}, 8)
	for i := range got {
		got[i] = ansi.Strip(got[i])
	}
	if want := "╭ 日… ─╮|│ abcd │|│      │|╰──────╯"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}
	for w := range 8 {
		for _, l := range Frame(th, "t", theme.Title, []string{Fit("x", w-4, "")}, w) {
			if ansi.StringWidth(l) != w {
				t.Errorf("width %d: line %q", w, l)
			}
		}
	}
}
