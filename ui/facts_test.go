package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/backend"
	"hvdeck/theme"
)

func someFacts() *facts {
	return newFacts([]backend.DocumentSection{
		{Title: "Host", Fields: []backend.Field{{Name: "UUID", Value: "abc"}}},
		{Title: "CPU", Depth: 1, Fields: []backend.Field{{Name: "Model", Value: "Skylake " + strings.Repeat("feature ", 20)}}},
		{Title: "Guest", Fields: []backend.Field{{Name: "Arch", Value: "x86_64"}}},
		{Title: "Guest", Fields: []backend.Field{{Name: "Arch", Value: "i686"}}},
	})
}

func factLines(t *testing.T, f *facts, w, h int) string {
	t.Helper()
	th, err := theme.Load("mono", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := f.draw(th, w, h)
	if len(out) != h {
		t.Fatalf("%d lines of %d", len(out), h)
	}
	for i, l := range out {
		if ansi.StringWidth(l) != w {
			t.Fatalf("line %d is %d cells of %d", i, ansi.StringWidth(l), w)
		}
		out[i] = ansi.Strip(l)
	}
	return strings.Join(out, "\n")
}

func TestFactsFold(t *testing.T) {
	f := someFacts()
	if s := factLines(t, f, 60, 20); !strings.Contains(s, "- CPU") || strings.Contains(s, "…") || strings.Count(s, "feature") != 20 {
		t.Errorf("all open, all of it in sight:\n%s", s)
	}
	f.Do("pager.fold")
	if s := factLines(t, f, 60, 20); !strings.Contains(s, "+ Host") || strings.Contains(s, "CPU") || !strings.Contains(s, "x86_64") {
		t.Errorf("Host and what is under it should be closed:\n%s", s)
	}
	f.Do("pager.down")
	f.Do("pager.open")
	if s := factLines(t, f, 60, 20); strings.Contains(s, "x86_64") || !strings.Contains(s, "i686") {
		t.Errorf("only one of two of the same title should be closed:\n%s", s)
	}
	f.set(f.sections)
	if s := factLines(t, f, 60, 20); !strings.Contains(s, "+ Host") {
		t.Errorf("a new answer has opened it:\n%s", s)
	}
}

func TestASentenceHasNothingToClose(t *testing.T) {
	f := newFacts([]backend.DocumentSection{{Title: "Nothing waits"}})
	factLines(t, f, 40, 3)
	f.Do("pager.fold")
	if s := factLines(t, f, 40, 3); strings.Contains(s, "- ") || strings.Contains(s, "+ ") {
		t.Errorf("%s", s)
	}
}

func TestFactsSearchOpens(t *testing.T) {
	f := someFacts()
	factLines(t, f, 60, 20)
	f.Do("pager.fold")
	f.Filter("SKYLAKE")
	if s := factLines(t, f, 60, 20); f.Found() != "1 of 1 sections" || !strings.Contains(s, "- Host") || !strings.Contains(s, "Skylake") {
		t.Errorf("%s:\n%s", f.Found(), s)
	}
	f.Filter("arch")
	f.Do("pager.find-next")
	f.Do("pager.find-next")
	if f.Found() != "1 of 2 sections" {
		t.Errorf("round the end: %s", f.Found())
	}
	if f.Filter("nowhere"); f.Found() != "not found" {
		t.Errorf("%s", f.Found())
	}
}

func TestFactsAtEverySize(t *testing.T) {
	for w := range 40 {
		for _, h := range []int{0, 1, 3, 50} {
			f := someFacts()
			for _, id := range []string{"pager.bottom", "pager.fold", "pager.page-up", "pager.down", "pager.top"} {
				factLines(t, f, w, h)
				f.Do(id)
			}
		}
	}
	empty := newFacts(nil)
	factLines(t, empty, 20, 3)
	for _, id := range []string{"pager.fold", "pager.down", "pager.find-next"} {
		empty.Do(id)
	}
}

// A document of many sections costs what is in sight.
func TestManyFacts(t *testing.T) {
	var sections []backend.DocumentSection
	for i := range 5000 {
		sections = append(sections, backend.DocumentSection{Title: fmt.Sprint("s", i), Fields: []backend.Field{{Name: "a", Value: "b"}}})
	}
	f := newFacts(sections)
	factLines(t, f, 100, 40)
	if n := testing.AllocsPerRun(10, func() { f.Do("pager.down"); factLines(t, f, 100, 40) }); n > 3000 {
		t.Errorf("%g allocations a frame", n)
	}
}
