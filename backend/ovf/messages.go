package ovf

import "strings"

// messages are the localised strings: English ones, and those of no or another language
// for want of them. Source: DSP0243 10.
type messages struct{ english, other map[string]string }

func readMessages(root *node) messages {
	m := messages{english: map[string]string{}, other: map[string]string{}}
	for _, s := range root.children("Strings") {
		lang := strings.ToLower(s.attr("lang"))
		into := m.other
		if lang == "" || strings.HasPrefix(lang, "en") {
			into = m.english
		}
		for _, msg := range s.children("Msg") {
			if id := msg.attr("msgid"); id != "" && into[id] == "" {
				into[id] = msg.text
			}
		}
	}
	return m
}

// words are the text of an element: English by its message id, else its own, else in
// whichever language there is.
func (r *reader) words(n *node) string {
	id := n.attr("msgid")
	if id == "" {
		return n.text
	}
	if s := r.strings.english[id]; s != "" {
		return s
	}
	if n.text != "" {
		return n.text
	}
	return r.strings.other[id]
}
