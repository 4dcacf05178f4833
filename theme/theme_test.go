package theme

import (
	"image/color"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

func load(t *testing.T, name string, o Options) *Theme {
	t.Helper()
	th, err := Load(name, true, o)
	if err != nil {
		t.Fatalf("Load(%q): %v", name, err)
	}
	return th
}

func TestAutoFollowsTheTerminal(t *testing.T) {
	for _, c := range []struct {
		dark bool
		want string
	}{{true, "dark"}, {false, "light"}} {
		th, err := Load("auto", c.dark, Options{})
		if err != nil || th.Name != c.want {
			t.Errorf("Load(auto, %v) = %v, %v; want %s", c.dark, th, err, c.want)
		}
	}
}

func luminance(c RGB) float64 {
	lin := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c.R) + 0.7152*lin(c.G) + 0.0722*lin(c.B)
}

func contrast(a, b RGB) float64 {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

// WCAG 2 asks 4.5 of text and 3 of graphics; 7 is its enhanced level.
func TestContrast(t *testing.T) {
	for _, name := range Names() {
		th := load(t, name, Options{})
		if !th.Background.Set {
			continue // monochrome: the terminal's own colours
		}
		for r := range RowCount {
			for k := range TokenCount {
				checkContrast(t, th, k, r)
			}
		}
	}
}

func checkContrast(t *testing.T, th *Theme, k Token, r Row) {
	t.Helper()
	want := 4.5
	if th.Name == "high-contrast" {
		want = 7
	}
	if k == Border {
		want = 2 // decoration: the title says where the pane is
	}
	if k == Spark {
		want = 3
	}
	if k == Border && r != Plain {
		return // no border runs through a row
	}
	s := th.Style(k, r)
	bg := th.Background
	if s.BG.Set {
		bg = s.BG
	}
	s = inked(th, s)
	if got := contrast(s.FG, bg); got < want {
		t.Errorf("%s: %s in a %s row has contrast %.2f, want %.1f", th.Name, k, r, got, want)
	}
}

// inked is a style in the colour that it comes out in: text without one of its own
// has the terminal's, which the theme expects to be its Foreground.
func inked(th *Theme, s Style) Style {
	if !s.FG.Set {
		s.FG = th.Foreground
	}
	return s
}

// On 16 and 256 colours the cursor row must not melt into the background, nor its
// text into the cursor row.
func TestCursorRowSurvivesFewColours(t *testing.T) {
	for _, name := range Names() {
		th := load(t, name, Options{})
		if !th.Background.Set {
			continue
		}
		for _, p := range []colorprofile.Profile{colorprofile.ANSI, colorprofile.ANSI256} {
			conv := func(c RGB) color.Color { return p.Convert(c.Color()) }
			row := th.Style(Text, Cursor)
			if conv(row.BG) == conv(th.Background) {
				t.Errorf("%s at %v: cursor row is the background", name, p)
			}
			for k := range TokenCount {
				if s := inked(th, th.Style(k, Cursor)); k != Border && conv(s.FG) == conv(s.BG) {
					t.Errorf("%s at %v: %s vanishes in the cursor row", name, p, k)
				}
			}
		}
	}
}

func TestWithoutColourCursorAndFocusStay(t *testing.T) {
	for _, name := range Names() {
		th := load(t, name, Options{NoColor: true})
		for r := range RowCount {
			for k := range TokenCount {
				if s := th.Style(k, r); s.FG.Set || s.BG.Set {
					t.Errorf("%s: %s/%s still has a colour", name, k, r)
				}
			}
		}
		if !th.Style(Text, Cursor).Reverse || !th.Style(Focus, Plain).Bold {
			t.Errorf("%s: cursor %+v, focus %+v", name, th.Style(Text, Cursor), th.Style(Focus, Plain))
		}
		if th.Style(Text, CursorBlur) == th.Style(Text, Plain) {
			t.Errorf("%s: the blurred cursor cannot be seen", name)
		}
	}
}

func TestGlyphWidths(t *testing.T) {
	three := map[string]bool{"Branch": true, "LastBranch": true, "Pass": true, "NoBranch": true}
	for name, g := range map[string]Glyphs{"unicode": unicodeGlyphs(), "ascii": asciiGlyphs()} {
		walkStrings(reflect.ValueOf(g), "", func(field, s string) {
			want := 1
			if three[field] {
				want = 3
			}
			if ansi.StringWidth(s) != want || ansi.StringWidthWc(s) != want {
				t.Errorf("%s %s = %q is %d cells, want %d", name, field, s, ansi.StringWidth(s), want)
			}
			if name == "ascii" && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
				t.Errorf("ascii %s = %q is not ASCII", field, s)
			}
		})
	}
}

