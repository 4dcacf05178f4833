package xmlview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hvdeck/theme"
	"hvdeck/ui/pager"
)

func looks(t *Text) string {
	var b strings.Builder
	for i := range t.Len() {
		for _, s := range t.Line(i).Segs {
			fmt.Fprintf(&b, "%s(%s) ", s.Tok, s.Text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestLooks(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"an element", "<name>web</name>", "element(<name>) text(web) element(</name>) \n"},
		{"attributes", `<a b='1' c="2"/>`, `element(<a) muted( ) attribute(b) muted(=) value('1') muted( ) attribute(c) muted(=) value("2") element(/>) ` + "\n"},
		{"a value over lines", "<a b='1\n2>' c='3'/>", "element(<a) muted( ) attribute(b) muted(=) value('1) \nvalue(2>') muted( ) attribute(c) muted(=) value('3') element(/>) \n"},
		{"a comment over lines", "<!-- <a>\n</a> --><b/>", "comment(<!-- <a>) \ncomment(</a> -->) element(<b/>) \n"},
		{"a declaration", "<?xml version='1.0'?><a/>", "comment(<?xml version='1.0'?>) element(<a/>) \n"},
		{"data", "<![CDATA[<a>]]>x", "comment(<![CDATA[) text(<a>]]>x) \n"},
		{"a doctype", "<!DOCTYPE a\n[x]><a/>", "comment(<!DOCTYPE a) \ncomment([x]>) element(<a/>) \n"},
		{"not well-formed", "<a b=<c", "element(<a) muted( ) attribute(b) muted(=<) attribute(c) \n"},
		{"nothing", "", "\n"},
	} {
		if got := looks(New(c.in)); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
	}
}

func TestLongLinesAreDivided(t *testing.T) {
	in := "<a>" + strings.Repeat("ö", 5000) + "</a>\n<b/>"
	x := New(in)
	var whole strings.Builder
	for i := range x.Len() {
		if len(x.Text(i)) > longest {
			t.Errorf("line %d has %d bytes", i, len(x.Text(i)))
		}
		if !strings.HasPrefix(x.Text(i), "<") && x.Number(i) != 0 {
			t.Errorf("line %d goes on, and has a number", i)
		}
		whole.WriteString(x.Text(i))
	}
	if whole.String() != strings.ReplaceAll(in, "\n", "") {
		t.Error("letters were lost")
	}
	if n := x.Number(x.Len() - 1); n != 2 {
		t.Errorf("the last line is number %d", n)
	}
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`<graphics type='vnc' passwd='s3cret' port='1'/>`, `<graphics type='vnc' passwd='********' port='1'/>`},
		{`<graphics passwd = "it's"/>`, `<graphics passwd = "********"/>`},
		{"<graphics passwd='a\nb'/>", "<graphics passwd='********\n'/>"},
		{`<cookie name='x'>token</cookie>`, `<cookie name='x'>********</cookie>`},
		{`<graphics passwdValidTo='2026'/>`, `<graphics passwdValidTo='2026'/>`},
		{`<name>passwd</name>`, `<name>passwd</name>`},
	} {
		if got := Mask(c.in); got != c.want {
			t.Errorf("Mask(%s) = %s, want %s", c.in, got, c.want)
		}
	}
}

// Four megabytes cost a pass when they are opened, and nothing to move in.
func TestFourMegabytes(t *testing.T) {
	var b strings.Builder
	for i := 0; b.Len() < 4<<20; i++ {
		fmt.Fprintf(&b, "  <disk type='file' device='disk'><target dev='vd%d' bus='virtio'/></disk>\n", i)
	}
	began := time.Now()
	p := pager.Of(New(b.String()))
	made := time.Since(began)
	th, err := theme.Load("dark", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	perFrame := testing.AllocsPerRun(20, func() {
		p.Do("pager.page-down")
		p.Draw(120, 40, th)
	})
	if perFrame > 5000 {
		t.Errorf("%g allocations a frame", perFrame)
	}
	began = time.Now()
	p.Filter("vd100")
	t.Logf("made in %v, searched in %v, %g allocations a frame", made, time.Since(began), perFrame)
	if p.Found() == "not found" {
		t.Error("nothing was found")
	}
}

func FuzzNothingIsLost(f *testing.F) {
	f.Add("<a b='c'>d</a>\n<!-- x")
	f.Fuzz(func(t *testing.T, in string) {
		x := New(in)
		var lines []string
		for i := range x.Len() {
			text := ""
			for _, s := range x.Line(i).Segs {
				text += s.Text
			}
			if text != x.Text(i) {
				t.Fatalf("line %d is %q, shown as %q", i, x.Text(i), text)
			}
			if x.Number(i) == 0 {
				lines[len(lines)-1] += text
				continue
			}
			lines = append(lines, text)
		}
		if got, want := strings.Join(lines, "\n"), strings.TrimSuffix(in, "\n"); got != want {
			t.Fatalf("%q became %q", want, got)
		}
		Mask(in)
	})
}
