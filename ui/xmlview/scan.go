package xmlview

import (
	"strings"

	"hvdeck/theme"
)

// state is what a line begins in.
type state uint8

const (
	inText    state = iota
	inTag           // between the attributes of a tag
	inValue         // of an attribute, in double quotes
	inValue1        // in single quotes
	inComment       // <!-- -->
	inDecl          // <? ?>
	inDoctype       // <! >
	inData          // <![CDATA[ ]]>
)

// scan reads a line from a state on, tells emit what its pieces are, and returns the
// state at its end. emit may be nil.
func scan(l string, at state, emit func(theme.Token, string)) state {
	if emit == nil {
		emit = func(theme.Token, string) {}
	}
	for l != "" {
		var tok theme.Token
		var n int
		switch at {
		case inText:
			tok, n, at = text(l)
		case inTag:
			tok, n, at = tag(l)
		case inValue:
			tok = theme.Value
			n, at = until(l, `"`, inValue, inTag)
		case inValue1:
			tok = theme.Value
			n, at = until(l, `'`, inValue1, inTag)
		case inComment:
			tok = theme.Comment
			n, at = until(l, "-->", inComment, inText)
		case inDecl:
			tok = theme.Comment
			n, at = until(l, "?>", inDecl, inText)
		case inDoctype:
			tok = theme.Comment
			n, at = until(l, ">", inDoctype, inText)
		case inData:
			tok = theme.Text
			n, at = until(l, "]]>", inData, inText)
		}
		emit(tok, l[:n])
		l = l[n:]
	}
	return at
}

// until ends a piece behind its end mark, or goes on to the end of the line.
func until(l, end string, on, after state) (int, state) {
	if i := strings.Index(l, end); i >= 0 {
		return i + len(end), after
	}
	return len(l), on
}

// text is content up to the next mark, or the beginning of one.
func text(l string) (theme.Token, int, state) {
	i := strings.IndexByte(l, '<')
	switch {
	case i < 0:
		return theme.Text, len(l), inText
	case i > 0:
		return theme.Text, i, inText
	}
	for _, m := range []struct {
		begin string
		tok   theme.Token
		state state
	}{{"<!--", theme.Comment, inComment}, {"<![CDATA[", theme.Comment, inData}, {"<?", theme.Comment, inDecl}, {"<!", theme.Comment, inDoctype}} {
		if strings.HasPrefix(l, m.begin) {
			return m.tok, len(m.begin), m.state
		}
	}
	n := 1
	if strings.HasPrefix(l, "</") {
		n = 2
	}
	return theme.Element, n + name(l[n:]), inTag
}

// tag is what stands in a tag: names of attributes, the beginning of values, its end.
func tag(l string) (theme.Token, int, state) {
	switch {
	case l[0] == '>':
		return theme.Element, 1, inText
	case strings.HasPrefix(l, "/>"):
		return theme.Element, 2, inText
	case l[0] == '"':
		return theme.Value, 1, inValue
	case l[0] == '\'':
		return theme.Value, 1, inValue1
	}
	if n := name(l); n > 0 {
		return theme.Attribute, n, inTag
	}
	return theme.Muted, 1, inTag
}

// name is the length of the name that a text begins with.
func name(l string) int {
	if i := strings.IndexAny(l, " \t\r=<>/\"'"); i >= 0 {
		return i
	}
	return len(l)
}
