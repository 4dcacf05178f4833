package definition

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"hvdeck/backend/redact"
)

// reader walks over all of a document and notes its head.
type reader struct {
	d     *xml.Decoder
	root  string // what the outermost element has to be
	head  Head
	open  []string // names of the elements that are open
	roots int
}

func (r *reader) readAll() error {
	for {
		token, err := r.d.Token()
		if errors.Is(err, io.EOF) {
			if r.roots == 0 {
				return &Problem{Why: fmt.Sprintf("there is no element; it has to be <%s>", r.root)}
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.take(token); err != nil {
			return err
		}
	}
}

func (r *reader) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("a document type or entity (<!…>) is not taken: leave it out")
	case xml.StartElement:
		return r.begin(t)
	case xml.EndElement:
		r.open = r.open[:len(r.open)-1]
	case xml.CharData:
		return r.chars(string(t))
	}
	return nil
}

func (r *reader) begin(t xml.StartElement) error {
	r.open = append(r.open, t.Name.Local)
	if len(r.open) > MaxDepth {
		return fmt.Errorf("elements are nested more than %d deep", MaxDepth)
	}
	if err := r.attributes(t); err != nil {
		return err
	}
	if len(r.open) > 1 {
		return nil
	}
	r.roots++
	switch {
	case r.roots > 1:
		return fmt.Errorf("a second outermost element, <%s>, begins", clip(t.Name.Local))
	case t.Name.Local != r.root:
		return fmt.Errorf("the outermost element is <%s>; it has to be <%s>", clip(t.Name.Local), r.root)
	}
	return nil
}

func (r *reader) attributes(t xml.StartElement) error {
	seen := make(map[xml.Name]bool, len(t.Attr))
	for _, a := range t.Attr {
		if seen[a.Name] {
			return fmt.Errorf("<%s> has the attribute %s twice", clip(t.Name.Local), clip(a.Name.Local))
		}
		seen[a.Name] = true
		if len(r.open) == 1 && a.Name.Local == "name" {
			r.head.Name = a.Value // of a host interface
		}
		if redact.Attribute(a.Name.Local) && a.Value != "" {
			r.head.Secrets = append(r.head.Secrets, a.Value)
		}
	}
	return nil
}

func (r *reader) chars(text string) error {
	blank := strings.TrimSpace(text) == ""
	if len(r.open) == 0 {
		if !blank {
			return fmt.Errorf("there is text outside of <%s>", r.root)
		}
		return nil
	}
	name := r.open[len(r.open)-1]
	switch {
	case len(r.open) == 2 && name == "name":
		r.head.Name += text
	case len(r.open) == 2 && name == "uuid":
		r.head.UUID += text
	case redact.Element(name) && !blank:
		r.head.Secrets = append(r.head.Secrets, strings.TrimSpace(text))
	}
	return nil
}

// problem gives an error its line, without the text around it.
func (r *reader) problem(err error) error {
	var whole *Problem
	if errors.As(err, &whole) {
		return whole
	}
	line, _ := r.d.InputPos()
	var syntax *xml.SyntaxError
	switch {
	case !errors.As(err, &syntax):
		return &Problem{Line: line, Why: strings.TrimPrefix(err.Error(), "xml: ")}
	case strings.HasPrefix(syntax.Msg, "invalid character entity"):
		return &Problem{Line: syntax.Line, Why: "an unknown entity, or a & that should be written as &amp;"}
	default:
		return &Problem{Line: syntax.Line, Why: syntax.Msg}
	}
}

// clip bounds a word that goes into an error.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
