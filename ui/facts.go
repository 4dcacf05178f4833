package ui

import (
	"fmt"
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/line"
)

// facts are the sections of a document: they can be closed and opened, and searched.
type facts struct {
	sections []backend.DocumentSection
	keys     []string        // what each is known by from one answer to the next
	closed   map[string]bool // by key
	width    int             // that rows are for
	rows     []factRow       // what is not in a closed section
	cursor   int
	top      int
	page     int
	find     string
	hits     []int // sections that match
	at       int
}

// factRow is a row as it is drawn: the head of a section, or a fact.
type factRow struct {
	section     int
	head        bool
	depth       int
	name, value string
}

func newFacts(sections []backend.DocumentSection) *facts {
	f := &facts{closed: map[string]bool{}, page: 1, width: -1}
	f.set(sections)
	return f
}

// set replaces the sections; what was closed stays so.
func (f *facts) set(sections []backend.DocumentSection) {
	f.sections, f.keys = sections, make([]string, len(sections))
	seen := map[string]int{}
	for i, s := range sections {
		name := fmt.Sprintf("%d %s", s.Depth, s.Title)
		seen[name]++ // several may have the same title
		f.keys[i] = fmt.Sprintf("%s %d", name, seen[name])
	}
	f.width = -1
	f.search()
}

func (f *facts) key(i int) string { return f.keys[i] }

// lay makes the rows for a width.
func (f *facts) lay(w int) {
	if f.width == w {
		return
	}
	f.width, f.rows = w, f.rows[:0]
	hidden := -1 // sections deeper than this are in a closed one
	for i, s := range f.sections {
		if hidden >= 0 && s.Depth > hidden {
			continue
		}
		hidden = -1
		if s.Title != "" {
			f.rows = append(f.rows, factRow{section: i, head: true, depth: s.Depth, name: s.Title})
		}
		if f.closed[f.key(i)] {
			hidden = s.Depth
			continue
		}
		f.addFields(i, w)
	}
	f.cursor = max(min(f.cursor, len(f.rows)-1), 0)
}

func (f *facts) addFields(i, w int) {
	s := f.sections[i]
	indent := f.indent(s.Depth)
	column := f.column(w, indent)
	for _, field := range s.Fields {
		values := line.Wrap(strings.ReplaceAll(field.Value, "\n", " "), max(w-indent-column-4, 8))
		name := field.Name
		for _, v := range values {
			f.rows = append(f.rows, factRow{section: i, depth: s.Depth, name: name, value: v})
			name = ""
		}
	}
}

func (f *facts) indent(depth int) int { return 2 * min(depth, 8) }

// column is the room for the names of facts.
func (f *facts) column(w, indent int) int { return max(min(28, (w-indent)/2-2), 6) }

// empty says that there is nothing in a section to close.
func (f *facts) empty(i int) bool {
	under := i+1 < len(f.sections) && f.sections[i+1].Depth > f.sections[i].Depth
	return len(f.sections[i].Fields) == 0 && !under
}

// Do moves, opens and closes by the actions of the pager scope.
func (f *facts) Do(id string) bool {
	const all = 1 << 30
	steps := map[string]int{
		"pager.down": 1, "pager.up": -1, "pager.half-down": f.page / 2, "pager.half-up": -f.page / 2,
		"pager.page-down": f.page, "pager.page-up": -f.page, "pager.top": -all, "pager.bottom": all,
	}
	if n, ok := steps[id]; ok {
		f.cursor = max(min(f.cursor+n, len(f.rows)-1), 0)
		return true
	}
	switch id {
	case "pager.open", "pager.fold":
		f.fold()
	case "pager.find-next":
		f.next(1)
	case "pager.find-prev":
		f.next(-1)
	case "pager.left", "pager.right", "pager.numbers", "pane.wide": // everything is in sight
	default:
		return false
	}
	return true
}

