package ovf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of a descriptor beside its size: more is refused before it takes memory.
const (
	maxDepth  = 64
	maxNodes  = 250_000 // elements and attributes
	vmwareURI = "http://www.vmware.com/schema/ovf"
)

// node is an element of the descriptor. Elements are found by their local names: real
// descriptors come in three namespaces, without any, and with unbound prefixes.
type node struct {
	name  string
	space string
	attrs []xml.Attr
	text  string // its own, without that of its children
	kids  []*node
	line  int
}

// parseTree reads a document of UTF-8 or of the charset that it declares. A document type
// is refused, so nothing is ever expanded or fetched.
func parseTree(text []byte) (*node, error) {
	if err := tagLengths(text); err != nil {
		return nil, err
	}
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.CharsetReader = charsetReader
	b := builder{}
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, xmlError(err)
		}
		line, _ := dec.InputPos()
		if err := b.add(tok, line); err != nil {
			return nil, err
		}
	}
	if b.root == nil {
		return nil, errors.New("it is empty: there is no element")
	}
	return b.root, nil
}

func xmlError(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("line %d is no valid XML: %s", syntax.Line, syntax.Msg)
	}
	// encoding/xml names what it was doing before what is wrong.
	text := strings.TrimPrefix(err.Error(), "xml: ")
	if _, reason, found := strings.Cut(text, "character set"); found {
		text = "the character set" + reason
	}
	return fmt.Errorf("it is no valid XML: %s", text)
}

// builder makes the tree of tokens.
type builder struct {
	root  *node
	open  []*node
	texts []*strings.Builder // of the open ones
	count int
}

func (b *builder) add(tok xml.Token, line int) error {
	switch t := tok.(type) {
	case xml.StartElement:
		return b.start(t, line)
	case xml.EndElement:
		b.end()
	case xml.CharData:
		if len(b.open) > 0 {
			b.texts[len(b.texts)-1].Write(t)
		}
	case xml.Directive:
		return fmt.Errorf("line %d declares a document type, which a descriptor may not have", line)
	}
	return nil
}

func (b *builder) start(t xml.StartElement, line int) error {
	b.count += 1 + len(t.Attr)
	if b.count > maxNodes {
		return fmt.Errorf("it has more than %d elements and attributes", maxNodes)
	}
	if len(b.open) >= maxDepth {
		return fmt.Errorf("line %d: elements are nested more than %d deep", line, maxDepth)
	}
	n := &node{name: modernName(t), space: t.Name.Space, attrs: t.Attr, line: line}
	switch {
	case len(b.open) > 0:
		up := b.open[len(b.open)-1]
		up.kids = append(up.kids, n)
	case b.root != nil:
		return fmt.Errorf("line %d: there is a second root element %s", line, t.Name.Local)
	default:
		b.root = n
	}
	b.open = append(b.open, n)
	b.texts = append(b.texts, &strings.Builder{})
	return nil
}

func (b *builder) end() {
	last := len(b.open) - 1
	b.open[last].text = strings.TrimSpace(b.texts[last].String())
	b.open, b.texts = b.open[:last], b.texts[:last]
}

// modernName is the element's name of version 1. Version 0.9 had Content and Section
// elements and told them apart by xsi:type, as in "ovf:DiskSection_Type".
func modernName(t xml.StartElement) string {
	if t.Name.Local != "Content" && t.Name.Local != "Section" {
		return t.Name.Local
	}
	for _, a := range t.Attr {
		if a.Name.Local != "type" {
			continue
		}
		_, name, found := strings.Cut(a.Value, ":")
		if !found {
			name = a.Value
		}
		return strings.TrimSuffix(name, "_Type")
	}
	return t.Name.Local
}

// attr is an attribute of OVF's own, trimmed; "" when there is none.
func (n *node) attr(name string) string {
	v, _ := n.lookup(name)
	return v
}

func (n *node) lookup(name string) (string, bool) {
	for _, a := range n.attrs {
		if a.Name.Local == name && !vmware(a.Name.Space) && a.Name.Space != "xmlns" {
			return strings.TrimSpace(a.Value), true
		}
	}
	return "", false
}

// vmw is an attribute of VMware's extension.
func (n *node) vmw(name string) string {
	for _, a := range n.attrs {
		if a.Name.Local == name && vmware(a.Name.Space) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// vmware is true also for the usual prefix where nothing is bound to it.
func vmware(space string) bool { return space == vmwareURI || space == "vmw" }

// child is the first child of a name; an empty node when there is none, so that what is
// left out reads as empty.
func (n *node) child(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return &node{line: n.line}
}

func (n *node) children(name string) []*node {
	var out []*node
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}
