package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/edit"
	"hvdeck/ui/line"
	"hvdeck/ui/pager"
	"hvdeck/ui/xmlview"
)

// reviewScreen shows what a draft changes, or the whole of a new one, and why it came
// back.
type reviewScreen struct {
	draft *draft
	pager *pager.Pager
	comparison
	coming bool // the comparison is still to be made, off the event loop
}

// comparison is what a draft changes, in lines for the screen.
type comparison struct {
	lines          []pager.Line
	added, removed int
}

// compareHere is up to how many bytes a draft is compared at once: some milliseconds.
// Masking and comparing 4 MiB takes most of a second.
const compareHere = 64 << 10

// diffContext is how many unchanged lines stand around a change.
const diffContext = 3

func (s *reviewScreen) title(m *Model) string {
	dot := " " + m.env.Theme.Glyphs.Dot + " "
	out := capital(s.draft.words())
	if !s.draft.isNew() && !s.coming {
		out += dot + fmt.Sprintf("+%d -%d lines", s.added, s.removed)
	}
	if found := s.pager.Found(); found != "" {
		out += dot + found
	}
	return out
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (s *reviewScreen) scopes() []keymap.Scope {
	return []keymap.Scope{keymap.Review, keymap.Pager, keymap.Global}
}
func (s *reviewScreen) draw(m *Model, w, h int) []string { return s.pager.Draw(w, h, m.env.Theme) }
func (s *reviewScreen) do(_ *Model, id string) bool      { return s.pager.Do(id) }
func (s *reviewScreen) interest(*Model, *poll.Interest)  {}
func (s *reviewScreen) object() backend.Object           { return nil }
func (s *reviewScreen) searchable() searchable           { return s.pager }

// reviewing says that a draft is open somewhere on the stack of screens: it must not be
// dropped by going elsewhere.
func (m *Model) reviewing() bool {
	return slices.ContainsFunc(m.screens, func(s screen) bool { _, ok := s.(*reviewScreen); return ok })
}

// showReview brings a draft to the top, as it is now.
func (m *Model) showReview(d *draft) {
	m.closeReview(d)
	s := &reviewScreen{draft: d, coming: len(d.before)+len(d.text) > compareHere}
	if !s.coming {
		s.comparison = compare(d.before, d.text, d.isNew())
	}
	s.pager = pager.New(s.all(m))
	s.pager.Wrapped = true
	m.note = note{} // what was under way is here
	m.push(s)
}

func (m *Model) closeReview(d *draft) {
	m.screens = slices.DeleteFunc(m.screens, func(s screen) bool {
		r, ok := s.(*reviewScreen)
		return ok && r.draft == d
	})
}

// refresh has a long draft compared, once.
func (s *reviewScreen) refresh(m *Model, _ store.Revs) tea.Cmd {
	if !s.coming || s.lines != nil {
		return nil
	}
	s.lines = []pager.Line{one(theme.Muted, "Comparing…")}
	s.pager.SetLines(s.all(m))
	before, text, fresh := s.draft.before, s.draft.text, s.draft.isNew()
	return m.aside("compare a draft", func() func() tea.Cmd {
		made := compare(before, text, fresh)
		return func() tea.Cmd {
			s.comparison, s.coming = made, false
			s.pager.SetLines(s.all(m))
			return nil
		}
	})
}

// all are why the draft came back, from when on it counts, and what it changes.
func (s *reviewScreen) all(m *Model) []pager.Line {
	out := troubleLines(s.draft.trouble, m.env.Theme.Glyphs.Failed, max(m.w-8, 20))
	if s.draft.note != "" {
		out = append(out, one(theme.StateWarn, m.env.Theme.Glyphs.Warn+" "+s.draft.note))
	}
	return append(append(out, s.keys(m), pager.Line{}), s.lines...)
}

// troubleLines are why a draft came back, in lines of w cells, the first with a sign.
func troubleLines(trouble, sign string, w int) []pager.Line {
	if trouble == "" {
		return nil
	}
	var out []pager.Line
	blank := false
	for _, l := range line.Wrap(clean.Text(trouble), w) {
		switch {
		case l == "" && blank: // one is enough
		case len(out) == 0:
			out = append(out, one(theme.StateBad, sign+" "+l))
		default:
			out = append(out, one(theme.Text, "  "+l))
		}
		blank = l == ""
	}
	return out
}

// keys say what can be done with the draft now.
func (s *reviewScreen) keys(m *Model) pager.Line {
	var l pager.Line
	for _, k := range []struct{ id, word string }{{"review.apply", "applies"}, {"edit", "edits again"}, {"review.discard", "discards"}} {
		a, ok := m.reg.ByID(k.id)
		if !ok || len(a.Keys) == 0 || (k.id == "review.apply" && s.draft.wrong) {
			continue
		}
		l.Segs = append(l.Segs, pager.Seg{Tok: theme.Key, Text: a.Keys[0]}, pager.Seg{Tok: theme.Muted, Text: " " + k.word + "   "})
	}
	return l
}

func one(tok theme.Token, text string) pager.Line {
	return pager.Line{Segs: []pager.Seg{{Tok: tok, Text: text}}}
}

func coloured(text string) []pager.Line {
	x := xmlview.New(clean.Raw(xmlview.Mask(text)))
	out := make([]pager.Line, x.Len())
	for i := range out {
		out[i] = x.Line(i)
	}
	return out
}

// compare makes the lines of a new text, or a unified diff of the true texts. Passwords
// are masked here: what goes to the server is the draft's own.
func compare(was, text string, fresh bool) comparison {
	if fresh {
		return comparison{lines: coloured(text)}
	}
	var c comparison
	changes := edit.Diff(edit.Lines(was), edit.Lines(text))
	before, after := edit.Lines(xmlview.Mask(was)), edit.Lines(xmlview.Mask(text))
	for _, h := range edit.Hunks(changes, diffContext) {
		c.lines = append(c.lines, one(theme.Accent, h.Head()))
		for _, change := range h.Changes {
			c.add(change, before, after)
		}
	}
	if len(c.lines) == 0 {
		c.lines = []pager.Line{one(theme.Muted, "No line differs from what the server has.")}
	}
	return c
}

func (c *comparison) add(change edit.Change, before, after []string) {
	switch change.Op {
	case edit.Removed:
		c.removed++
		c.lines = append(c.lines, one(theme.StateBad, "-"+clean.Raw(before[change.Old])))
	case edit.Added:
		c.added++
		c.lines = append(c.lines, one(theme.StateOK, "+"+clean.Raw(after[change.New])))
	default:
		c.lines = append(c.lines, one(theme.Text, " "+clean.Raw(after[change.New])))
	}
}