// fold closes or opens the section under the cursor.
func (f *facts) fold() {
	if len(f.rows) == 0 {
		return
	}
	i := f.rows[f.cursor].section
	if f.sections[i].Title == "" || f.empty(i) {
		return
	}
	f.closed[f.key(i)] = !f.closed[f.key(i)]
	f.goTo(i)
}

// goTo puts the cursor on the head of a section.
func (f *facts) goTo(section int) {
	w := f.width
	f.width = -1
	f.lay(w)
	for n, r := range f.rows {
		if r.section == section {
			f.cursor = n
			return
		}
	}
}

// Filter searches names and values, and goes to the first match.
func (f *facts) Filter(text string) {
	f.find = strings.ToLower(text)
	f.search()
	f.at = -1
	f.next(1)
}

// FilterText is what is searched for.
func (f *facts) FilterText() string { return f.find }

// Found says how the search stands.
func (f *facts) Found() string {
	switch {
	case f.find == "":
		return ""
	case len(f.hits) == 0:
		return "not found"
	default:
		return fmt.Sprintf("%d of %d sections", f.at+1, len(f.hits))
	}
}

func (f *facts) search() {
	f.hits, f.at = nil, 0
	if f.find == "" {
		return
	}
	for i, s := range f.sections {
		match := f.matches(s.Title)
		for _, field := range s.Fields {
			match = match || f.matches(field.Name) || f.matches(field.Value)
		}
		if match {
			f.hits = append(f.hits, i)
		}
	}
}

func (f *facts) matches(text string) bool {
	return f.find != "" && strings.Contains(strings.ToLower(text), f.find)
}

// next goes to the next section that matches, opens it, and puts the cursor on what
// matches in it.
func (f *facts) next(step int) {
	n := len(f.hits)
	if n == 0 {
		return
	}
	f.at = (f.at + step + n) % n
	section := f.hits[f.at]
	f.open(section)
	f.goTo(section)
	for i := f.cursor; i < len(f.rows) && f.rows[i].section == section; i++ {
		if f.matches(f.rows[i].name) || f.matches(f.rows[i].value) {
			f.cursor = i
			return
		}
	}
}

// open opens a section and those that it hangs under.
func (f *facts) open(section int) {
	delete(f.closed, f.key(section))
	depth := f.sections[section].Depth
	for i := section; i >= 0; i-- {
		if f.sections[i].Depth < depth {
			depth = f.sections[i].Depth
			delete(f.closed, f.key(i))
		}
	}
}

// draw gives h lines of w cells with the cursor in sight.
func (f *facts) draw(th *theme.Theme, w, h int) []string {
	f.lay(w)
	f.page = max(h, 1)
	f.top = max(min(f.top, f.cursor), f.cursor-f.page+1)
	f.top = max(min(f.top, len(f.rows)-f.page), 0)
	out := make([]string, 0, h)
	for i := f.top; i < len(f.rows) && len(out) < h; i++ {
		out = append(out, f.row(th, f.rows[i], w, i == f.cursor))
	}
	for len(out) < h {
		out = append(out, theme.Blank(w))
	}
	return out
}

func (f *facts) row(th *theme.Theme, r factRow, w int, cursor bool) string {
	look, sign := theme.Plain, " "
	if cursor {
		look, sign = theme.Cursor, th.Glyphs.Cursor
	}
	indent := f.indent(r.depth)
	b := line.New(th, look, w)
	b.Add(theme.Accent, sign).Gap(indent)
	tok := func(t theme.Token, text string) theme.Token {
		if f.matches(text) {
			return theme.Match
		}
		return t
	}
	if r.head {
		mark := "- "
		switch {
		case f.closed[f.key(r.section)]:
			mark = "+ "
		case f.empty(r.section):
			mark = ""
		}
		b.Add(theme.Muted, mark).Add(tok(theme.Head, r.name), r.name)
		return b.String()
	}
	b.Gap(2).AddFit(tok(theme.Muted, r.name), r.name, f.column(w, indent)).Gap(1).Add(tok(theme.Text, r.value), r.value)
	return b.String()
}