func walkStrings(v reflect.Value, name string, fn func(field, s string)) {
	switch v.Kind() {
	case reflect.String:
		fn(name, v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			walkStrings(v.Field(i), v.Type().Field(i).Name, fn)
		}
	case reflect.Array:
		for i := range v.Len() {
			walkStrings(v.Index(i), name, fn)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"no name", `dark = true`, "name is missing"},
		{"unknown key", "name = \"x\"\nbase = \"dark\"\ncolour = 1", "colour"},
		{"unknown base", "name = \"x\"\nbase = \"drak\"", "drak"},
		{"missing tokens", "name = \"x\"\n[tokens]\ntext = \"plain\"", "muted"},
		{"unknown token", "name = \"x\"\nbase = \"dark\"\n[tokens]\ntxet = \"plain\"", "txet"},
		{"unknown row", "name = \"x\"\nbase = \"dark\"\n[rows]\ncurser = \"plain\"", "curser"},
		{"bad colour", "name = \"x\"\nbase = \"dark\"\n[tokens]\ntext = \"#12345\"", "#12345"},
		{"bad word", "name = \"x\"\nbase = \"dark\"\n[tokens]\ntext = \"blinking\"", "blinking"},
		{"on without colour", "name = \"x\"\nbase = \"dark\"\n[rows]\ncursor = \"bold on\"", "no colour"},
		{"empty style", "name = \"x\"\nbase = \"dark\"\n[tokens]\ntext = \"\"", "empty style"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.in), Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if _, err := Load("drak", true, Options{}); err == nil || !strings.Contains(err.Error(), "high-contrast") {
		t.Errorf("an unknown theme should list the known: %v", err)
	}
}

func TestBaseIsFilledIn(t *testing.T) {
	th, err := Parse([]byte("name = \"mine\"\nbase = \"light\"\n[tokens]\ntext = \"bold #010203\""), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if th.Dark || th.Name != "mine" {
		t.Errorf("name %q dark %v", th.Name, th.Dark)
	}
	if got, want := th.Render(Text, Plain, "x"), "\x1b[1;38;2;1;2;3mx\x1b[m"; got != want {
		t.Errorf("Render = %q, want %q", got, want)
	}
	if th.Style(Muted, Plain) != load(t, "light", Options{}).Style(Muted, Plain) {
		t.Error("muted does not come from the base")
	}
}

func TestRender(t *testing.T) {
	th := load(t, "mono", Options{})
	for _, c := range []struct {
		tok  Token
		row  Row
		in   string
		want string
	}{
		{Text, Plain, "", ""},
		{Text, Cursor, "", ""},
		{Text, Plain, "a", "a"},
		{Focus, Plain, "a", "\x1b[1ma\x1b[m"},
		{Focus, Cursor, "a", "\x1b[1;7ma\x1b[m"},
	} {
		if got := th.Render(c.tok, c.row, c.in); got != c.want {
			t.Errorf("Render(%s, %s, %q) = %q, want %q", c.tok, c.row, c.in, got, c.want)
		}
		var b strings.Builder
		th.Append(&b, c.tok, c.row, c.in)
		if b.String() != c.want {
			t.Errorf("Append(%s, %s, %q) = %q, want %q", c.tok, c.row, c.in, b.String(), c.want)
		}
	}
	for _, n := range []int{-1, 0, 1, 500} {
		if got := ansi.StringWidth(th.Pad(Cursor, n)); got != max(n, 0) {
			t.Errorf("Pad(%d) is %d wide", n, got)
		}
	}
}

func TestEveryTokenHasAName(t *testing.T) {
	seen := map[string]bool{}
	for k := range TokenCount {
		n := k.String()
		if n == "" || seen[n] {
			t.Errorf("token %d has name %q", k, n)
		}
		seen[n] = true
		if back, ok := ParseToken(n); !ok || back != k {
			t.Errorf("ParseToken(%q) = %v, %v", n, back, ok)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	th, err := Load("dark", true, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = th.Render(StateOK, Cursor, "web-01")
	}
}

func TestColoursOfXtermAreNumbered(t *testing.T) {
	for hex, want := range map[string]string{
		"#000000": "5;16", "#5f5f5f": "5;59", "#afafd7": "5;146", "#ffffff": "5;231", "#080808": "5;232", "#585858": "5;240", "#eeeeee": "5;255",
		"#010203": "2;1;2;3", "#f8f8f8": "2;248;248;248", "#5f5f60": "2;95;95;96",
	} {
		c, err := parseRGB(hex)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.sgr(); got != want {
			t.Errorf("%s is %s, want %s", hex, got, want)
		}
	}
}
