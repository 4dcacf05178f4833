package kind

import (
	"strings"

	"hvdeck/backend"
)

// Filter is a parsed filter: words that must all match, without case. "!" before a
// word inverts it, "name:" and the like look at one field.
type Filter struct{ terms []term }

type term struct {
	field, word string
	not         bool
}

// ParseFilter reads what was typed after "/". Anything is a valid filter.
func ParseFilter(text string) Filter {
	var f Filter
	for _, w := range strings.Fields(strings.ToLower(text)) {
		t := term{word: w}
		t.word, t.not = cutNot(t.word)
		if field, rest, ok := strings.Cut(t.word, ":"); ok && isField(field) {
			t.field, t.word = field, rest
			if inner, not := cutNot(t.word); not {
				t.word, t.not = inner, !t.not
			}
		}
		if t.word != "" {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

func cutNot(w string) (string, bool) {
	rest, not := strings.CutPrefix(w, "!")
	return rest, not
}

// FilterFields are the words that may stand before a colon.
func FilterFields() []string {
	return []string{
		"name", "state", "host", "tag", "ip", "conn", "dc", "cluster", "pool", "folder", "guest", "uuid", "id", "path", "type",
	}
}

func isField(name string) bool {
	for _, f := range FilterFields() {
		if f == name {
			return true
		}
	}
	return false
}

// Empty reports whether everything matches.
func (f Filter) Empty() bool { return len(f.terms) == 0 }

// Match reports whether the object passes.
func (f Filter) Match(s *Spec, o backend.Object) bool {
	for _, t := range f.terms {
		if f.has(s, o, t) == t.not {
			return false
		}
	}
	return true
}

func (Filter) has(s *Spec, o backend.Object, t term) bool {
	var where string
	switch t.field {
	case "":
		where = s.Haystack(o)
	case "name":
		where = o.Title()
	case "conn":
		where = string(o.Ref().Conn)
	default:
		where = s.Field(o, t.field)
	}
	return contains(where, t.word)
}

// contains is strings.Contains without case; word is lower case.
func contains(s, word string) bool {
	if len(word) > len(s) {
		return false
	}
	return strings.Contains(strings.ToLower(s), word)
}

// Select filters and orders: what a pane shows. It reads only its arguments and
// runs off the event loop.
func Select(s *Spec, objects []backend.Object, f Filter, key func(backend.Object) Key, falling bool) []backend.Object {
	kept := objects
	if !f.Empty() {
		kept = objects[:0:0]
		for _, o := range objects {
			if f.Match(s, o) {
				kept = append(kept, o)
			}
		}
	}
	Order(kept, key, falling)
	return kept
}
