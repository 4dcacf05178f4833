package clean

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestLine(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "web-01", "web-01"},
		{"empty", "", ""},
		{"accents", "Zürich-dév", "Zürich-dév"},
		{"wide", "仮想マシン", "仮想マシン"},
		{"thai and hindi keep their marks", "น้ำ हिन्दी", "น้ำ हिन्दी"},
		{"title and clear screen", "\x1b]0;x\x07\x1b[2Jend", "�]0;x�[2Jend"},
		{"c1 csi", "a\u009b31mb", "a�31mb"},
		{"raw c1 byte", "a\x9b31mb", "a�31mb"},
		{"del", "a\x7fb", "a�b"},
		{"newline and tab", "a\n\tb\r\nc", "a�b�c"},
		{"bidi", "a\u202eb\u2066c\u200fd\u061ce", "a�b�c�d�e"},
		{"joiners", "👨\u200d👩\u200d👧", "👨�👩�👧"},
		{"zero width", "a\u200bb\u2060c\ufeffd\u00ade", "a�b�c�d�e"},
		{"variation selector", "❤\ufe0f", "❤�"},
		{"skin tone", "👍🏽", "👍�"},
		{"tags", "🏴\U000e0067\U000e007f", "🏴�"},
		{"line separators", "a\u2028b\u2029c", "a�b�c"},
		{"private use", "a\ue000b", "a�b"},
		{"blank filler", "a\u3164b\u115fc", "a�b�c"},
		{"invalid utf8", "a\xff\xfe\xc3(b", "a�(b"},
		{"surrogate", "a\xed\xa0\x80b", "a�b"},
		{"run collapses", "\x00\x01\x02\u200d", "�"},
		{"old mark joins the run", "�\x00�", "�"},
		{"zalgo", "a\u0301\u0302\u0303\u0304b", "a\u0301\u0302b"},
		{"mark without a base", "\u0301a", "�a"},
		{"limit", strings.Repeat("x", 256), strings.Repeat("x", 256)},
		{"over the limit", strings.Repeat("x", 257), strings.Repeat("x", 255) + "…"},
		{"over the limit in runes", strings.Repeat("ü", 10_000), strings.Repeat("ü", 255) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Line(tt.in); got != tt.want {
				t.Errorf("Line(%q) = %q, want %q", tt.in, got, tt.want)
			}
			checkSafe(t, Line(tt.in), Line)
		})
	}
}

func TestText(t *testing.T) {
	lines := strings.Repeat("é\n", 2500)
	tests := []struct{ name, in, want string }{
		{"keeps lines", "a\nb\r\nc\rd", "a\nb\nc�d"},
		{"tabs", "a\tb\n\tc", "a       b\n        c"},
		{"escape", "a\x1b[2Jb", "a�[2Jb"},
		{"mark at the start of a line", "a\n\u0301b", "a\n�b"},
		{"too many lines", lines, strings.Repeat("é\n", 1999) + "…"},
		{"too long", strings.Repeat("é", MaxText), strings.Repeat("é", (MaxText-3)/2) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Text(tt.in); got != tt.want {
				t.Errorf("Text(%.40q) = %.80q (%d bytes), want %.80q (%d bytes)", tt.in, got, len(got), tt.want, len(tt.want))
			}
			checkSafe(t, Text(tt.in), Text)
		})
	}
}

func TestRawKeepsLongDocuments(t *testing.T) {
	xml := strings.Repeat("<a>\n", 100_000)
	if got := Raw(xml); got != xml {
		t.Errorf("Raw changed a harmless document: %d bytes became %d", len(xml), len(got))
	}
	huge := Raw(strings.Repeat("x\n", MaxRaw))
	if len(huge) > MaxRaw || !strings.HasSuffix(huge, "…") {
		t.Errorf("Raw kept %d bytes, want at most %d and an ellipsis", len(huge), MaxRaw)
	}
}

func TestPlainTextCostsNothing(t *testing.T) {
	name := "web-01.example.org"
	if n := testing.AllocsPerRun(100, func() { _ = Line(name) }); n != 0 {
		t.Errorf("Line allocated %v times for plain ASCII", n)
	}
	if n := testing.AllocsPerRun(100, func() { _ = Text(name) }); n != 0 {
		t.Errorf("Text allocated %v times for plain ASCII", n)
	}
}

// step passes over the great blocks of CJK, private use and unassigned code points.
func step(r rune) rune {
	if r > 0x3400 && r < 0xa000 || r > 0xac00 && r < 0xd700 || r > 0x1fb00 && (r < 0xdff80 || r > 0xe1000) {
		return 61
	}
	return 1
}

func TestEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r += step(r) {
		checkSafe(t, Line("a"+string(r)), Line)
		if t.Failed() {
			t.Fatalf("%U is not made safe", r)
		}
	}
}

// checkSafe holds out against the promises of the package.
func checkSafe(t *testing.T, out string, again func(string) string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("not valid UTF-8: %q", out)
	}
	if twice := again(out); twice != out {
		t.Errorf("not stable: %q became %q", out, twice)
	}
	if ansi.Strip(out) != out {
		t.Errorf("holds an escape sequence: %q", out)
	}
	for _, line := range strings.Split(out, "\n") {
		checkLine(t, line)
	}
}

func checkLine(t *testing.T, line string) {
	t.Helper()
	clusters := false
	for _, r := range line {
		if unicode.Is(unicode.C, r) || r == 0x2028 || r == 0x2029 || r >= 0xfe00 && r <= 0xfe0f {
			t.Errorf("holds %U: %q", r, line)
		}
		clusters = clusters || spacing(r) || indic(r)
	}
	width := ansi.StringWidth(line)
	sum := 0
	for rest := line; rest != ""; {
		cluster, w := ansi.FirstGraphemeCluster(rest, ansi.GraphemeWidth)
		sum += w
		rest = rest[len(cluster):]
	}
	if sum != width {
		t.Errorf("width %d, its clusters add up to %d: %q", width, sum, line)
	}
	if framed := ansi.StringWidth("│" + line + "│"); framed != width+2 {
		t.Errorf("joins with its frame: width %d, framed %d: %q", width, framed, line)
	}
	// Indic and Thai clusters are kept legible although the two measures differ there.
	if wc := ansi.StringWidthWc(line); wc != width && !clusters {
		t.Errorf("width %d by cluster, %d by rune: %q", width, wc, line)
	}
}

func seeds(f *testing.F) {
	for _, s := range []string{
		"web-01", "\x1b]0;x\x07\x1b[2J", "👨\u200d👩\u200d👧", "a\u0301\u0302\u0303", "🇩🇪", "\u1100\u1161\u11a8",
		"\u202eabc", "\xff\xc3", "a\r\nb\tc", "น้ำ", "हिन्दी", "\u0d4ea", "ｶﾞ", "क्षि", strings.Repeat("界", 300), strings.Repeat("\n", 2100),
	} {
		f.Add(s)
	}
}

func FuzzLine(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		out := Line(s)
		if n := utf8.RuneCountInString(out); n > MaxLine {
			t.Errorf("%d runes", n)
		}
		if strings.ContainsAny(out, "\n\t") {
			t.Errorf("not one line: %q", out)
		}
		checkSafe(t, out, Line)
	})
}

func FuzzText(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		out := Text(s)
		if len(out) > MaxText || strings.Count(out, "\n") >= MaxTextLines {
			t.Errorf("%d bytes, %d lines", len(out), strings.Count(out, "\n")+1)
		}
		checkSafe(t, out, Text)
	})
}
