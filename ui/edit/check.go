package edit

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"hvdeck/backend"
)

// deepest is how far elements may be nested: what libxml2 takes.
const deepest = 256

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
	case backend.KindPool:
		return "pool"
	case backend.KindVolume:
		return "volume"
	case backend.KindNetwork:
		return "network"
	case backend.KindInterface:
		return "interface"
	case backend.KindSecret:
		return "secret"
	case backend.KindSnapshot:
		return "domainsnapshot"
	default:
		return ""
	}
}

// Check says what is wrong with a definition of a kind before a server is asked: a
// *Problem. It refuses what no definition needs and what would harm who reads it:
// document types, and with them entities.
func Check(text string, k backend.Kind) error {
	switch {
	case len(text) > MaxXML:
		return &Problem{Why: "the text is longer than 4 MiB, which is what a server takes"}
	case strings.TrimSpace(text) == "":
		return &Problem{Why: "the text is empty"}
	case strings.IndexByte(text, 0) >= 0:
		return &Problem{Line: 1 + strings.Count(text[:strings.IndexByte(text, 0)], "\n"), Why: "there is a NUL character"}
	}
	c := checker{d: xml.NewDecoder(strings.NewReader(text)), want: Root(k)}
	for {
		token, err := c.d.Token()
		if errors.Is(err, io.EOF) {
			return c.end()
		}
		if err == nil {
			err = c.take(token)
		}
		if err != nil {
			return c.problem(err)
		}
	}
}

type checker struct {
	d     *xml.Decoder
	want  string // name of the outermost element
	depth int
	roots int
}

func (c *checker) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("a document type or entity (<!…>) is not taken: leave it out")
	case xml.StartElement:
		return c.start(t)
	case xml.EndElement:
		c.depth--
	case xml.CharData:
		if c.depth == 0 && strings.TrimSpace(string(t)) != "" {
			return fmt.Errorf("there is text outside of <%s>", c.want)
		}
	}
	return nil
}

func (c *checker) start(t xml.StartElement) error {
	c.depth++
	if c.depth > deepest {
		return fmt.Errorf("elements are nested more than %d deep", deepest)
	}
	seen := map[xml.Name]bool{}
	for _, a := range t.Attr {
		if seen[a.Name] {
			return fmt.Errorf("<%s> has the attribute %s twice", t.Name.Local, a.Name.Local)
		}
		seen[a.Name] = true
	}
	if c.depth > 1 {
		return nil
	}
	c.roots++
	switch {
	case c.roots > 1:
		return fmt.Errorf("a second outermost element, <%s>, begins", t.Name.Local)
	case t.Name.Local != c.want:
		return fmt.Errorf("the outermost element is <%s>; it has to be <%s>", t.Name.Local, c.want)
	}
	return nil
}

func (c *checker) end() error {
	if c.roots == 0 {
		return &Problem{Why: fmt.Sprintf("there is no element; it has to be <%s>", c.want)}
	}
	return nil
}

// problem gives an error its line.
func (c *checker) problem(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return &Problem{Line: syntax.Line, Why: syntax.Msg}
	}
	at, _ := c.d.InputPos()
	return &Problem{Line: at, Why: err.Error()}
}
