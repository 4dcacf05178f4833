package kind

import (
	"slices"
	"strings"
	"unicode"

	"hvdeck/backend"
)

// Filter is a parsed filter: words that must all match, without case. "!" before a
// word inverts it, "name:" and the like look at one field, "=" before what is looked for
// wants all of it, and quotes hold spaces together: pool:="web tier".
type Filter struct{ terms []term }

type term struct {
	field, word string
	not, exact  bool
}

// ParseFilter reads what was typed after "/". Anything is a valid filter.
func ParseFilter(text string) Filter {
	var f Filter
	for _, w := range filterWords(strings.ToLower(text)) {
		if t := parseTerm(w); t.word != "" {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

func parseTerm(w string) term {
	t := term{}
	w, t.not = cutNot(w)
	if field, rest, ok := strings.Cut(w, ":"); ok && isField(field) {
		t.field, w = field, rest
		if inner, not := cutNot(w); not {
			w, t.not = inner, !t.not
		}
	}
	if rest, exact := strings.CutPrefix(w, "="); exact {
		w, t.exact = rest, true
	}
	t.word = strings.ReplaceAll(w, `"`, "")
	return t
}

func cutNot(w string) (string, bool) {
	rest, not := strings.CutPrefix(w, "!")
	return rest, not
}

// filterWords splits at spaces that are not in quotes; a quote that nothing closes
// reaches to the end, as while it is being typed.
func filterWords(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && unicode.IsSpace(r)
	})
}

// FilterTerm writes a term that matches exactly this value of a field. Quotes in the
// value can't be written; without them it still matches, though not exactly.
func FilterTerm(field, value string) string {
	exact := "="
	if strings.Contains(value, `"`) {
		longest := ""
		for _, piece := range strings.Split(value, `"`) {
			if len(piece) > len(longest) {
				longest = piece
			}
		}
		exact, value = "", longest
	}
	if strings.ContainsFunc(value, unicode.IsSpace) {
		value = `"` + value + `"`
	}
	return field + ":" + exact + value
}

// FilterFields are the words that may stand before a colon.
func FilterFields() []string {
	return []string{
		"name", "state", "host", "tag", "ip", "conn", "dc", "cluster", "pool", "folder", "guest", "uuid", "id", "path", "type", "object",
	}
}

func isField(name string) bool { return slices.Contains(FilterFields(), name) }

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
	switch {
	case !t.exact:
		return contains(where, t.word)
	case t.field == "pool" || t.field == "folder" || t.field == "tag":
		return placed(where, t.word)
	default:
		return hasLine(where, t.word)
	}
}

// contains is strings.Contains without case; word is lower case.
func contains(s, word string) bool {
	if len(word) > len(s) {
		return false
	}
	return strings.Contains(strings.ToLower(s), word)
}

// hasLine reports whether one of the lines is the word, without case.
func hasLine(lines, word string) bool {
	if len(lines) < len(word) {
		return false
	}
	for l := range strings.SplitSeq(strings.ToLower(lines), "\n") {
		if l == word {
			return true
		}
	}
	return false
}

// placed reports whether one of the lines is a path in which the word is a component, or
// several in a row: what is in a pool is also in those above it. A word that begins with
// "/" is a path from the top. "/" alone is what is in no folder or pool.
func placed(lines, word string) bool {
	for l := range strings.SplitSeq(strings.ToLower(lines), "\n") {
		switch {
		case word == "/":
			if l == "" {
				return true
			}
		case word[0] == '/':
			if strings.HasPrefix("/"+l+"/", strings.TrimSuffix(word, "/")+"/") {
				return true
			}
		case strings.Contains("/"+l+"/", "/"+word+"/"):
			return true
		}
	}
	return false
}

// Select filters and orders: what a pane shows. It reads only its arguments and
// runs off the event loop.
func Select(s *Spec, objects []backend.Object, f Filter, key func(backend.Object) Key, falling bool) []backend.Object {
	kept := Filtered(s, objects, f)
	Order(kept, key, falling)
	return kept
}

// Filtered are the objects that pass, in the order they are in: the same slice where
// everything does, else a new one.
func Filtered(s *Spec, objects []backend.Object, f Filter) []backend.Object {
	if f.Empty() {
		return objects
	}
	kept := objects[:0:0]
	for _, o := range objects {
		if f.Match(s, o) {
			kept = append(kept, o)
		}
	}
	return kept
}
