// Package definition checks a text in XML that an operator wrote to define an object,
// before a server is asked: with it a slip is told with its line, and nothing goes out
// that asks the server for other files or for endless work. What the text means is left
// to the server's own validation.
//
// It promises that an error says the line and never repeats a value of the text, which
// may be a password.
package definition

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"hvdeck/backend"
)

const (
	// MaxLength is how long a text may be, in bytes. Source: REMOTE_STRING_MAX.
	MaxLength = 4 << 20
	// MaxDepth is how far elements may be nested: where libxml2 gives up. A disk with a
	// long backing chain goes deep.
	MaxDepth = 256
)

// Problem is what is wrong with a text, and in which line; 0 for the text as a whole.
type Problem struct {
	Line int
	Why  string
}

// Error is one line: "line 12: …".
func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.Why
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Why)
}

// Root is the outermost element of the definition of a kind; "" where there is none.
func Root(k backend.Kind) string {
	switch k {
	case backend.KindVM:
		return "domain"
	case backend.KindPool, backend.KindVolume, backend.KindNetwork, backend.KindInterface, backend.KindSecret:
		return k.String()
	case backend.KindSnapshot:
		return "domainsnapshot"
	default:
		return ""
	}
}

// Head is what a definition says of itself.
type Head struct {
	Name, UUID string // "" when they are not given
	// Secrets are the passwords in it; they must not turn up in an error.
	Secrets []string
}

// Read checks the definition of an object of a kind; what is wrong with it is a
// *Problem. It refuses what no definition needs and what would harm who reads it:
// document types, and with them entities.
func Read(text string, k backend.Kind) (Head, error) {
	root := Root(k)
	switch {
	case root == "":
		return Head{}, &Problem{Why: fmt.Sprintf("a %s has no definition", k)}
	case len(text) > MaxLength:
		return Head{}, &Problem{Why: "the text is longer than 4 MiB, which is what a server takes"}
	case strings.TrimSpace(text) == "":
		return Head{}, &Problem{Why: "the text is empty"}
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return Head{}, &Problem{Line: lineAt(text, at), Why: "there is a NUL character"}
	}
	if at := notUTF8(text); at >= 0 {
		return Head{}, &Problem{Line: lineAt(text, at), Why: "the text is not UTF-8"}
	}
	r := reader{d: xml.NewDecoder(strings.NewReader(text)), root: root}
	r.d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "us-ascii") {
			return in, nil
		}
		return nil, errors.New("the text is UTF-8: its declaration must not say otherwise")
	}
	if err := r.readAll(); err != nil {
		return Head{}, r.problem(err)
	}
	return r.head, nil
}

func lineAt(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }

// notUTF8 is where a text stops being UTF-8; -1 where it is.
func notUTF8(text string) int {
	for at, c := range text {
		if c == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[at:]); n == 1 {
				return at
			}
		}
	}
	return -1
}
