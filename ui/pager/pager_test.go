package pager

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
)

func drawn(t *testing.T, p *Pager, w, h int) []string {
	t.Helper()
	th, err := theme.Load("mono", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := p.Draw(w, h, th)
	if len(out) != h {
		t.Fatalf("%d lines of %d", len(out), h)
	}
	for i, l := range out {
		if ansi.StringWidth(l) != w {
			t.Fatalf("line %d is %d cells of %d: %q", i, ansi.StringWidth(l), w, l)
		}
		out[i] = strings.TrimRight(ansi.Strip(l), " ")
	}
	return out
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestMoving(t *testing.T) {
	p := New(Plain(numbered(100)))
	drawn(t, p, 20, 10)
	for _, c := range []struct{ id, first string }{
		{"pager.down", " line 1"}, {"pager.page-down", " line 11"}, {"pager.half-up", " line 6"},
		{"pager.up", " line 5"}, {"pager.bottom", " line 90"}, {"pager.down", " line 90"}, {"pager.top", " line 0"}, {"pager.up", " line 0"},
	} {
		if !p.Do(c.id) {
			t.Fatalf("%s is not known", c.id)
		}
		if got := drawn(t, p, 20, 10)[0]; got != c.first {
			t.Errorf("%s: first is %q, want %q", c.id, got, c.first)
		}
	}
	if p.Do("list.down") {
		t.Error("an action of another scope was taken")
	}
}

func TestSearch(t *testing.T) {
	p := New(Plain(numbered(100)))
	drawn(t, p, 20, 10)
	p.Filter("LINE 5")
	if p.Found() != "1 of 11 lines" {
		t.Errorf("found %q", p.Found())
	}
	p.Do("pager.find-next")
	p.Do("pager.find-next")
	if got := strings.Join(drawn(t, p, 20, 10), "\n"); !strings.Contains(got, "line 51") || p.Found() != "3 of 11 lines" {
		t.Errorf("%s\n%s", p.Found(), got)
	}
	p.Do("pager.find-prev")
	p.Do("pager.find-prev")
	p.Do("pager.find-prev")
	if p.Found() != "11 of 11 lines" {
		t.Errorf("round the top: %q", p.Found())
	}
	if p.Filter("nowhere"); p.Found() != "not found" {
		t.Errorf("found %q", p.Found())
	}
	if p.Filter(""); p.Found() != "" || p.FilterText() != "" {
		t.Error("the search is not forgotten")
	}
}

func TestOnlyTheMatchStandsOut(t *testing.T) {
	segs := marked([]Seg{{theme.Element, "<na"}, {theme.Text, "me>Name"}}, "name")
	want := []Seg{{theme.Element, "<"}, {theme.Match, "na"}, {theme.Match, "me"}, {theme.Text, ">"}, {theme.Match, "Name"}}
	if fmt.Sprint(segs) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", segs, want)
	}
}

func TestSideways(t *testing.T) {
	p := New(Plain("0123456789abcdefghijklmnopqrstuvwxyz日本語\nshort"))
	drawn(t, p, 20, 3)
	p.Do("pager.right")
	if got := drawn(t, p, 20, 3); got[0] != " ghijklmnopqrstuvwx…" || got[1] != "" {
		t.Errorf("%q", got)
	}
	p.Do("pager.right")
	p.Do("pager.right")
	p.Do("pager.right")
	if got := drawn(t, p, 20, 3)[0]; !strings.Contains(got, "日本語") {
		t.Errorf("%q", got)
	}
	p.Do("pager.left")
	p.Do("pager.left")
	p.Do("pager.left")
	p.Filter("xyz")
	if got := drawn(t, p, 20, 3)[0]; !strings.Contains(got, "xyz") {
		t.Errorf("the match is not in sight: %q", got)
	}
}

func TestWrapped(t *testing.T) {
	p := New(Plain("0123456789abcdefghijklm日本\n\nend\n" + numbered(5)))
	p.Do("pane.wide")
	got := drawn(t, p, 11, 5)
	want := []string{" 0123456789", " abcdefghij", " klm日本", "", " end"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	p.Do("pager.down")
	if got := drawn(t, p, 11, 5)[0]; got != " abcdefghij" {
		t.Errorf("one row down: %q", got)
	}
	p.Do("pager.bottom")
	if got := drawn(t, p, 11, 5); got[4] != " line 4" {
		t.Errorf("the end: %q", got)
	}
	p.Do("pager.up")
	p.Do("pager.up")
	p.Do("pager.up")
	if got := drawn(t, p, 11, 5)[0]; got != " klm日本" {
		t.Errorf("three up: %q", got)
	}
}

func TestNumbers(t *testing.T) {
	p := New(Plain(numbered(12)))
	p.Do("pager.numbers")
	if got := drawn(t, p, 20, 12); got[0] != "  1 line 0" || got[11] != " 12 line 11" {
		t.Errorf("%q", got)
	}
}

// TestLongLinesScroll: a page of a line that is wrapped into many rows costs no more
// than a few readings of it, wherever it is.
func TestLongLinesScroll(t *testing.T) {
	took := func(cells int) time.Duration {
		p := New(Plain(strings.Repeat("ü", cells)))
		p.Wrapped = true
		drawn(t, p, 40, 20)
		best := time.Hour
		for range 3 {
			began := time.Now()
			for _, id := range []string{"pager.bottom", "pager.up", "pager.page-down", "pager.top", "pager.page-down", "pager.down"} {
				p.Do(id)
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	if few, many := took(4_000), took(40_000); many > 40*few && many > 100*time.Millisecond {
		t.Errorf("%v, and ten times as much %v", few, many)
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("日本\x1b[31m\tx\u0301", 20, 3, "b", true)
	f.Fuzz(func(t *testing.T, text string, w, h int, find string, wrap bool) {
		if len(text) > 8<<10 {
			return
		}
		p := New(Plain(text + "\nabc"))
		p.Wrapped = wrap
		w, h = w&0x3f, h&0xf
		for _, id := range []string{"pager.down", "pager.right", "pager.page-down", "pager.numbers", "pager.bottom", "pager.up", "pager.left"} {
			drawn(t, p, w, h)
			p.Do(id)
			p.Filter(find)
		}
		drawn(t, p, w, h)
	})
}
